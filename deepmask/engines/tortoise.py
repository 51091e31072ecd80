"""Text to speech by Tortoise, in an environment of its own.

A persona's voice is drawn once by Tortoise's generator of random conditioning latents, from the seed of the voice and
near its pitch, and kept in ``<home>/latents``; no recording of anybody is involved. Tortoise is slow: on a processor
about twenty times as slow as a speaker (:func:`expected_seconds`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask import config, weights
from deepmask.config import Settings
from deepmask.errors import EngineFailed
from deepmask.files import write_bytes
from deepmask.progress import Progress, part, silent
from deepmask.timing import trimmed
from deepmask.voice import Voice
from deepmask.workers import client

RATE_HZ = 24_000
LONGEST_CHARACTERS = 200
"""Longer texts are spoken sentence by sentence, since Tortoise loses words in them."""
AUDITIONS = 4
"""Random voices among which the one nearest to the wanted pitch is taken."""
CANDIDATES = 3
"""Attempts at a sentence, among which the one nearest to the wanted length is taken."""
_AUDITION_TEXT = "Hello, this is the voice that I would like to have."
_CHARACTERS_PER_S = 14.0
_PAUSE_S = 0.2
_SLOWNESS_CPU = 19.0
"""Seconds of work a second of speech at preset ultra_fast; measured on two cores."""
_SLOWNESS_CUDA = 3.0
_TIMEOUT_S = 4 * 3600.0
_PRESETS = ("auto", "ultra_fast", "fast", "standard", "high_quality")


def expected_seconds(speech_s: float, *, cuda: bool = False) -> float:
    """About how long speaking takes, to be told beforehand; loading the models (a minute) comes on top."""
    return speech_s * (_SLOWNESS_CUDA if cuda else _SLOWNESS_CPU)


class Tortoise:
    """Speaker of English with voices that belong to nobody."""

    languages: tuple[str, ...] = ("en",)

    def speak(
        self,
        text: str,
        voice: Voice,
        *,
        language: str = "en",
        seconds: float | None = None,
        progress: Progress = silent,
    ) -> tuple[NDArray[np.float32], int]:
        """Samples and their rate in Hz; of several attempts the one nearest to ``seconds``.

        Raises:
            EngineMissing: the environment or the weights are not there; the message has the command.
            EngineFailed: another language than English, nothing to say, or Tortoise gave up.
        """
        if language not in self.languages:
            raise EngineFailed(f"Tortoise speaks English only, not {language!r}; choose espeak for other languages.")
        sentences = sentences_of(text)
        if not sentences:
            raise EngineFailed("There is nothing to say; write some words.")
        if (preset := Settings.load().tortoise_preset) not in _PRESETS:
            raise EngineFailed(f"The setting tortoise_preset must be one of {', '.join(_PRESETS)}; got {preset!r}.")
        shared = _shared_params(progress)
        latents = latents_path(voice)
        begin = 0.0
        if not latents.exists():
            begin = 0.5
            _draw(voice, latents, shared, part(progress, 0.0, begin))
        total = sum(map(len, sentences))
        spoken: list[NDArray[np.float32]] = []
        for n, sentence in enumerate(sentences):
            step = part(progress, *(begin + (1.0 - begin) * k / len(sentences) for k in (n, n + 1)))
            wanted = None if seconds is None else seconds * len(sentence) / total
            if spoken:
                spoken.append(np.zeros(round(_PAUSE_S * RATE_HZ), np.float32))
            spoken.append(_say(sentence, voice, latents, wanted, preset, shared, step))
        return np.concatenate(spoken), RATE_HZ


def latents_path(voice: Voice) -> Path:
    """Where the drawn voice of a persona is kept: made once, and the same for all its recordings."""
    revision = weights.weight("tortoise").revision
    key = f"{voice.seed} {voice.pitch_hz:.1f} {revision} {AUDITIONS}"
    return config.home() / "latents" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def sentences_of(text: str) -> list[str]:
    """Pieces of at most ``LONGEST_CHARACTERS``, cut behind sentences, else behind commas, else between words."""
    pieces: list[str] = []
    for piece in re.split(r"(?<=[.!?;])\s+", " ".join(text.split())):
        while len(piece) > LONGEST_CHARACTERS:
            head = piece[:LONGEST_CHARACTERS]
            cut = max(head.rfind(", ") + 1, 0) or head.rfind(" ")
            cut = cut if cut > 0 else LONGEST_CHARACTERS
            pieces.append(piece[:cut].strip())
            piece = piece[cut:].strip()
        if any(character.isalnum() for character in piece):
            pieces.append(piece)
    return pieces


def _draw(voice: Voice, latents: Path, shared: dict[str, Any], progress: Progress) -> None:
    """Draw the voice of a persona, once."""
    seeds = [_number(f"{voice.seed} voice {n}") for n in range(AUDITIONS)]
    with client.private_folder() as folder:
        drawn = folder / "latents.npz"
        params = {"text": _AUDITION_TEXT, "seeds": seeds, "pitch_hz": voice.pitch_hz, "latents": str(drawn)}
        _worker_request("cast", params | shared, progress, "Finding a voice, once")
        write_bytes(latents, drawn.read_bytes(), mode=0o600)


def _say(
    sentence: str, voice: Voice, latents: Path, seconds: float | None, preset: str, shared: dict[str, Any],
    progress: Progress,
) -> NDArray[np.float32]:  # fmt: skip
    cuda = shared["device"] == "cuda"
    about_s = expected_seconds(seconds or len(sentence) / _CHARACTERS_PER_S, cuda=cuda)
    place = "graphics card" if cuda else "processor"
    with client.private_folder() as folder:
        params = {
            "text": sentence,
            "latents": str(latents),
            "seed": _number(f"{voice.seed} {sentence}"),
            "candidates": CANDIDATES,
            "seconds": seconds,
            "preset": None if preset == "auto" else preset,
            "sound": str(folder / "sound.npy"),
        }
        _worker_request("speak", params | shared, progress, f"about {_duration(about_s)} on a {place}")
        samples = np.load(folder / "sound.npy", allow_pickle=False).astype(np.float32)
    return trimmed(samples, RATE_HZ, floor_db=-40.0)


def _worker_request(method: str, params: dict[str, Any], progress: Progress, remark: str) -> None:
    def told(fraction: float, message: str) -> None:
        progress(fraction, f"{message} ({remark})" if message else f"Tortoise ({remark})")

    client.worker("tortoise").request(method, params, progress=told, timeout_s=_TIMEOUT_S)


def _shared_params(progress: Progress) -> dict[str, Any]:
    folder = weights.location("tortoise", part(progress, 0.0, 0.0))
    device = Settings.load().device
    return {"models": str(folder), "device": device, "threads": client.processor_count()}


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
