"""One video: look at frames spread over it, draw the curve of scores, judge the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepmask import engines
from deepmask.detect_report import ClipDetectReport, FrameScore
from deepmask.engines.protocols import FakeFinder
from deepmask.errors import MediaError
from deepmask.media import Clip
from deepmask.media.clip import Picture
from deepmask.progress import Progress, part, silent
from pipelines.verify.detecting.judging import judge, verdict_of
from pipelines.verify.detecting.model import LEAST_FACE_PX, ClipDetection, DetectOptions, Evidence, Look, TopFrame
from pipelines.verify.detecting.photos import FEW_PHOTOS, NOT_ABOUT_GENERATED

if TYPE_CHECKING:
    from pipelines.verify.detecting.marks import ClipMarks
    from pipelines.verify.reading_clips import ClipReading

SMOOTHED = 5
"""Neighbouring frames whose median counts: one frame alone is chance."""
LASTING = 0.1
"""Share of the frames in which a fake must be seen: a part of a video may be faked."""

_SHOWN = 4
_DENSE = 24
"""Up to this many frames between two that are looked at, decoding on is quicker than seeking."""


def detect_clip(
    source: Clip,
    *,
    marks: ClipMarks | None = None,
    options: DetectOptions | None = None,
    progress: Progress = silent,
) -> ClipDetection:
    """Whether faces of a video are faked, and when.

    Args:
        marks: those that were found already; None: they are looked for.

    Raises:
        EngineMissing: an engine that was asked for by name cannot be used.
        MediaError: no picture of it can be decoded.
    """
    options = options or DetectOptions()
    row = engines.choose("fake_finder", options.engine)
    finder = engines.load("fake_finder", row.name)
    if not options.marks:
        marks = None
    elif marks is None:
        from pipelines.verify.detecting.marks import find_clip_marks

        marks = find_clip_marks(source, progress=part(progress, 0.0, 0.15))
    frames, gaps, top = _watched(source, marks and marks.tag, options, part(progress, 0.15, 1.0))
    evidence = _evidence(marks, gaps)
    if not frames:
        raise MediaError(f"No picture of {source.name} can be decoded; open it in a player and save it again.")
    score = clip_score([frame.score for frame in frames])
    says = verdict_of(score, finder.fake_above, finder.real_below)
    evidence.append(Evidence("detector", says, _words(frames, score, finder)))
    verdict, reasons = judge(evidence)
    notes = (*source.notes, *(note for one in evidence for note in one.notes), NOT_ABOUT_GENERATED, FEW_PHOTOS)
    report = ClipDetectReport(
        source.name, verdict, reasons, row.name, finder.fake_above, finder.real_below, score, tuple(frames),
        tuple(frame.index for frame in top), notes,
    )  # fmt: skip
    return ClipDetection(report, source.seconds, tuple(top), tuple(e for one in evidence for e in one.exhibits))


def clip_score(scores: Sequence[float | None]) -> float | None:
    """Of a video: what the most suspicious tenth of its frames reaches, each smoothed over its neighbours."""
    known = np.array([score for score in scores if score is not None])
    if not known.size:
        return None
    reach = SMOOTHED // 2
    smooth = [np.median(known[max(0, n - reach) : n + reach + 1]) for n in range(known.size)]
    return round(float(np.quantile(smooth, 1 - LASTING)), 3)


def _evidence(marks: ClipMarks | None, gaps: Sequence[float]) -> list[Evidence]:
    """What the marks say, if there are any."""
    if marks is None:
        return []
    from pipelines.verify.detecting.marks import of_clip_tag, of_credentials

    tag = marks.tag and of_clip_tag(marks.tag.report, gaps, [frame.intact_share for frame in marks.tag.frames])
    return [one for one in (of_credentials(marks.credentials), tag) if one is not None]


def _watched(
    clip: Clip, tag: ClipReading | None, options: DetectOptions, progress: Progress
) -> tuple[list[FrameScore], list[float], list[TopFrame]]:
    """Scores of the frames that were looked at, how much of a tag is missing on faces, and the worst of the frames."""
    from pipelines.verify.detecting.looking import look

    total = max(1, len(clip.timeline))
    count = min(total, options.most_frames)
    wanted = sorted({int(n) for n in np.linspace(0, total - 1, count).round()})
    frames: list[FrameScore] = []
    gaps: list[float] = []
    top: list[TopFrame] = []
    for n, picture in enumerate(_chosen(clip, wanted)):
        progress(min(1.0, n / len(wanted)), f"Looking at frame {n + 1} of {len(wanted)}")
        seen = look(picture.rgb, options)
        frames.append(FrameScore(picture.index, round(float(picture.time), 3), seen.score))
        if (gap := _gap(picture, seen, tag)) is not None:
            gaps.append(gap)
        top = _best(top, picture, seen, apart=total / (4 * _SHOWN))
    return frames, gaps, top


def _gap(picture: Picture, seen: Look, tag: ClipReading | None) -> float | None:
    """How much of a tag is missing on the worst face of a frame; None without tag or face."""
    intact = None if tag is None else tag.intact(picture.rgb)
    boxes = [face.box_xyxy for face in seen.faces if face.score is not None]
    if intact is None or not boxes:
        return None
    from pipelines.verify.detecting.marks import missing_share

    return max(missing_share(intact, box) for box in boxes)


def _chosen(clip: Clip, wanted: Sequence[int]) -> Iterator[Picture]:
    """The pictures with these indices, as far as they can be decoded."""
    if wanted[-1] - wanted[0] <= _DENSE * len(wanted):
        due = set(wanted)
        yield from (one for one in clip.pictures(wanted[0], wanted[-1] + 1) if one.index in due)
        return
    for index in wanted:
        yield from clip.pictures(index, index + 1)


def _best(top: list[TopFrame], picture: Picture, seen: Look, apart: float) -> list[TopFrame]:
    """``top`` with this frame, if it is one of the most suspicious; only a few are ever held."""
    if seen.score is None:
        return top
    near = [one for one in top if abs(one.index - picture.index) < apart]
    if any(one.score >= seen.score for one in near) or (
        len(top) == _SHOWN and top[-1].score >= seen.score and not near
    ):
        return top
    frame = TopFrame(picture.index, round(float(picture.time), 3), seen.score, picture.rgb, seen.heat)
    kept = [one for one in top if all(one is not other for other in near)]
    return sorted([*kept, frame], key=lambda one: -one.score)[:_SHOWN]


def _words(frames: Sequence[FrameScore], score: float | None, finder: FakeFinder) -> str:
    scored = [frame.score for frame in frames if frame.score is not None]
    if score is None:
        return f"No face of {LEAST_FACE_PX} px or more was found in {len(frames)} frames, and only faces are judged."
    above = sum(one >= finder.fake_above for one in scored)
    return (
        f"In {above} of {len(scored)} frames a face has the seams of a replaced one; "
        f"score {score:.2f} (fake from {finder.fake_above:.2f} on, likely real below {finder.real_below:.2f})."
    )
