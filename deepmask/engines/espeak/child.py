"""espeak-ng in a process of its own: its library keeps one global state, and a crash ends this process only.

Started as a script with the name of the library in the folder it is started in, beside its data; needs nothing but
the standard library. One request is a line of JSON on stdin, one answer a line of JSON on stdout followed by as many
bytes as it says:

    {"voice": PATH, "text": "...", "words_per_minute": 175}
    {"rate_hz": 22050, "bytes": 88200}   and then 16-bit mono samples
    {"error": "..."}
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any, BinaryIO

_SYNCHRONOUS = 2
"""AUDIO_OUTPUT_SYNCHRONOUS of espeak-ng's speak_lib.h; the names below are from there too."""
_CHARS_UTF8, _ENDPAUSE = 1, 0x1000
_RATE, _VOLUME = 1, 2
_VOLUME_PERCENT = 70
"""At 100 the lowest formants of large persons clip."""
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Library:
    """The few functions of espeak-ng that we use."""

    def __init__(self, name: str) -> None:
        self._espeak = ctypes.CDLL(os.path.abspath(name))
        self._espeak.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        self.rate_hz = self._espeak.espeak_Initialize(_SYNCHRONOUS, 0, b".", 0)  # paths may have 160 characters
        if self.rate_hz <= 0:
            raise RuntimeError("espeak-ng does not start")
        self._samples = bytearray()
        self._callback = _Callback(self._collect)
        self._espeak.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        return 0

    def speak(self, voice: str, text: str, words_per_minute: int) -> bytes:
        """16-bit mono samples."""
        self._samples.clear()
        if self._espeak.espeak_ng_SetVoiceByFile(voice.encode()) != 0:
            raise RuntimeError("espeak-ng does not take the voice")
        self._espeak.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._espeak.espeak_SetParameter(_VOLUME, _VOLUME_PERCENT, 0)
        data = text.encode("utf-8") + b"\0"
        if self._espeak.espeak_Synth(data, len(data), 0, 1, 0, _CHARS_UTF8 | _ENDPAUSE, None, None) != 0:
            raise RuntimeError("espeak-ng does not speak")
        return bytes(self._samples)


def serve(library: Library, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until stdin ends."""
    for line in requests:
        request = json.loads(line)
        try:
            sound = library.speak(request["voice"], request["text"], request["words_per_minute"])
        except RuntimeError as error:
            answers.write(json.dumps({"error": str(error)}).encode() + b"\n")
        else:
            answers.write(json.dumps({"rate_hz": library.rate_hz, "bytes": len(sound)}).encode() + b"\n" + sound)
        answers.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    serve(Library(sys.argv[1]), sys.stdin.buffer, answers)
