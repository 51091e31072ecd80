"""Carry out a plan: every stretch drawn, then one file of all, with the sound it had or a masked one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from deepmask.files import move
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines.video.drawing import Drawn
from pipelines.video.keeping import Work
from pipelines.video.model import MaskedClip, TrackOutcome, validate
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
    workers: Workers = alone,
    progress: Progress = silent,
) -> MaskedClip:
    """Write the masked video to ``out``; stretches that were drawn before for the same plan are not drawn again.

    Args:
        encoding: codec and quality; by default what plays everywhere in a file of this suffix.

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
    jobs = []
    for start, stop in stretches(plan.frames, source.fps):
        path = work.segment_path(masks, plan.look, start, stop, encoding)
        here = tuple(mask for mask in masks if mask.track.first < stop and mask.track.last >= start)
        jobs.append(DrawJob(source, here, plan.look, start, stop, encoding, path))
    drawn = list(workers.drawings(jobs, progress=part(progress, 0.1, 0.8)))
    spoken = speak(work, source, plan.voice, vault, part(progress, 0.8, 0.95))
    whole = work.passing_path(out.suffix)
    ready = part(progress, 0.95, 1.0)
    notes = join([job.path for job in jobs], source, whole, sound=spoken.path, progress=ready)
    move(whole, out)
    progress(1.0, "Masked")
    outcomes = tuple(_outcome(mask, drawn) for mask in masks)
    return MaskedClip(Clip.open(out), outcomes, (*source.notes, *notes), spoken)


def _outcome(mask: Mask, drawn: Sequence[Drawn]) -> TrackOutcome:
    id = mask.track.id
    if not mask.rungs:
        return TrackOutcome(id, {"none": mask.track.last - mask.track.first + 1})
    counts: Counter[str] = Counter()
    reasons = [mask.note] if mask.note else []
    for stretch in drawn:
        counts += stretch.engines.get(id, Counter())
        reasons += stretch.reasons.get(id, [])
    told = "; ".join(dict.fromkeys(reasons))
    return TrackOutcome(id, dict(counts.most_common()), f"Plainer masks were used, because {told}." if told else "")
