"""Listen to a masked recording as an attacker would, and as a listener who wants to understand it."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.engines.protocols import Mono
from deepmask.errors import EngineError, InputError
from deepmask.media.sound import Sound
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from deepmask.voice_plan import Speaker, VoicePlan
from deepmask.voice_report import VoiceFinding, VoiceReport, VoiceVerdict
from pipelines.voice.measuring import LONGEST_S, RATE_HZ, excerpt, judge_name, similarity_of, untouched
from pipelines.voice.model import VoiceOutcome, validate
from pipelines.voice.rendering import voice_for
from pipelines.voice.timeline import Turn, turns

LEAST_UNTOUCHED = 0.02
"""Share of unchanged stretches from which on a voice leaks."""
MOST_SHIFT_S = 0.3
"""Difference of lengths up to which two recordings can be versions of each other."""
WORDS_LOST = 0.3
"""Share of lost words worth a warning."""


def check(
    source: Sound,
    masked: Sound,
    plan: VoicePlan,
    vault: Vault,
    outcomes: tuple[VoiceOutcome, ...] = (),
    *,
    notes: tuple[str, ...] = (),
    progress: Progress = silent,
) -> VoiceReport:
    """Compare each speaker of the output with the original, and ask whether the words can still be understood.

    Raises:
        InputError: ``masked`` is not a version of ``source``.
    """
    validate(source, plan)
    seconds = source.measured.frames / source.rate_hz
    if abs(masked.measured.frames / masked.rate_hz - seconds) > MOST_SHIFT_S:
        raise InputError(f"{masked.name} is not a masked version of {source.name}: their lengths differ.")
    judge = judge_name()
    kept = frozenset(s.id for s in plan.speakers if s.decision.action == "keep")
    parts = turns(plan.phrases, seconds, kept, plan.speakers[0].id)
    drawn = {outcome.speaker: outcome for outcome in outcomes}
    findings = []
    for n, speaker in enumerate(plan.speakers):
        progress(0.6 * n / len(plan.speakers), "Checking the result")
        own = [turn for turn in parts if turn.speaker == speaker.id]
        findings.append(_finding(source, masked, speaker, own, drawn.get(speaker.id), judge, vault))
    clarity = _intelligibility(source, masked) if plan.method == "convert" else None
    lost = _words_lost(masked, plan, part(progress, 0.7, 1.0)) if plan.method == "respeak" else None
    if lost is not None and lost > WORDS_LOST:
        notes = (*notes, f"{lost:.0%} of the words were not heard again; listen to the result and correct the words")
    progress(1.0, "Checked")
    return VoiceReport(source.name, tuple(findings), judge, clarity, lost, notes)


def _finding(
    source: Sound,
    masked: Sound,
    speaker: Speaker,
    own: Sequence[Turn],
    outcome: VoiceOutcome | None,
    judge: str | None,
    vault: Vault,
) -> VoiceFinding:
    decision = speaker.decision
    wanted = vault.persona(decision.persona).name if decision.persona else decision.action
    engine, note = (outcome.engine, outcome.note) if outcome else ("unknown", "")
    if decision.action == "keep":
        return VoiceFinding(speaker.id, wanted, "none", "kept")
    before, after = excerpt(source, own), excerpt(masked, own)
    similarity = None if judge is None else similarity_of(judge, before, after)
    voice = voice_for(speaker, vault)
    verdict = _verdict(similarity, untouched(before, after), judge)
    if verdict == "leak" and not note:
        note = "The voice was not changed enough."
    return VoiceFinding(
        speaker.id,
        wanted,
        engine,
        verdict,
        None if similarity is None else round(similarity, 3),
        _pitch(before),
        None if voice is None else round(voice.pitch_hz, 1),
        _pitch(after),
        outcome and outcome.phrases,
        outcome and outcome.phrases_too_long,
        note,
    )


def _verdict(similarity: float | None, unchanged: float, judge: str | None) -> VoiceVerdict:
    if unchanged > LEAST_UNTOUCHED:
        return "leak"
    if similarity is None or judge is None:
        return "unmeasured"
    engine = engines.load("speaker_recognizer", judge)
    if similarity > engine.same_above:
        return "leak"
    return "hidden" if similarity < engine.hidden_below else "weak"


def _pitch(samples: Mono) -> float | None:
    if not samples.any():
        return None
    sound = Sound.from_array(samples[:, None], RATE_HZ)
    with engines.voices:
        hz = engines.load("voice_converter").pitch_hz(sound)
    return None if hz is None else round(hz, 1)


def _intelligibility(source: Sound, masked: Sound) -> float | None:
    """Extended STOI of the first minute; None where there is too little speech to tell."""
    from pystoi import stoi

    before, after = (_beginning(sound.mono(RATE_HZ)) for sound in (source, masked))
    count = min(len(before), len(after))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # how pystoi says that there is too little speech
        try:
            return round(float(stoi(before[:count], after[:count], RATE_HZ, extended=True)), 3)
        except (RuntimeWarning, ValueError, ZeroDivisionError, FloatingPointError):
            return None


def _beginning(blocks: Iterator[Mono]) -> NDArray[np.float64]:
    most = round(LONGEST_S * RATE_HZ)
    taken = itertools.takewhile(lambda pair: pair[0] * 10 < LONGEST_S, enumerate(blocks))
    return np.concatenate([np.zeros(0), *(block for _, block in taken)]).astype(np.float64)[:most]


def _words_lost(masked: Sound, plan: VoicePlan, progress: Progress) -> float | None:
    """Share of the plan's words that the transcriber does not hear in the output; None if it could not tell."""
    asked = plan.engines.get("transcriber")
    wanted = [
        word for p in plan.phrases if plan.speaker(p.speaker).decision.action != "keep" for word in _words(p.text)
    ]
    if asked is None or not wanted:
        return None
    try:
        transcriber = engines.load("transcriber", asked)
        if not transcriber.hears_machines:
            return None
        progress(0.0, "Listening to the result")
        with engines.turn(progress, engines.voices):
            heard = transcriber.transcribe(masked, language=plan.language, progress=progress)
    except EngineError:
        return None
    return round(_missing(wanted, _words(heard.text)) / len(wanted), 3)


def _words(text: str) -> list[str]:
    return ["".join(c for c in word if c.isalnum()) for word in text.casefold().split() if any(map(str.isalnum, word))]


def _missing(wanted: list[str], heard: list[str]) -> int:
    """Words of ``wanted`` that are not in ``heard`` in their order."""
    from difflib import SequenceMatcher

    matched = sum(block.size for block in SequenceMatcher(None, wanted, heard, autojunk=False).get_matching_blocks())
    return len(wanted) - matched
