"""Carry out a plan: every stretch drawn, then one file of all, with the sound it had or a masked one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deepmask.files import move
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.provenance import PixelTag
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines.video.drawing import BODY_OF, Drawn
from pipelines.video.keeping import Work
from pipelines.video.model import MaskedClip, TrackOutcome, validate
from pipelines.video.people import people_in
from pipelines.video.preparing import Mask, prepare
from pipelines.video.sharing import DrawJob, Workers, alone, stretches
from pipelines.video.voicing import speak


def render(
    source: Clip,
    plan: VideoPlan,
    vault: Vault,
    out: Path,
    *,
    encoding: Encoding | None = None,
    tag: PixelTag | None = None,
    workers: Workers = alone,
    progress: Progress = silent,
) -> MaskedClip:
    """Write the masked video to ``out``; stretches that were drawn before for the same plan are not drawn again.

    Args:
        encoding: codec and quality; by default what plays everywhere in a file of this suffix.
        tag: laid into every frame; None: frames without a mask are as they were.

    Raises:
        PlanError: the plan belongs to another video.
        UnknownName: it names a persona that is not in the vault, or a swapper that does not exist.
        EngineMissing: the swapper it names, or what masks its voices, cannot be used.
        MediaError: the video cannot be decoded, or ``out`` cannot be written as asked.
    """
    from deepmask.media.clip_joining import join

    validate(source, plan)
    encoding = encoding or Encoding(out.suffix)
    work = Work(source)
    work.used()
    masks = prepare(source, plan, vault, progress=part(progress, 0.0, 0.1))
    looked = 0.45 if plan.covers_bodies else 0.1
    people = people_in(source, plan, workers=workers, progress=part(progress, 0.1, looked))
    jobs = []
    for start, stop in stretches(plan.frames, source.fps):
        path = work.segment_path(masks, people, plan.look, start, stop, encoding, tag)
        here = tuple(mask for mask in masks if mask.track.first < stop and mask.track.last >= start)
        seen = tuple(some for figure in people if (some := figure.within(start, stop)) is not None)
        jobs.append(DrawJob(source, here, plan.look, start, stop, encoding, path, seen, tag))
    drawn = list(workers.drawings(jobs, progress=part(progress, looked, 0.8)))
    spoken = speak(work, source, plan.voice, vault, part(progress, 0.8, 0.95))
    whole = work.passing_path(out.suffix)
    ready = part(progress, 0.95, 1.0)
    notes = join([job.path for job in jobs], source, whole, sound=spoken.path, progress=ready)
    move(whole, out)
    progress(1.0, "Masked")
    bodies = _bodies(drawn)
    seen = {body.track: body.engines for body in bodies}
    outcomes = [_outcome(mask, drawn) for mask in masks]
    faces = tuple(replace(face, engines=seen[face.track], note="") if face.track in seen else face for face in outcomes)
    return MaskedClip(Clip.open(out), faces, (*source.notes, *notes), spoken, bodies)


def _outcome(mask: Mask, drawn: Sequence[Drawn]) -> TrackOutcome:
    if not mask.rungs:
        return TrackOutcome(mask.track.id, {"none": mask.track.last - mask.track.first + 1})
    return _summed(mask.track.id, drawn, [mask.note] if mask.note else [])


def _bodies(drawn: Sequence[Drawn]) -> tuple[TrackOutcome, ...]:
    """How people were covered from head to foot."""
    names = dict.fromkeys(id for stretch in drawn for id in stretch.engines if id.startswith(BODY_OF))
    summed = (_summed(name, drawn, []) for name in sorted(names))
    return tuple(replace(one, track=one.track.removeprefix(BODY_OF)) for one in summed)


def _summed(id: str, drawn: Sequence[Drawn], reasons: list[str]) -> TrackOutcome:
    counts: Counter[str] = Counter()
    for stretch in drawn:
        counts += stretch.engines.get(id, Counter())
        reasons = [*reasons, *stretch.reasons.get(id, [])]
    told = "; ".join(dict.fromkeys(reasons))
    return TrackOutcome(id, dict(counts.most_common()), f"Plainer masks were used, because {told}." if told else "")
