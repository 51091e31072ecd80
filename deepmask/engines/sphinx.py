"""Speech to text by PocketSphinx, whose English model lies in its package: small, offline, and often wrong.

About every third word of free speech is another one, so its transcripts are shown for correction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from deepmask.errors import EngineFailed
from deepmask.media.sound import Sound
from deepmask.progress import Progress, silent
from deepmask.timing import phrases_of
from deepmask.transcript import Transcript, Word

_RATE_HZ = 16_000
_FRAMES_PER_S = 100
_LONGEST = 600
"""Frames of 30 ms after which speech that does not pause is handed to the recogniser."""
_OPENING, _OPENED_BY = 12, 4
_CLOSING, _CLOSED_BY = 16, 1
"""Frames looked back at, and how many of them are speech where an utterance begins, or ends."""
_QUIET_S = 0.2
_QUIET = bytes(2 * round(_QUIET_S * _RATE_HZ))
"""The model expects a little silence around an utterance."""
_LOUD = 0.1
"""Quieter recordings are made louder before: the voice detector was made for that level (RMS of the loud parts)."""


@dataclass(frozen=True)
class _Heard:
    word: Word
    confidence: float


class Sphinx:
    """Transcriber of English."""

    languages: tuple[str, ...] = ("en",)
    tells_speakers = False
    hears_machines = False
    """It misses half to four fifths of what espeak-ng says."""

    def transcribe(self, sound: Sound, *, language: str | None = None, progress: Progress = silent) -> Transcript:
        """All phrases with the times of their words; empty where nobody speaks.

        Raises:
            EngineFailed: another language than English.
        """
        if language not in (None, "en"):
            raise EngineFailed(
                f"PocketSphinx understands English only, not {language!r}; "
                "run: deepmask engines install whisperx, or convert the voice instead of speaking the text anew."
            )
        decoder = pocketsphinx.Decoder(samprate=float(_RATE_HZ), loglevel="FATAL")
        heard: list[_Heard] = []
        for start_s, speech in _utterances(_frames_of(sound), progress, sound.seconds):
            heard += _recognised(decoder, speech, start_s)
        words = [h.word for h in heard]
        return Transcript(tuple(phrases_of(words, confidences=[h.confidence for h in heard])), "en")


def _frames_of(sound: Sound) -> Iterator[NDArray[np.int16]]:
    """16-bit mono blocks of a second at a level the recogniser likes."""
    gain = _gain(sound)
    for block in sound.mono(_RATE_HZ, 1.0):
        yield np.clip(block * gain * 32_767, -32_768, 32_767).astype(np.int16)


def _gain(sound: Sound) -> float:
    """What brings the loud parts of a quiet recording to the usual level; from its first minutes."""
    levels = []
    for k, block in enumerate(sound.blocks(1.0)):
        levels.append(float(np.sqrt(np.mean(np.square(block)))))
        if k >= 180:
            break
    loud = float(np.percentile(levels, 90)) if levels else 0.0
    return min(max(_LOUD / loud, 1.0), 30.0) if loud > 1e-4 else 1.0


def _utterances(
    blocks: Iterator[NDArray[np.int16]], progress: Progress, seconds: float
) -> Iterator[tuple[float, bytes]]:
    """Where somebody speaks: the time it starts and 16-bit samples of at most ``_LONGEST`` frames."""
    vad = pocketsphinx.Vad(sample_rate=_RATE_HZ)
    gate = _Gate()
    waiting, frame_s = b"", vad.frame_length
    at = 0
    for block in blocks:
        waiting += block.tobytes()
        while len(waiting) >= vad.frame_bytes:
            frame, waiting = waiting[: vad.frame_bytes], waiting[vad.frame_bytes :]
            at += 1
            if speech := gate.pass_on(frame, vad.is_speech(frame)):
                yield (at - len(speech)) * frame_s, b"".join(speech)
        progress(min(at * frame_s / max(seconds, at * frame_s, frame_s), 1.0), "Listening")
    if speech := gate.close():
        yield (at - len(speech)) * frame_s, b"".join(speech)


class _Gate:
    """Opens when a good part of the last third of a second was speech, closes after half a second with next to none.

    PocketSphinx has an Endpointer; it opens only on nine tenths of speech and so loses beginnings.
    """

    def __init__(self) -> None:
        self._before: deque[tuple[bytes, bool]] = deque(maxlen=_OPENING)
        self._recent: deque[bool] = deque(maxlen=_CLOSING)
        self._speech: list[bytes] | None = None

    def pass_on(self, frame: bytes, is_speech: bool) -> list[bytes] | None:
        """Take the next frame; the frames of an utterance that ends with it, if one does."""
        if self._speech is None:
            self._before.append((frame, is_speech))
            if sum(speech for _, speech in self._before) >= _OPENED_BY:
                self._speech = [before for before, _ in self._before]
                self._before.clear()
                self._recent.clear()
            return None
        self._speech.append(frame)
        self._recent.append(is_speech)
        silent_now = len(self._recent) == _CLOSING and sum(self._recent) <= _CLOSED_BY
        at_a_pause = len(self._speech) > 0.75 * _LONGEST and not any(list(self._recent)[-3:])
        return self.close() if silent_now or at_a_pause or len(self._speech) >= _LONGEST else None

    def close(self) -> list[bytes] | None:
        """The frames of the utterance that is not over yet, if there is one."""
        speech, self._speech = self._speech, None
        return speech


def _recognised(decoder: pocketsphinx.Decoder, speech: bytes, start_s: float) -> Iterator[_Heard]:
    decoder.start_utt()
    decoder.process_raw(_QUIET + speech + _QUIET, full_utt=True)
    decoder.end_utt()
    start_s -= _QUIET_S
    for segment in decoder.seg() or ():
        text = segment.word.partition("(")[0]  # 'the(2)' is another pronunciation
        if not text or text.startswith(("<", "[", "+")):  # silence, noise
            continue
        begin, end = segment.start_frame / _FRAMES_PER_S, (segment.end_frame + 1) / _FRAMES_PER_S
        word = Word(text, round(max(start_s + begin, 0.0), 3), round(start_s + end, 3))
        yield _Heard(word, min(float(segment.prob), 1.0))
