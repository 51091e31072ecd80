"""Hear who speaks and what is said, and decide what happens to each voice; nothing is changed."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np

from deepmask import engines
from deepmask.errors import EngineError, InputError
from deepmask.media.sound import Sound
from deepmask.progress import Progress, part, silent
from deepmask.transcript import Transcript
from deepmask.voice import Voice
from deepmask.voice_plan import Speaker, VoiceDecision, VoicePlan
from pipelines.voice.model import VoiceOptions

LEAST_AWAY = 0.15
"""By how much a drawn pitch differs from the speaker's, in its logarithm: two and a half semitones."""
EVERYBODY = "speaker-1"
"""The one speaker of a recording in which speakers are not told apart."""


def analyze(source: Sound, options: VoiceOptions | None = None, *, progress: Progress = silent) -> VoicePlan:
    """Write down what is said where that is needed, and decide what happens to each speaker.

    Raises:
        InputError: no speech to speak anew.
        EngineMissing: an engine that was asked for is not ready; the message has the command.
    """
    options = options or VoiceOptions()
    used = {"voice_converter": engines.choose("voice_converter", options.converter).name}
    if options.method == "respeak":
        used["speech_synthesizer"] = engines.choose("speech_synthesizer", options.synthesizer).name
    transcript: Transcript | None = None
    if options.method == "respeak" or options.transcribe:
        used["transcriber"] = engines.choose("transcriber", options.transcriber).name
        transcript = _transcript(source, used["transcriber"], options, part(progress, 0.0, 0.95))
    progress(0.95, "Measuring the recording")
    own_hz = _pitch_hz(source, used["voice_converter"])
    phrases = () if transcript is None else transcript.phrases
    names = tuple(dict.fromkeys(phrase.speaker for phrase in phrases)) or (EVERYBODY,)
    progress(1.0, f"{len(phrases)} phrases" if phrases else "Ready")
    return VoicePlan(
        source_name=source.name,
        fingerprint=source.fingerprint,
        seconds=round(source.measured.frames / source.rate_hz, 3),
        speakers=tuple(_speaker(name, options, own_hz) for name in names),
        phrases=phrases,
        method=options.method,
        strength=options.strength,
        background=options.background,
        language=transcript.language if transcript is not None else options.language or "en",
        engines=used,
    )


def decide(plan: VoicePlan, options: VoiceOptions) -> VoicePlan:
    """The plan decided anew by ``options``, without listening again.

    Raises:
        InputError: a plan without words cannot be spoken anew.
    """
    if options.method == "respeak" and not plan.phrases:
        raise InputError("To speak the words anew they have to be written down first; analyse the recording again.")
    used = dict(plan.engines) | {"voice_converter": engines.choose("voice_converter", options.converter).name}
    if options.method == "respeak":
        used["speech_synthesizer"] = engines.choose("speech_synthesizer", options.synthesizer).name
    decision = _decision(options)
    return replace(
        plan,
        speakers=tuple(replace(speaker, decision=decision) for speaker in plan.speakers),
        method=options.method,
        strength=options.strength,
        background=options.background,
        engines=used,
    )


def _transcript(source: Sound, name: str, options: VoiceOptions, progress: Progress) -> Transcript:
    progress(0.0, "Listening")
    with engines.turn(progress, engines.voices):
        transcriber = engines.load("transcriber", name)
        if transcriber.languages and options.language and options.language not in transcriber.languages:
            known = ", ".join(transcriber.languages)
            raise InputError(
                f"The transcriber {name} understands {known}, not {options.language!r}; "
                "choose another transcriber (deepmask engines lists them) or convert the voice instead."
            )
        transcript = transcriber.transcribe(source, language=options.language, progress=progress)
    if not transcript.phrases and options.method == "respeak":
        raise InputError(f"No speech was understood in {source.name}; convert the voice instead of speaking it anew.")
    return transcript


def _pitch_hz(source: Sound, converter: str) -> float | None:
    """Median pitch of the recording; None where it cannot be told."""
    try:
        with engines.voices:
            return engines.load("voice_converter", converter).pitch_hz(source)
    except EngineError:
        return None


def _speaker(id: str, options: VoiceOptions, own_hz: float | None) -> Speaker:
    return Speaker(id, _decision(options), drawn_voice(own_hz))


def _decision(options: VoiceOptions) -> VoiceDecision:
    return VoiceDecision("persona", options.persona) if options.persona else VoiceDecision("anonymous")


def drawn_voice(own_hz: float | None = None) -> Voice:
    """A voice of nobody, another one each time.

    Args:
        own_hz: pitch of the recording, which the voice keeps away from, above or below by chance.
    """
    draw = np.random.default_rng(secrets.randbits(64))
    while True:
        high = bool(draw.integers(2))
        pitch_hz = float(draw.uniform(175, 230) if high else draw.uniform(95, 135))
        if own_hz is None or abs(np.log(pitch_hz / own_hz)) > LEAST_AWAY:
            break
    return Voice(
        pitch_hz=round(pitch_hz, 1),
        liveliness=round(float(draw.uniform(0.16, 0.30)), 3),
        size=round(float(draw.uniform(1.03, 1.12) if high else draw.uniform(0.9, 1.0)), 3),
        breath=round(float(draw.uniform(0.7, 1.4)), 2),
        seed=secrets.randbelow(2**31),
    )
