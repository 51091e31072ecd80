"""Speech by espeak-ng, a formant synthesiser: quick, offline, in a hundred languages, audibly a machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from functools import cached_property
from pathlib import Path

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
    """Speaks text with a persona's voice in a child process, which is started with the first text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
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
        path = self._voice(voice, language)
        speed = _WORDS_PER_MINUTE
        spoken, rate_hz = self._spoken(path, text, speed)
        if seconds is None:
            return spoken, rate_hz
        for attempt in (1, 2):
            progress(attempt / 3, "Speaking")
            ratio = len(spoken) / rate_hz / seconds
            wanted = round(min(max(speed * ratio, _SLOWEST), _FASTEST))
            if abs(ratio - 1) < _CLOSE_ENOUGH or wanted == speed:
                break
            speed = wanted
            spoken, rate_hz = self._spoken(path, text, speed)
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

    def _spoken(self, voice: Path, text: str, words_per_minute: int) -> tuple[Mono, int]:
        request = {"voice": str(voice), "text": text, "words_per_minute": words_per_minute}
        with self._lock:
            header, data = self._asked(json.dumps(request).encode() + b"\n", _START_S + _S_PER_CHARACTER * len(text))
        samples = np.frombuffer(data, "<i2").astype(np.float32) / 32_768
        spoken = trimmed(samples, header["rate_hz"])
        if not len(spoken):
            raise EngineFailed(f"espeak-ng has no sound for {text!r}; write it in other words.")
        return spoken, header["rate_hz"]

    def _asked(self, request: bytes, limit_s: float) -> tuple[dict[str, int], bytes]:
        """The child's answer; a child that died or hangs is put away and the next text starts another one."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(limit_s, process.kill)
        watch.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            header = json.loads(process.stdout.readline() or b"{}")
            data = process.stdout.read(header.get("bytes", 0))
        except (OSError, ValueError):
            header, data = {}, b""
        finally:
            watch.cancel()
        if "error" in header:
            raise EngineFailed(f"{header['error']}; write the phrase in other words.")
        if not header or len(data) < header["bytes"]:
            process.kill()
            process.wait()
            self._process = None
            raise EngineFailed("espeak-ng broke off while speaking; try again, or write the phrase in other words.")
        return header, data

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            import espeakng_loader

            library = Path(espeakng_loader.get_library_path())
            self._process = subprocess.Popen(
                [sys.executable, "-I", child.__file__, library.name],
                cwd=library.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process
