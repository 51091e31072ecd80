"""The voices of a video, masked by the pipeline of recordings; what was heard and spoken outlasts a killed run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from deepmask.errors import InputError, PlanError
from deepmask.files import write_text
from deepmask.media.clip import Clip
from deepmask.media.sound import Sound
from deepmask.progress import Progress, silent
from deepmask.vault import Vault
from deepmask.voice_plan import VoicePlan
from deepmask.voice_report import VoiceReport
from pipelines import voice
from pipelines.video.keeping import Work
from pipelines.video.model import Spoken
from pipelines.voice import VoiceOptions, VoiceOutcome
from pipelines.voice.rendering import voice_for


def listen(source: Clip, options: VoiceOptions | None, progress: Progress = silent) -> VoicePlan | None:
    """What is to happen to the voices; None where they stay or there is no sound.

    Raises:
        MediaError: there is a sound track, and it cannot be decoded.
        EngineMissing: an engine that was asked for is not ready.
    """
    if options is None or not source.has_sound:
        return None
    return voice.analyze(Sound.open(source.path), options, progress=progress)


def listen_once(
    work: Work, source: Clip, options: VoiceOptions | None, progress: Progress = silent
) -> VoicePlan | None:
    """As :func:`listen`, or what it said in a run that was killed: a voice is drawn by chance, and is to stay the same.

    ``forget`` ends this.
    """
    if options is None or not source.has_sound:
        return None
    path = work.voice_plan_path(asdict(options))
    try:
        known = VoicePlan.load(path)
        voice.validate(Sound.open(source.path), known)
        return known
    except PlanError:  # not there yet, damaged, or of the same pictures with another sound
        plan = listen(source, options, progress)
    if plan is not None:
        plan.save(path)
    return plan


def forget(work: Work, options: VoiceOptions | None) -> None:
    """The next time voices are drawn anew."""
    if options is not None:
        work.voice_plan_path(asdict(options)).unlink(missing_ok=True)


def redecided(plan: VoicePlan | None, options: VoiceOptions | None) -> VoicePlan | None:
    """The plan of the voices decided anew, without listening again.

    Raises:
        InputError: nobody listened so far.
    """
    if options is None:
        return None
    if plan is None:
        raise InputError("Nobody has listened to this video yet; analyse it again to mask its voices.")
    return voice.decide(plan, options)


def speak(work: Work, source: Clip, plan: VoicePlan | None, vault: Vault, progress: Progress = silent) -> Spoken:
    """The masked sound track, made now or by a run before.

    Raises:
        PlanError: the plan belongs to another recording.
        UnknownName: it names a persona that is not in the vault.
    """
    if plan is None or all(speaker.decision.action == "keep" for speaker in plan.speakers):
        return Spoken()
    sounds = [one.to_json() for speaker in plan.speakers if (one := voice_for(speaker, vault)) is not None]
    path, sound = work.sound_path(plan.to_json(), sounds), Sound.open(source.path)
    voice.validate(sound, plan)
    if (known := _read(path)) is not None:
        return known
    masked = voice.render(sound, plan, vault, path, progress=progress)
    spoken = Spoken(path, masked.outcomes, masked.notes)
    write_text(path.with_suffix(".json"), json.dumps(asdict(spoken) | {"path": path.name}) + "\n")
    return spoken


def _read(path: Path) -> Spoken | None:
    """What ``speak`` left; None when it is not whole."""
    if not path.is_file():
        return None
    try:
        data = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return Spoken(path, tuple(VoiceOutcome(**one) for one in data["outcomes"]), tuple(data["notes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def listen_again(
    source: Clip,
    masked: Clip,
    plan: VoicePlan | None,
    vault: Vault,
    spoken: Spoken,
    progress: Progress = silent,
) -> VoiceReport | None:
    """Whether the voices are hidden; None where none was to be masked, or nothing is heard any more.

    Raises:
        InputError: the sound is not a version of the original's.
        PlanError: the plan belongs to another recording.
    """
    if plan is None or not masked.has_sound:
        return None
    before, after = Sound.open(source.path), Sound.open(masked.path)
    return voice.check(before, after, plan, vault, spoken.outcomes, notes=spoken.notes, progress=progress)
