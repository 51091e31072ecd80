"""Find and follow the faces of a video, and decide what happens to each; nothing is changed."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from deepmask import engines
from deepmask.errors import PlanError
from deepmask.faces import Box, clip_box
from deepmask.media.clip import Clip
from deepmask.plan import Decision
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from deepmask.track import BodyCover, Doubt, Key, Span, Track, simplified
from deepmask.video_plan import VideoPlan
from pipelines.photo.analysis import decision_for, matcher
from pipelines.photo.choosing import asked_for
from pipelines.video.identifying import Known, best_frames, identify
from pipelines.video.keeping import Work
from pipelines.video.model import VideoOptions
from pipelines.video.sharing import LookJob, Workers, alone, stretches
from pipelines.video.tracking import Path, carry, link, shots_of
from pipelines.video.voicing import listen, redecided

UNCERTAIN_SCORE = 0.4
"""Below this a finder is not sure."""
SHORT_LOOKS = 3
"""A track that was seen less often may be a false alarm."""
KEY_TOLERANCE = 0.01
"""How far a box may be off between two keys, in parts of its longer side."""
_EDGE = 0.01
"""A box that comes this near to the frame's edge, in parts of the longer side, is cut by it."""


def analyze(
    source: Clip,
    roster: Roster,
    options: VideoOptions | None = None,
    *,
    workers: Workers = alone,
    progress: Progress = silent,
) -> VideoPlan:
    """Follow every face through the video and decide what happens to it.

    Raises:
        EngineMissing: an engine that was asked for by name, or by which people are known, cannot be used yet.
        InputError: people are known by another recogniser than the one that was asked for.
        MediaError: the file cannot be decoded.
    """
    options = options or VideoOptions()
    used = asked_for(options.faces)
    matching = bool(roster.people) and options.faces.persona is None
    if matching:
        used["face_recognizer"] = matcher(roster, options.faces.recognizer)
    used["face_finder"] = engines.choose("face_finder", options.faces.finder).name
    used |= segmenter_for(options)
    frames = len(source.timeline)
    stride = max(1, round(source.fps / options.looks_per_second))
    work = Work(source)
    work.used()
    finder = used["face_finder"]
    jobs = [
        LookJob(source, start, stop, finder, stride, work.glimpse_path(start, stop, finder, stride))
        for start, stop in stretches(frames, source.fps)
    ]
    glimpses = list(workers.glimpses(jobs, progress=part(progress, 0.0, 0.75)))
    paths = carry(source, link(glimpses, frames, source.size_wh), part(progress, 0.75, 0.9))
    paths.sort(key=lambda path: (path.first, path.boxes[path.first]))
    known = [Known()] * len(paths)
    if matching:
        known = identify(source, paths, roster, used["face_recognizer"], part(progress, 0.9, 0.95))
    tracks = tuple(
        _track(f"face-{n + 1}", path, who, roster, source, stride, finder, options)
        for n, (path, who) in enumerate(zip(paths, known, strict=True))
    )
    voice = listen(source, options.voice, part(progress, 0.95, 1.0))
    progress(1.0, f"Found {len(tracks)} tracks of faces" if len(tracks) != 1 else "Found 1 track of a face")
    shots = tuple(first for first, _ in shots_of(glimpses, frames))
    return VideoPlan(
        source.name,
        source.fingerprint,
        source.size_wh,
        frames,
        round(float(source.timeline.end * source.time_base), 3),
        shots,
        tracks,
        used,
        options.faces.look,
        voice,
        options.bodies,
    )


def decide(
    plan: VideoPlan,
    roster: Roster,
    options: VideoOptions | None = None,
    *,
    keep: Collection[str] = frozenset(),
    keep_bodies: Collection[str] | None = None,
) -> VideoPlan:
    """The plan decided anew by ``options``, without analysing again.

    Args:
        keep: tracks whose decision stays as it is.
        keep_bodies: tracks whose whole person is covered or not as it is; None: those of ``keep``.

    Raises:
        EngineMissing: the swapper that was asked for by name cannot be used yet.
        InputError: voices are to be masked, and nobody listened to them so far.
    """
    options = options or VideoOptions()
    known = {person.id for person in roster.people}
    tracks = []
    for track in plan.tracks:
        match = track.match if track.match is not None and track.match.person in known else None
        sure = match if track.identity == "confirmed" else None
        if track.id not in keep:
            track = track.decided(decision_for(sure, roster, options.faces))
        if track.id not in (keep if keep_bodies is None else keep_bodies):
            track = track.with_body(None if sure else options.bodies)
        tracks.append(track)
    used = {kind: name for kind, name in plan.engines.items() if kind not in ("face_swapper", "person_segmenter")}
    voice = redecided(plan.voice, options.voice)
    used |= asked_for(options.faces) | segmenter_for(options)
    return replace(
        plan, tracks=tuple(tracks), engines=used, look=options.faces.look, voice=voice, bodies=options.bodies
    )


def add_track(plan: VideoPlan, first: int, last: int, box: Box, decision: Decision) -> VideoPlan:
    """The plan with a face that somebody pointed out, at one place from frame ``first`` to ``last``.

    Raises:
        PlanError: the box does not touch the picture, or the frames are not in the video.
    """
    _check(plan, box, first, last)
    keys = (Key(first, box),) if first == last else (Key(first, box), Key(last, box))
    return plan.with_track(Track(plan.new_id(), keys, decision, body=plan.bodies))


def move_box(plan: VideoPlan, id: str, frame: int, box: Box) -> VideoPlan:
    """The plan with the face ``id`` at another place in one frame; its decision stays.

    Raises:
        PlanError: there is no such track, the box does not touch the picture, or the frame is not in the video.
    """
    _check(plan, box, frame, frame)
    return plan.with_track(plan.track(id).moved(frame, box))


def reach(plan: VideoPlan, id: str, first: int, last: int) -> VideoPlan:
    """The plan with the track ``id`` seen from frame ``first`` to ``last``.

    Raises:
        PlanError: there is no such track, or the frames are not in the video.
    """
    track = plan.track(id)
    _check(plan, track.keys[0].box_xyxy, first, last)
    return plan.with_track(track.reaching(first, last))


def cover_body(plan: VideoPlan, id: str, cover: BodyCover | None) -> VideoPlan:
    """The plan with the whole person of the face ``id`` covered like this, or not.

    Raises:
        PlanError: there is no such track.
        EngineMissing: nothing that finds people is installed.
    """
    return _finding_people(plan.with_track(plan.track(id).with_body(cover)))


def cover_others(plan: VideoPlan, cover: BodyCover | None) -> VideoPlan:
    """The plan with people covered like this whose face is on no track; with None nobody looks for them.

    Raises:
        EngineMissing: nothing that finds people is installed.
    """
    return _finding_people(replace(plan, bodies=cover))


def _finding_people(plan: VideoPlan) -> VideoPlan:
    """The plan with the engine that finds people, if they are to be found."""
    if not plan.covers_bodies:
        return plan
    return replace(plan, engines={"person_segmenter": engines.choose("person_segmenter").name} | plan.engines)


def _check(plan: VideoPlan, box: Box, first: int, last: int) -> None:
    x1, y1, x2, y2 = clip_box(box, plan.size_wh)
    if x2 - x1 < 2 or y2 - y1 < 2:
        raise PlanError("The box lies outside the picture; draw it over a face.")
    if not 0 <= first <= last < plan.frames:
        raise PlanError(f"Frames {first} to {last} are not in the video, which has frames 0 to {plan.frames - 1}.")


def _track(
    id: str,
    path: Path,
    who: Known,
    roster: Roster,
    source: Clip,
    stride: int,
    finder: str,
    options: VideoOptions,
) -> Track:
    match = who.match if who.identity == "confirmed" else None
    return Track(
        id,
        simplified(path.first, path.dense(), KEY_TOLERANCE),
        decision_for(match, roster, options.faces),
        round(float(np.mean([sight.face.score for sight in path.seen.values()])), 3),
        finder,
        who.identity,
        who.match,
        _doubts(path, who, source.size_wh, stride),
        best_frames(path, source.fps),
        None if match is not None else options.bodies,
    )


def segmenter_for(options: VideoOptions) -> dict[str, str]:
    """The entry of a plan's engines for who finds people, where bodies are to be covered."""
    return {} if options.bodies is None else {"person_segmenter": engines.choose("person_segmenter").name}


def _doubts(path: Path, who: Known, size_wh: tuple[int, int], stride: int) -> tuple[Span, ...]:
    """Where somebody should look, in the order of the frames."""
    spans: list[Span] = []
    if who.identity == "conflict":
        spans.append(Span(path.first, path.last, "conflict"))
    if len(path.seen) < SHORT_LOOKS:
        spans.append(Span(path.first, path.last, "short"))
    looks = sorted(path.seen)
    unsure = [frame for frame in looks if path.seen[frame].face.score < UNCERTAIN_SCORE]
    spans += _runs(unsure, 2 * stride, "uncertain")
    spans += _runs([f for f in looks if _cut(path.seen[f].face.box_xyxy, size_wh)], 2 * stride, "edge")
    for before, after in itertools.pairwise(looks):
        if after - before > 2 * stride:
            spans.append(Span(before + 1, after - 1, "lost"))
    return tuple(sorted(spans, key=lambda span: (span.first, span.last)))


def _runs(frames: Sequence[int], gap: int, doubt: Doubt) -> list[Span]:
    spans: list[Span] = []
    for frame in frames:
        if spans and frame - spans[-1].last <= gap:
            spans[-1] = replace(spans[-1], last=frame)
        else:
            spans.append(Span(frame, frame, doubt))
    return spans


def _cut(box: Box, size_wh: tuple[int, int]) -> bool:
    (x1, y1, x2, y2), (w, h) = box, size_wh
    near = _EDGE * max(size_wh)
    return x1 < near or y1 < near or x2 > w - near or y2 > h - near
