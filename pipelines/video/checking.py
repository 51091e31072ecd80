"""Look at a masked video as an attacker would: find faces again, and compare each with the original."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from deepmask import engines
from deepmask.errors import InputError
from deepmask.faces import Box, Face, RGBImage, iou
from deepmask.media.clip import Clip
from deepmask.progress import Progress, part, silent
from deepmask.report import Verdict
from deepmask.track import Track
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoFinding, VideoReport
from pipelines.photo.checking import SAME_FACE_IOU, judged, strangers, unchanged
from pipelines.photo.choosing import judges, licence_note, restricted
from pipelines.photo.measuring import Original, rounded
from pipelines.video.checking_bodies import PeopleCheck
from pipelines.video.model import Spoken, TrackOutcome, validate
from pipelines.video.people import people_in
from pipelines.video.preparing import as_drawn
from pipelines.video.voicing import listen_again

LOOKS_PER_SECOND = 5.0
"""How often faces are looked for in the output."""
IDENTITIES_PER_SECOND = 1.0
"""How often each track is compared with the original."""
_GRAVITY: tuple[Verdict, ...] = ("leak", "weak", "hidden")


@dataclass
class _Watched:
    """What was found of one track."""

    verdict: Verdict = "hidden"
    distance: float | None = None
    leaking: list[tuple[int, int]] = field(default_factory=list)
    last_asked: int | None = None

    def learn(self, frame: int, verdict: Verdict, distance: float | None, stride: int) -> None:
        """One more frame."""
        if _GRAVITY.index(verdict) < _GRAVITY.index(self.verdict):
            self.verdict = verdict
        if distance is not None:
            self.distance = distance if self.distance is None else min(self.distance, distance)
        if verdict == "leak":
            if self.leaking and frame - self.leaking[-1][1] <= 2 * stride:
                self.leaking[-1] = self.leaking[-1][0], frame
            else:
                self.leaking.append((frame, frame))


@dataclass
class _Stranger:
    """A face that the plan does not speak of, through the frames in which it is seen."""

    box: Box
    first: int
    last: int
    last_box: Box


def check(
    source: Clip,
    masked: Clip,
    plan: VideoPlan,
    outcomes: tuple[TrackOutcome, ...] = (),
    *,
    vault: Vault | None = None,
    spoken: Spoken = Spoken(),  # noqa: B008
    bodies: tuple[TrackOutcome, ...] = (),
    looks_per_second: float = LOOKS_PER_SECOND,
    progress: Progress = silent,
) -> VideoReport:
    """Look at frames of the output, find faces again, and compare each with the original; then listen to its voices.

    Args:
        vault: where the personas are whose voices the plan names; the user's where it is not given.
        spoken: how voices were masked, as far as it is known.
        bodies: how people were covered from head to foot, as far as it is known.

    Raises:
        InputError: ``masked`` is not a version of ``source``.
        PlanError: the plan was made for another video.
    """
    validate(source, plan)
    if len(masked.timeline) != len(source.timeline) or not _same_size(source, masked):
        raise InputError(
            f"{masked.name} is not a masked version of {source.name}: their sizes or numbers of frames differ."
        )
    plan = as_drawn(plan)
    people = PeopleCheck(source, plan, people_in(source, plan, progress=part(progress, 0.0, 0.1)))
    stride = max(1, round(source.fps / looks_per_second))
    asking = max(1, round(source.fps / IDENTITIES_PER_SECOND))
    watched = {track.id: _Watched() for track in plan.tracks if track.decision.action != "keep"}
    unknown: list[_Stranger] = []
    looked_at = 0
    looking = part(progress, 0.1 if plan.covers_bodies else 0.0, 1.0 if plan.voice is None else 0.8)
    for before, after, index in _pairs(source, masked, plan, stride, people.frames):
        looked_at += 1
        looking(index / plan.frames, "Checking the result")
        with engines.exclusive:
            seen = engines.load("face_finder", "frames").find(after)
            _look_at_tracks(plan.at(index), watched, index, before, after, seen, stride, asking)
            known = [box for track in plan.at(index) if (box := track.box_at(index)) is not None]
            for face in strangers(before, after, known, seen):
                _remember(unknown, index, rounded(face.box_xyxy), source.fps)
            if index in people.frames:
                people.look(index, before, after)
    listening = part(progress, 0.8, 1.0)
    voice = listen_again(source, masked, plan.voice, vault or Vault(), spoken, listening) if plan.voice else None
    progress(1.0, "Checked")
    drawn = {outcome.track: outcome for outcome in outcomes}
    findings = [_finding(track, watched.get(track.id), drawn.get(track.id)) for track in plan.tracks]
    findings += [_missed(n, one) for n, one in enumerate(unknown)]
    notes = (*source.notes, *_licences(plan, outcomes))
    seen_whole = people.findings(bodies)
    return VideoReport(source.name, plan.frames, looked_at, tuple(findings), judges(), notes, voice, seen_whole)


def _same_size(source: Clip, masked: Clip) -> bool:
    """Encoders need even sizes: one row or column may have been added."""
    return all(0 <= b - a <= 1 for a, b in zip(source.size_wh, masked.size_wh, strict=True))


def _pairs(
    source: Clip, masked: Clip, plan: VideoPlan, stride: int, more: Collection[int]
) -> Iterator[tuple[RGBImage, RGBImage, int]]:
    """Frames of the original and of the output to be compared: every few, those in which tracks are seen best, and
    ``more``."""
    chosen = {frame for track in plan.tracks for frame in (track.first, track.last, *track.shown)}.union(more)
    w, h = source.size_wh
    for before, after in zip(source.pictures(), masked.pictures(), strict=False):
        if before.index % stride == 0 or before.index in chosen:
            yield before.rgb, after.rgb[:h, :w], before.index


def _look_at_tracks(
    tracks: Sequence[Track],
    watched: dict[str, _Watched],
    index: int,
    before: RGBImage,
    after: RGBImage,
    seen: Sequence[Face],
    stride: int,
    asking: int,
) -> None:
    original = Original(before)
    shown: list[Face] | None = None
    for track in tracks:
        box = track.box_at(index)
        if box is None or track.id not in watched:
            continue
        known = watched[track.id]
        due = known.last_asked is None or index - known.last_asked >= asking or index in track.shown
        if not due and not unchanged(before, after, box):
            continue
        if shown is None:
            shown = engines.load("face_finder", "frames").find(before)
        if not any(iou(box, face.box_xyxy) > SAME_FACE_IOU for face in shown):
            continue  # a track goes on a little where nobody is: there is nobody to be compared with
        known.last_asked = index
        opinion = judged(original, after, rounded(box), judges(), seen)
        known.learn(index, opinion.verdict, opinion.distance, stride)


def _remember(unknown: list[_Stranger], index: int, box: Box, fps: float) -> None:
    for one in unknown:
        if index - one.last <= fps and iou(one.last_box, box) > 0.3:
            one.last, one.last_box = index, box
            return
    unknown.append(_Stranger(box, index, index, box))


def _finding(track: Track, known: _Watched | None, outcome: TrackOutcome | None) -> VideoFinding:
    frames = track.last - track.first + 1
    wanted = track.body or track.decision.persona or track.decision.action
    engines_used, note = (outcome.engines, outcome.note) if outcome else ({}, "")
    if known is None:
        return VideoFinding(track.id, wanted, "kept", frames, engines_used)
    distance = None if known.distance is None else round(known.distance, 3)
    return VideoFinding(track.id, wanted, known.verdict, frames, engines_used, distance, tuple(known.leaking), note)


def _missed(n: int, one: _Stranger) -> VideoFinding:
    note = f"a face in frames {one.first} to {one.last} is not in the plan; add a box over it"
    span = ((one.first, one.last),)
    return VideoFinding(f"extra-{n + 1}", "nothing", "leak", one.last - one.first + 1, {}, None, span, note, one.box)


def _licences(plan: VideoPlan, outcomes: Sequence[TrackOutcome]) -> tuple[str, ...]:
    made = restricted("face_swapper", (engine for outcome in outcomes for engine in outcome.engines))
    finders = restricted("face_finder", (plan.engines.get("face_finder", ""),))
    recognizers = restricted("face_recognizer", (*judges(), plan.engines.get("face_recognizer", "")))
    return (*licence_note("made", made), *licence_note("examined", [*finders, *recognizers]))
