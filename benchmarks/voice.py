"""What masked voices withstand and what they cost: who is recognised, which words are lost, time and memory.

``python -m benchmarks.voice [FOLDER]``. Sets of speech: a dozen voices of espeak-ng and, where a FOLDER is given, the
recordings in it, whose files begin with the speaker's name and a hyphen or an underscore. The judge is Resemblyzer's
speaker encoder; the attackers are

- ignorant: has recordings of everybody as they are and compares the masked one with them;
- lazy: masks what they have with Deepmask, too, with other personas;
- semi-informed: the lazy one, who has also learnt from other people's masked speech which directions of the encoder
  vary within a person, and weighs them down (within-class covariance normalisation);
- knowing: knows the persona and masks everything with that one.

An EER of 50 % is chance. An attacker who trains an encoder on masked speech does better than all of these.
"""

from __future__ import annotations

import importlib
import importlib.util
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Measure, print_table
from deepmask import engines
from deepmask.media.resampling import resampled
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Attributes
from deepmask.voice import Voice
from deepmask.voice_plan import Strength

Mono = NDArray[np.float32]
Speakers = dict[str, list[Mono]]

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples" / "speech"
RATE_HZ = 16000
LONGEST_S, CLIPS = 5, 3
"""Of each clip, and of each speaker."""

SENTENCES = (
    "The birch canoe slid on the smooth planks, and nobody saw who was steering it.",
    "Four hours of steady work faced us, so we had our coffee first.",
    "A large size in stockings is hard to sell, said the old merchant to his son.",
)
TEXTS = {
    "speaker1_1": "the child almost hurt the small dog",
    "speaker1_2": "drop the two when you add the figures",
    "speaker1_3": "at that high level the air is pure",
    "speaker2_1": "we are sure that one war is enough",
    "speaker2_2": "what joy there is in living",
    "speaker2_3": "tear a thin sheet from the yellow pad",
    "president_1961": "and so my fellow americans ask not what your country can do for you ask what you can do for "
    "your country",
}
"""What the samples say."""
WARPS = (0.88, 0.94, 1.0, 1.07, 1.15)
"""Frequency warps of the recogniser; the best of them is fairer to voices with other formants."""

BARS: dict[str, tuple[float, float | None]] = {
    "natural": (30.0, 35.0),
    "strong": (40.0, 44.0),
    "respeak": (50.0, None),
}
"""EER for the ignorant and the lazy attacker."""
WORDS_BAR = 8.0
"""Points of word error rate that 'natural' may cost."""


@dataclass(frozen=True)
class Masking:
    """One way to mask: ``apply(clip, persona, secret)``."""

    name: str
    apply: Callable[[Mono, Voice, bytes], Mono]


def main() -> None:
    """Print the tables; memory first, before the judge has taken any."""
    print_table("Time and memory", cost())
    folders = [Path(argument) for argument in sys.argv[1:]]
    maskings = [
        Masking("natural", _converter("natural")),
        Masking("strong", _converter("strong")),
        Masking("respeak", _respoken),
    ]
    if importlib.util.find_spec("resemblyzer") is None:
        print("\nWho is recognised is not measured: pip install 'deepmask[judge]'")
    else:
        print_table("Who is recognised: a dozen synthetic voices", recognised(synthetic(), maskings, bars=False))
        for folder in folders:
            print_table(f"Who is recognised: {folder.name}", recognised(recordings(folder), maskings, bars=True))
    if SAMPLES.is_dir():
        print_table("Words understood (PocketSphinx)", understood(maskings[:2]))


# -------------------------------------------------------------------------------------------------------------- speech
def synthetic() -> Speakers:
    """A dozen voices of espeak-ng with three sentences each."""
    speaker = engines.load("speech_synthesizer", "espeak")
    found: Speakers = {}
    for n in range(12):
        voice = Voice.of(Attributes(), 100 + n)
        found[f"voice {n}"] = [_at_our_rate(*speaker.speak(text, voice)) for text in SENTENCES]
    return found


def recordings(folder: Path) -> Speakers:
    """The sounds of a folder by speaker."""
    found: Speakers = defaultdict(list)
    for path in sorted(folder.glob("*")):
        if path.suffix in (".wav", ".flac", ".mp3", ".ogg"):
            clip = np.concatenate(list(Sound.open(path).mono(RATE_HZ)))[: LONGEST_S * RATE_HZ]
            name = path.stem.replace("_", "-").split("-")[0]
            if len(clip) > 1.7 * RATE_HZ and len(found[name]) < CLIPS:
                found[name].append(clip)
    return {name: clips for name, clips in found.items() if clips}


def _at_our_rate(samples: Mono, rate_hz: int) -> Mono:
    return np.concatenate(list(resampled([samples], rate_hz, RATE_HZ)))


def _converter(strength: Strength) -> Callable[[Mono, Voice, bytes], Mono]:
    def apply(clip: Mono, voice: Voice, secret: bytes) -> Mono:
        engine = engines.load("voice_converter", "world")
        sound = Sound.from_array(clip[:, None], RATE_HZ)
        return np.concatenate(list(engine.convert(sound, voice, strength=strength, secret=secret)))[:, 0]

    return apply


def _respoken(clip: Mono, voice: Voice, secret: bytes) -> Mono:
    """What PocketSphinx hears, uncorrected, spoken by espeak-ng in the same time; a word where nothing is heard."""
    phrases = _heard(clip.tobytes()) or (("yes", 1.0),)
    speaker = engines.load("speech_synthesizer", "espeak")
    return np.concatenate([_at_our_rate(*speaker.speak(text, voice, seconds=seconds)) for text, seconds in phrases])


@cache
def _heard(samples: bytes) -> tuple[tuple[str, float], ...]:
    recogniser = engines.load("transcriber", "sphinx")
    sound = Sound.from_array(np.frombuffer(samples, np.float32)[:, None], RATE_HZ)
    return tuple((phrase.text, phrase.end_s - phrase.start_s) for phrase in recogniser.transcribe(sound).phrases)


# --------------------------------------------------------------------------------------------------------- recognising
def recognised(speakers: Speakers, maskings: list[Masking], *, bars: bool) -> list[Measure]:
    """Equal error rates of the attackers, and how near a masked clip is to the original."""
    plain = [[_embedding(clip) for clip in clips] for clips in speakers.values()]
    rows = [
        Measure("clips", sum(len(clips) for clips in speakers.values())),
        Measure("original: EER", eer(plain, plain), "%"),
    ]
    for masking in maskings:

        def masked(first: int, persona: int | None, masking: Masking = masking) -> list[list[Any]]:
            """Every speaker with a persona of their own, or all with one."""
            return [
                [
                    _embedding(
                        masking.apply(clip, _persona(first + s if persona is None else persona), _secret(first, s, c))
                    )
                    for c, clip in enumerate(clips)
                ]
                for s, clips in enumerate(speakers.values())
            ]

        test, enrolled = masked(0, None), masked(1000, None)
        knowing = masked(2000, 7), masked(3000, 7)
        near = np.mean([a @ b for p, t in zip(plain, test, strict=True) for a, b in zip(p, t, strict=True)])
        bar = BARS[masking.name] if bars and masking.name in BARS else (None, None)
        rows += [
            Measure(f"{masking.name}: similarity to the original", float(near)),
            Measure(f"{masking.name}: EER of the ignorant", eer(plain, test), "%", bar[0], at_least=True),
            Measure(f"{masking.name}: EER of the lazy", eer(enrolled, test), "%", bar[1], at_least=True),
            Measure(f"{masking.name}: EER of the semi-informed", semi_informed(enrolled, test), "%"),
            Measure(f"{masking.name}: EER of the knowing", eer(*knowing), "%"),
        ]
    return rows


def eer(enrolled: list[list[Any]], test: list[list[Any]]) -> float:
    """Equal error rate in % over all pairs of an enrolled and a test clip, pairs of the very same clip left out."""
    same, other = [], []
    for a, clips in enumerate(enrolled):
        for b, probes in enumerate(test):
            scores = np.array(clips) @ np.array(probes).T
            if a == b:
                same.extend(scores[~np.eye(*scores.shape, dtype=bool)])
            else:
                other.extend(scores.ravel())
    bars = np.sort(np.array(same + other))
    missed = np.searchsorted(np.sort(same), bars, side="left") / len(same)
    let_in = 1 - np.searchsorted(np.sort(other), bars, side="left") / len(other)
    at = int(np.argmin(np.abs(missed - let_in)))
    return 50 * float(missed[at] + let_in[at])


def semi_informed(enrolled: list[list[Any]], test: list[list[Any]]) -> float:
    """Equal error rate of the lazy attacker who learns on one half of the people, mean of both ways round."""
    rates = []
    for half in (0, 1):
        learnt = [np.array(clips) for clips in (*enrolled[half::2], *test[half::2])]
        within = np.concatenate([clips - clips.mean(axis=0) for clips in learnt])
        covariance = within.T @ within / len(within)
        size = len(covariance)
        covariance = 0.5 * covariance + 0.5 * np.trace(covariance) / size * np.eye(size)
        weights = np.linalg.cholesky(np.linalg.inv(covariance))

        def weighed(people: list[list[Any]], weights: Any = weights, half: int = half) -> list[list[Any]]:
            rows = [[clip @ weights for clip in clips] for clips in people[1 - half :: 2]]
            return [[row / np.linalg.norm(row) for row in clips] for clips in rows]

        rates.append(eer(weighed(enrolled), weighed(test)))
    return float(np.mean(rates))


def _persona(n: int) -> Voice:
    return Voice.of(Attributes(), 5000 + n)


def _secret(*numbers: int) -> bytes:
    return repr(numbers).encode()


@cache
def _encoder() -> Any:
    return importlib.import_module("resemblyzer").VoiceEncoder("cpu", verbose=False)


def _embedding(clip: Mono) -> NDArray[np.float32]:
    level = np.sqrt(np.mean(np.square(clip))) + 1e-9
    return _encoder().embed_utterance((clip * (0.03 / level)).astype(np.float32))


# ------------------------------------------------------------------------------------------------------- understanding
def understood(maskings: list[Masking], repeats: int = 1) -> list[Measure]:
    """Word error rates on the samples, as they are and masked with several personas."""
    clips = {name: np.concatenate(list(Sound.open(path).mono(RATE_HZ))) for name, path in _texts()}
    rates = {"original": _word_errors([(clip, TEXTS[name]) for name, clip in clips.items()])}
    for masking in maskings:
        masked = [
            (masking.apply(clip, _persona(50 + n + 20 * r), _secret(9, n, r)), TEXTS[name])
            for r in range(repeats)
            for n, (name, clip) in enumerate(clips.items())
        ]
        rates[masking.name] = _word_errors(masked)
    rows = []
    for name, (raw, best) in rates.items():
        bar = rates["original"][1] + WORDS_BAR if name == "natural" else None
        rows += [
            Measure(f"{name}: words wrong", raw, "%"),
            Measure(f"{name}: words wrong, best of five warps", best, "%", bar),
        ]
    return rows


def _texts() -> Iterator[tuple[str, Path]]:
    return ((path.stem, path) for path in sorted(SAMPLES.iterdir()) if path.stem in TEXTS)


def _word_errors(clips: list[tuple[Mono, str]]) -> tuple[float, float]:
    raw = best = words = 0
    for clip, text in clips:
        errors = {warp: _edits(text.split(), _recognise(clip, warp)) for warp in WARPS}
        raw, best, words = raw + errors[1.0], best + min(errors.values()), words + len(text.split())
    return 100 * raw / words, 100 * best / words


@cache
def _decoder(warp: float) -> Any:
    from pocketsphinx import Decoder

    warping = {} if warp == 1.0 else {"warp_type": "inverse_linear", "warp_params": str(warp)}
    return Decoder(samprate=RATE_HZ, loglevel="FATAL", cmn="batch", **warping)


def _recognise(clip: Mono, warp: float) -> list[str]:
    decoder = _decoder(warp)
    decoder.start_utt()
    decoder.process_raw((0.7 * 32767 * clip / np.abs(clip).max()).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return [] if found is None else found.hypstr.lower().split()


def _edits(said: list[str], heard: list[str]) -> int:
    """Words left out, put in or exchanged."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


# ---------------------------------------------------------------------------------------------------------------- cost
def cost() -> list[Measure]:
    """CPU time for a second of sound, and peak memory over the length of a recording."""
    clip = np.concatenate([c for clips in list(synthetic().values())[:3] for c in clips])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        for rate_hz, channels, bar in ((16000, 1, 0.1), (44100, 1, 0.1), (48000, 2, None)):
            _lasting(path, clip, 30, rate_hz, channels)
            spent = _convert_file(path) / 30
            rows.append(Measure(f"CPU seconds a second, {rate_hz} Hz, {channels} channels", spent, "", bar))
        peaks = []
        for minutes in (1, 4, 16):
            _lasting(path, clip, 60 * minutes, RATE_HZ, 1)
            _convert_file(path)
            peaks.append(_peak_mb())
            rows.append(Measure(f"peak memory, {minutes} minutes", peaks[-1], "MB"))
        rows.append(Measure("memory 16 minutes take beyond 4", peaks[2] - peaks[1], "MB", 40))
    return rows


def _lasting(path: Path, clip: Mono, seconds: int, rate_hz: int, channels: int) -> None:
    block = np.concatenate(list(resampled([np.tile(clip, 2)[: 30 * RATE_HZ]], RATE_HZ, rate_hz)))
    with SoundWriter(path, rate_hz, channels) as writer:
        for _ in range(seconds // 30):
            writer.write(np.repeat(block[:, None], channels, axis=1))


def _convert_file(path: Path) -> float:
    engine = engines.load("voice_converter", "world")
    start = time.process_time()
    for _ in engine.convert(Sound.open(path), _persona(1), secret=b"benchmark"):
        pass
    return time.process_time() - start


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    main()
