"""Who a followed face is: asked of several frames, so that one lookalike moment decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepmask import engines
from deepmask.faces import Face
from deepmask.media.clip import Clip
from deepmask.plan import Match
from deepmask.progress import Progress, silent
from deepmask.roster import Roster
from deepmask.track import Identity
from pipelines.photo.measuring import MEASURABLE_PX, measured
from pipelines.video.tracking import Path

SAMPLES = 6
"""Most frames in which somebody is asked who they are."""
APART_S = 1.0
"""Samples are this far apart where the track is long enough."""
MOST_TURNED_DEGREES = 60.0
"""Faces turned farther say little."""
AGREEING = 0.5
"""Share of the samples that must be one enrolled person."""


@dataclass(frozen=True)
class Known:
    """Who a path is."""

    identity: Identity = "unmeasured"
    match: Match | None = None


def best_frames(path: Path, fps: float, most: int = SAMPLES) -> tuple[int, ...]:
    """Frames in which the face was seen best, best first, apart from each other as far as the track allows."""
    apart = min(APART_S * fps, (path.last - path.first) / most)
    chosen: list[int] = []
    for frame in sorted(path.seen, key=lambda f: -_quality(path.seen[f].face)):
        if all(abs(frame - other) >= apart for other in chosen):
            chosen.append(frame)
        if len(chosen) == most:
            break
    return tuple(chosen)


def _quality(face: Face) -> float:
    return face.score * min(face.size_px, 160.0)


def identify(
    clip: Clip, paths: Sequence[Path], roster: Roster, recognizer: str, progress: Progress = silent
) -> list[Known]:
    """For each path who it is; a person is at one place at a time, so of two paths the nearer one keeps the name."""
    wanted: dict[int, list[int]] = {}
    for number, path in enumerate(paths):
        for frame in best_frames(path, clip.fps):
            wanted.setdefault(frame, []).append(number)
    samples: list[list[Match | None]] = [[] for _ in paths]
    for n, (frame, numbers) in enumerate(sorted(wanted.items())):
        progress(n / len(wanted), "Finding out who is who")
        for picture in clip.pictures(frame, frame + 1):
            for number in numbers:
                _ask(samples[number], picture.rgb, paths[number].seen[frame].face, roster, recognizer)
    return _one_place_at_a_time(paths, [_verdict(asked, roster) for asked in samples])


def _ask(samples: list[Match | None], rgb: np.ndarray, face: Face, roster: Roster, recognizer: str) -> None:
    if face.size_px < MEASURABLE_PX:
        return
    face = measured(rgb, face)
    if face.yaw_degrees is not None and face.yaw_degrees > MOST_TURNED_DEGREES:
        return
    with engines.exclusive:
        engine = engines.load("face_recognizer", recognizer)
        samples.append(roster.match(engine.embed(rgb, face), engine))


def _verdict(samples: Sequence[Match | None], roster: Roster) -> Known:
    matches = [match for match in samples if match is not None]
    if not samples:
        return Known()
    if not matches:
        return Known("unknown")
    people = Counter(match.person for match in matches)
    person, count = people.most_common(1)[0]
    own = [match for match in matches if match.person == person]
    match = Match(person, round(float(np.mean([m.distance for m in own])), 3), min(m.margin for m in own))
    needed = len(samples) if roster.person(person).persona is None else AGREEING * len(samples)
    sure = len(people) == 1 and count >= max(needed, min(2, len(samples)))
    return Known("confirmed" if sure else "conflict", match)


def _one_place_at_a_time(paths: Sequence[Path], known: list[Known]) -> list[Known]:
    for one, path in enumerate(paths):
        for other in range(one):
            mine, theirs = known[one].match, known[other].match
            rivals = known[one].identity == known[other].identity == "confirmed"
            if not rivals or mine is None or theirs is None or mine.person != theirs.person:
                continue
            if _together(path, paths[other]):
                farther = one if mine.distance >= theirs.distance else other
                known[farther] = Known("conflict", known[farther].match)
    return known


def _together(one: Path, other: Path) -> bool:
    """Whether finders saw both at the same time."""
    return max(min(one.seen), min(other.seen)) <= min(max(one.seen), max(other.seen))
