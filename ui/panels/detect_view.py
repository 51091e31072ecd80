"""What the Detect tab shows of several files: HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from deepmask.dossier import Tone
from ui.detect_desk import Suspect
from ui.theme import ASSETS

SCRIPT = (ASSETS / "detect.js").read_text("utf-8")
"""Behaviour of :func:`verdicts`."""
CHIPS: dict[Tone, str] = {"good": "hidden", "info": "kept", "warn": "weak", "bad": "leak"}
"""Colour of a verdict."""
QUESTIONS = (
    ("Was it faked?", "Which pixels were replaced, as a heat map; of a video, when."),
    ("Is it sealed?", "Who sealed it, whether a pixel was changed since, and the original out of it."),
    ("Is it tagged?", "Whose tag it carries, and where it was replaced since."),
    ("What does it say of itself?", "Content credentials: with what it was made, and whether they hold."),
)
HONEST = (
    "Marks are proofs; the detector is a hint. It was taught on few photos and misses fakes of generators it never "
    "saw, so it says Unsure where others guess."
)


def questions() -> str:
    """What is answered, before a file is there."""
    rows = "".join(f"<li><b>{title}</b><p>{words}</p></li>" for title, words in QUESTIONS)
    return f'<ul class="dm-jobs dm-four">{rows}</ul><p class="dm-limit">{HONEST}</p>'


def verdicts(suspects: Sequence[Suspect], current: int) -> str:
    """The files with what was found, to be clicked; empty for a single one."""
    if len(suspects) < 2:
        return ""
    return f'<ul class="dm-verdicts">{"".join(_row(n, one, n == current) for n, one in enumerate(suspects))}</ul>'


def _row(number: int, suspect: Suspect, current: bool) -> str:
    if suspect.problem:
        chip, words = _chip("Unusable", "kept"), suspect.problem
    elif suspect.filed is None:
        chip, words = _chip("Not checked", "kept"), ""
    else:
        chip, words = _chip(suspect.filed.verdict, CHIPS[suspect.filed.tone]), suspect.filed.summary
    picture = f'<img src="{_address(suspect.thumb)}" alt="">' if suspect.thumb.is_file() else "<i></i>"
    return (
        f'<li><button type="button" data-suspect="{number}" class="{"selected" if current else ""}">{picture}'
        f"<b>{escape(suspect.name)}</b>{chip}<span>{escape(words)}</span></button></li>"
    )


def _chip(words: str, colour: str) -> str:
    return f'<em class="dm-chip dm-{colour}">{escape(words)}</em>'


def _address(path: Path) -> str:
    return f"gradio_api/file={quote(str(path))}"
