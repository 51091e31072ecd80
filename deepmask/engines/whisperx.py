"""Speech to text by WhisperX, in an environment of its own.

Words are timed by an alignment model of the language where its weights are there (``deepmask weights get align_en``),
otherwise by Whisper itself, less exactly. Speakers are told apart where the weights ``pyannote`` are there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask import weights
from deepmask.config import Settings
from deepmask.errors import EngineFailed
from deepmask.media.sound import Sound
from deepmask.progress import Progress, part, silent
from deepmask.timing import phrases_of
from deepmask.transcript import Phrase, Transcript, Word
from deepmask.workers import client, environments

RATE_HZ = 16_000
_PIECE_S = 20 * 60.0
"""Longer recordings are handed over in pieces, cut where it is quiet."""
_PIECE_WITH_SPEAKERS_S = 2 * 3600.0
"""Speakers are told apart within a piece, so that these are longer; 460 MB."""
_SEARCH_S = 30.0
_QUIET_S = 0.3
_SHORTEST_S = 0.02
"""Whisper gives some words no time at all."""
_LOAD_S = 600.0
_SLOWEST = 60.0
"""Times real time that the largest model may take on a slow processor before it counts as hung."""


class WhisperX:
    """Transcriber of a hundred languages, found out by itself."""

    languages: tuple[str, ...] = ()
    hears_machines = True

    @property
    def tells_speakers(self) -> bool:
        """Whether the weights for that are there."""
        return not weights.missing(("pyannote",))

    def transcribe(self, sound: Sound, *, language: str | None = None, progress: Progress = silent) -> Transcript:
        """All phrases with the times of their words; empty where nobody speaks.

        Raises:
            EngineMissing: the environment or the model is not there; the message has the command.
            EngineFailed: WhisperX gave up, or does not know the language.
        """
        worker = client.worker("whisperx")
        settings = Settings.load()
        still = part(progress, 0.0, 0.0)
        diarizer = str(weights.location("pyannote", still)) if self.tells_speakers else None
        params: dict[str, Any] = {
            "model": str(weights.location(settings.whisper_model, still)),
            "aligners": _aligners(language, still),
            "diarizer": diarizer,
            "device": "cpu" if settings.device == "mps" else settings.device,
            "threads": client.processor_count(),
            "scratch": str(environments.environment("whisperx").folder / "cache"),
        }
        phrases: list[Phrase] = []
        known = 0
        for start_s, samples in _pieces(sound, _PIECE_WITH_SPEAKERS_S if diarizer else _PIECE_S):
            seconds = len(samples) / RATE_HZ
            share = part(progress, *(min(t / max(sound.seconds, 1e-3), 1.0) for t in (start_s, start_s + seconds)))
            with client.private_folder() as folder:
                np.save(folder / "sound.npy", samples)
                heard = worker.request(
                    "transcribe",
                    params | {"sound": str(folder / "sound.npy"), "language": language},
                    progress=share,
                    timeout_s=_LOAD_S + _SLOWEST * seconds,
                )
            words = _words(heard, start_s)
            if words and language is None:
                language = str(heard["language"])
            phrases += _phrases(words, known)
            known = len({phrase.speaker for phrase in phrases}) if diarizer else 0
        return Transcript(tuple(phrases), language or "en")


def _aligners(language: str | None, progress: Progress) -> dict[str, str]:
    """Folders of the alignment models that are there, by language."""
    names = [row.name for row in weights.rows() if row.name.startswith("align_")]
    wanted = [name for name in names if language in (None, name.removeprefix("align_"))]
    return {
        name.removeprefix("align_"): str(weights.location(name, progress))
        for name in wanted
        if not weights.missing((name,))
    }


def _words(heard: dict[str, Any], start_s: float) -> list[tuple[Word, str, float]]:
    """Word, name of the speaker and confidence."""
    try:
        return [
            (Word(str(text), start_s + start, start_s + max(end, start + _SHORTEST_S)), str(speaker), float(confidence))
            for text, start, end, speaker, confidence in heard["words"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise EngineFailed("WhisperX gave a transcript that makes no sense; try again.") from error


def _phrases(words: Iterable[tuple[Word, str, float]], known: int) -> Iterator[Phrase]:
    """Phrases of one speaker each; speakers are numbered from ``known`` + 1 in the order in which they speak."""
    names: dict[str, str] = {}
    for speaker, run in itertools.groupby(words, key=lambda heard: heard[1]):
        name = names.setdefault(speaker, f"speaker-{known + len(names) + 1}")
        same = list(run)
        yield from phrases_of([word for word, _, _ in same], speaker=name, confidences=[sure for _, _, sure in same])


def _pieces(sound: Sound, longest_s: float) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """The recording at 16 kHz as (start in seconds, (n,) samples), cut at the quietest place near a piece's end."""
    longest, search = round(longest_s * RATE_HZ), round(_SEARCH_S * RATE_HZ)
    start = 0
    waiting: list[NDArray[np.float32]] = []
    for block in sound.mono(RATE_HZ):
        waiting.append(block)
        if sum(map(len, waiting)) > longest:
            samples = np.concatenate(waiting)
            cut = longest - search + _quietest(samples[longest - search : longest])
            yield start / RATE_HZ, samples[:cut]
            start, waiting = start + cut, [samples[cut:]]
    if waiting and len(rest := np.concatenate(waiting)):
        yield start / RATE_HZ, rest


def _quietest(samples: NDArray[np.float32]) -> int:
    """Middle of the stretch of ``_QUIET_S`` with the least energy."""
    width = round(_QUIET_S * RATE_HZ)
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return int(np.argmin(energy[width:] - energy[:-width])) + width // 2
