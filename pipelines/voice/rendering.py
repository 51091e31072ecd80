"""Carry out a plan: another voice for each speaker, and never the original because something failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deepmask.errors import EngineError, MediaError
from deepmask.files import scratch
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_formats import MUXED
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Persona
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from deepmask.voice import Voice, voice_of
from deepmask.voice_plan import Speaker, Strength, VoicePlan
from pipelines.voice import respeaking
from pipelines.voice.converting import Converted, convert
from pipelines.voice.model import MaskedSound, VoiceOutcome, validate
from pipelines.voice.timeline import Turn, gate, mixed, turns


def render(source: Sound, plan: VoicePlan, vault: Vault, out: Path, *, progress: Progress = silent) -> MaskedSound:
    """Write the masked recording to ``out``: a sound file, or a video if ``source`` is one and the suffix says so.

    Raises:
        PlanError: the plan belongs to another recording.
        UnknownName: it names a persona that is not in the vault.
        MediaError: ``out`` has a suffix that cannot be written.
    """
    validate(source, plan)
    voices = {speaker.id: voice_for(speaker, vault) for speaker in plan.speakers}
    is_video = out.suffix.lower() in MUXED
    if is_video and not source.has_video:
        raise MediaError(f"{source.name} has no picture; save it as .wav, .flac, .mp3, .m4a or .ogg.")
    kept = frozenset(name for name, voice in voices.items() if voice is None)
    parts = turns(plan.phrases, source.measured.frames / source.rate_hz, kept, plan.speakers[0].id)
    with scratch(out) as folder:
        track, outcomes = _track(source, plan, voices, parts, folder, part(progress, 0.0, 0.9))
        sound = Sound.open(track)
        if is_video:
            from deepmask.media.muxing import mux

            notes = mux(source, track, out, part(progress, 0.9, 1.0))
        else:
            notes = ()
            with SoundWriter(out, sound.rate_hz, sound.channels) as writer:
                for block in sound.blocks():
                    writer.write(block)
    progress(1.0, "Masked")
    return MaskedSound(Sound.open(out), outcomes, (*source.notes, *notes))


def voice_for(speaker: Speaker, vault: Vault) -> Voice | None:
    """The voice a speaker gets; None: stays as it is."""
    decision = speaker.decision
    if decision.action == "keep":
        return None
    if decision.persona is not None:
        persona: Persona = vault.persona(decision.persona)
        return voice_of(persona)
    return speaker.voice or Voice()


def _track(
    source: Sound,
    plan: VoicePlan,
    voices: dict[str, Voice | None],
    parts: list[Turn],
    folder: Path,
    progress: Progress,
) -> tuple[Path, tuple[VoiceOutcome, ...]]:
    """The masked track on disk, and what was done to whom."""
    if plan.method == "convert":
        return _outcome(plan, _convert(source, plan, voices, parts, plan.strength, folder, progress), "")
    try:
        return _respoken(source, plan, voices, parts, folder, progress)
    except EngineError as error:
        name = plan.engines["speech_synthesizer"]
        why = f"Converted (strong) instead of spoken anew, because {name} failed: {error}"
        return _outcome(plan, _convert(source, plan, voices, parts, "strong", folder, progress), why)


def _convert(
    source: Sound,
    plan: VoicePlan,
    voices: dict[str, Voice | None],
    parts: list[Turn],
    strength: Strength,
    folder: Path,
    progress: Progress,
) -> Converted:
    return convert(source, parts, voices, plan.engines["voice_converter"], strength, folder, progress=progress)


def _outcome(plan: VoicePlan, converted: Converted, why: str) -> tuple[Path, tuple[VoiceOutcome, ...]]:
    outcomes = [
        VoiceOutcome(s.id, converted.engines[s.id], converted.notes.get(s.id, why))
        for s in plan.speakers
        if s.id in converted.engines
    ]
    return converted.path, tuple(outcomes)


def _respoken(
    source: Sound,
    plan: VoicePlan,
    voices: dict[str, Voice | None],
    parts: list[Turn],
    folder: Path,
    progress: Progress,
) -> tuple[Path, tuple[VoiceOutcome, ...]]:
    spoken = respeaking.speak_all(plan, voices, progress=part(progress, 0.0, 0.8))
    behind, notes = _behind(source, plan, voices, parts, folder, part(progress, 0.8, 0.95))
    track = folder / "respoken.wav"
    with SoundWriter(track, source.rate_hz, source.channels) as writer:
        for block in respeaking.laid_out(source, spoken, behind):
            writer.write(block)
    respeaking.forget(plan)
    name = plan.engines["speech_synthesizer"]
    late = respeaking.too_long(plan, spoken)
    outcomes = []
    for id in (speaker.id for speaker in plan.speakers):
        own = [one for one in spoken if one.speaker == id]
        engine = "none" if voices[id] is None else name
        outcomes.append(
            VoiceOutcome(id, engine, notes.get(id, ""), len(own), sum(one in late for one in own))
            if own
            else VoiceOutcome(id, engine, notes.get(id, ""))
        )
    return track, tuple(outcomes)


def _behind(
    source: Sound,
    plan: VoicePlan,
    voices: dict[str, Voice | None],
    parts: list[Turn],
    folder: Path,
    progress: Progress,
) -> tuple[Iterator[Samples], dict[str, str]]:
    """What is heard where nobody is respoken, and notes.

    A background that is kept is the converted recording, not the original: words the transcriber missed are in it.
    """
    own = [Turn(t.start_s, t.end_s, "masked" if voices[t.speaker] is not None else "kept") for t in parts]
    if plan.background == "drop":
        return gate(source.blocks(respeaking.BLOCK_S), source.rate_hz, own, "kept"), {}
    converted = _convert(source, plan, voices, parts, "strong", folder, progress)
    gain = respeaking.DUCKED if plan.background == "duck" else 1.0

    def heard(whose: str) -> Iterator[Samples]:
        return gate(Sound.open(converted.path).blocks(respeaking.BLOCK_S), source.rate_hz, own, whose)

    both = (heard("kept"), (block * np.float32(gain) for block in heard("masked")))
    return mixed(both, round(respeaking.BLOCK_S * source.rate_hz)), converted.notes
