"""Speech by espeak-ng, a formant synthesiser: quick, offline, in a hundred languages, audibly a machine.

Every phrase is spoken by a fresh child process. That costs a twentieth of a second, and what the same voice says is the
same every time: espeak-ng carries the state of its flutter from one text to the next.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.espeak import child
from deepmask.engines.espeak.voices import languages, voice_file
from deepmask.errors import EngineFailed
from deepmask.progress import Progress, silent
from deepmask.timing import tempo_for, trimmed
from deepmask.voice import Voice

_WORDS_PER_MINUTE = 170
_SLOWEST, _FASTEST = 100, 300
"""Words a minute between which espeak-ng sounds like speech."""
_CLOSE_ENOUGH = 0.02
_MOST_CHARACTERS = 5_000
_START_S, _S_PER_CHARACTER = 20.0, 0.05
"""After this long the process is taken for dead; a sentence takes hundredths of a second."""

Mono = NDArray[np.float32]


class Espeak:
    """Speaks text with a persona's voice."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="deepmask-")

    @cached_property
    def _language_files(self) -> dict[str, Path]:
        import espeakng_loader

        return languages(Path(espeakng_loader.get_data_path()))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes."""
        return tuple(sorted(code for code in self._language_files if len(code) == 2))

    def speak(
        self,
        text: str,
        voice: Voice,
        *,
        language: str = "en",
        seconds: float | None = None,
        progress: Progress = silent,
    ) -> tuple[Mono, int]:
        """Samples and their rate in Hz; near ``seconds`` long where that is natural, trimmed of silence.

        The speed is set by the first attempt's length and once more by the second's; what then is missing is made up
        by a change of tempo within the bounds of :mod:`deepmask.timing`.

        Raises:
            EngineFailed: no words, a language espeak-ng does not know, or it gave up.
        """
        text = " ".join(text.replace("\0", " ").split())
        if not any(character.isalnum() for character in text):
            raise EngineFailed(f"There is no word to speak in {text!r}; write some or delete the phrase.")
        if len(text) > _MOST_CHARACTERS:
            raise EngineFailed(f"A phrase of {len(text)} characters is too long; split it.")
        with _Child(self._voice(voice, language), text) as spokesman:
            spoken, rate_hz = _in_time(spokesman, seconds, progress)
        if seconds is None:
            return spoken, rate_hz
        tempo = tempo_for(len(spoken) / rate_hz, seconds)
        if abs(tempo - 1) > 0.005:
            from deepmask.media.tempo import at_tempo

            spoken = at_tempo(spoken, rate_hz, tempo)
        return spoken, rate_hz

    def _voice(self, voice: Voice, language: str) -> Path:
        """The voice file, written once for each voice and language."""
        try:
            description = self._language_files[language].read_text("utf-8")
        except KeyError as error:
            raise EngineFailed(
                f"espeak-ng does not speak the language {language!r}; give its ISO 639-1 code, such as en, de or fr."
            ) from error
        text = voice_file(voice, description)
        path = Path(self._folder.name, hashlib.sha256(text.encode()).hexdigest()[:16])
        if not path.exists():
            path.write_text(text, "utf-8")
        return path


def _in_time(spokesman: _Child, seconds: float | None, progress: Progress) -> tuple[Mono, int]:
    """Spoken at the usual speed, or at the one that comes nearest to ``seconds``."""
    speed = _WORDS_PER_MINUTE
    spoken, rate_hz = spokesman.spoken(speed)
    for attempt in (1, 2):
        if seconds is None:
            break
        progress(attempt / 3, "Speaking")
        ratio = len(spoken) / rate_hz / seconds
        wanted = round(min(max(speed * ratio, _SLOWEST), _FASTEST))
        if abs(ratio - 1) < _CLOSE_ENOUGH or wanted == speed:
            break
        speed = wanted
        spoken, rate_hz = spokesman.spoken(speed)
    return spoken, rate_hz


class _Child:
    """The process that speaks one text; it is put away at the end of the block, however that comes."""

    def __init__(self, voice: Path, text: str) -> None:
        self._voice, self._text = voice, text
        self._limit_s = _START_S + _S_PER_CHARACTER * len(text)

    def __enter__(self) -> Self:
        import espeakng_loader

        library = Path(espeakng_loader.get_library_path())
        self._process = _started([sys.executable, "-I", "-S", child.__file__, library.name], library.parent)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent to a dead process
                    pipe.close()
        self._process.wait()

    def spoken(self, words_per_minute: int) -> tuple[Mono, int]:
        """Samples, trimmed of silence, and their rate.

        Raises:
            EngineFailed: the process died, hangs, or has no sound for the text.
        """
        request = {"voice": str(self._voice), "text": self._text, "words_per_minute": words_per_minute}
        header, data = self._asked(json.dumps(request).encode() + b"\n")
        if "error" in header:
            raise EngineFailed(f"{header['error']}; write the phrase in other words.")
        if not header or len(data) < header["bytes"]:
            raise EngineFailed("espeak-ng broke off while speaking; try again, or write the phrase in other words.")
        spoken = trimmed(np.frombuffer(data, "<i2").astype(np.float32) / 32_768, header["rate_hz"])
        if not len(spoken):
            raise EngineFailed(f"espeak-ng has no sound for {self._text!r}; write it in other words.")
        return spoken, header["rate_hz"]

    def _asked(self, request: bytes) -> tuple[dict[str, int], bytes]:
        """The answer; nothing if the process dies or takes too long."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(self._limit_s, process.kill)
        watch.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            header = json.loads(process.stdout.readline() or b"{}")
            return header, process.stdout.read(header.get("bytes", 0))
        except (OSError, ValueError):
            return {}, b""
        finally:
            watch.cancel()


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
