"""Subtitles of what is said: SubRip (.srt) and WebVTT (W3C, .vtt)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deepmask.errors import InputError
from deepmask.files import write_text
from deepmask.transcript import Phrase


def save(phrases: Sequence[Phrase], path: Path) -> None:
    """Write subtitles in the format of the suffix.

    Raises:
        InputError: another suffix than .srt and .vtt.
    """
    texts = {".srt": srt, ".vtt": vtt}
    form = texts.get(path.suffix.lower())
    if form is None:
        raise InputError(f"Subtitles cannot be saved as '{path.suffix}'; use a name that ends in .srt or .vtt.")
    write_text(path, form(phrases))


def srt(phrases: Sequence[Phrase]) -> str:
    """SubRip text."""
    shown = [phrase for phrase in phrases if phrase.text.strip()]
    return "\n".join(f"{n}\n{_span(p, ',')}\n{_line(p)}\n" for n, p in enumerate(shown, 1))


def vtt(phrases: Sequence[Phrase]) -> str:
    """WebVTT text; what looks like markup is escaped."""
    shown = [phrase for phrase in phrases if phrase.text.strip()]
    escaped = [(p, _line(p).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) for p in shown]
    return "\n".join(["WEBVTT\n", *(f"{_span(p, '.')}\n{text}\n" for p, text in escaped)])


def _line(phrase: Phrase) -> str:
    return " ".join(phrase.text.split())


def _span(phrase: Phrase, point: str) -> str:
    return f"{_clock(phrase.start_s, point)} --> {_clock(phrase.end_s, point)}"


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
