"""What the Protect and Detect tabs show of their files: HTML, and the strip of thumbnails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import gradio as gr
import numpy as np

from ui import pictures
from ui.panels.shared import note
from ui.panels.voice_view import clock
from ui.pieces import Piece
from ui.protect_desk import Job

JOBS: dict[Job, tuple[str, str, str, str]] = {
    "seal": (
        "Seal",
        "Proves that a photo is yours",
        "Anybody with your public key can tell whether a single pixel was changed since, and where. You get the "
        "original back bit for bit.",
        "Holds in lossless files only: saving as JPEG, resizing or sending by a messenger destroys it.",
    ),
    "tag": (
        "Tag",
        "Finds it again after copies and deepfakes",
        "An invisible number in every part of a photo or video survives JPEG, resizing, crops and a swapped face, and "
        "shows where something was replaced.",
        "It proves nothing by itself: whoever has the key can copy it, so it points to a signed record of yours.",
    ),
    "cloak": (
        "Cloak",
        "Makes faces harder to match",
        "Small changes of the face mislead networks that recognise people. Show me tells which, after JPEG and at half "
        "size, too.",
        "It works against the networks in the table and often fails after JPEG; to others it promises nothing.",
    ),
}
"""Name, purpose, what it does, what it does not do."""

P = TypeVar("P", bound=Piece)


def cards() -> str:
    """The three jobs side by side, before a file is there."""
    rows = "".join(
        f"<li><h3>{name}</h3><b>{purpose}</b><p>{does}</p><p>{lacks}</p></li>"
        for name, purpose, does, lacks in JOBS.values()
    )
    return f'<ul class="dm-jobs">{rows}</ul>'


def told(job: Job) -> str:
    """What the chosen job does and does not do."""
    _, _, does, lacks = JOBS[job]
    return f'<div class="dm-told"><p>{does}</p><p>{lacks}</p></div>'


def title(piece: Piece) -> str:
    """Name and kind of the file, or why it cannot be used."""
    name = f"<strong>{escape(piece.name)}</strong>"
    if piece.problem:
        return f"{name}{note(piece.problem, 'warn')}"
    if piece.clip is None:
        return name
    wide, high = piece.clip.size_wh
    return f"{name}<span>{clock(piece.clip.seconds)} · {wide} × {high}</span>"


def film(path: Path) -> str:
    """A video to be played."""
    return (
        f'<figure class="dm-player dm-bare"><video src="gradio_api/file={quote(str(path))}" preload="metadata" '
        'controls playsinline></video><p class="dm-sorry">This browser cannot play it; download it instead.</p>'
        "</figure>"
    )


def strip(pieces: Sequence[P], current: int, state: Callable[[P], str]) -> Any:
    """The files on the desk, when there are several; ``state`` says a word about each."""
    if len(pieces) < 2:
        return gr.update(value=[], visible=False)
    return gr.update(value=[(_thumb(one), state(one)) for one in pieces], visible=True, selected_index=current)


def _thumb(piece: Piece) -> str:
    if not piece.thumb.is_file() and piece.folder.is_dir():
        pictures.write(np.full((96, 96, 3), 203, np.uint8), piece.thumb)
    return str(piece.thumb)
