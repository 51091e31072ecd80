"""What all tabs share: the app they belong to, and small pieces of HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

from deepmask.config import Settings
from deepmask.errors import InputError
from deepmask.vault import Vault
from ui.session import Register

ACCEPTED = ["image", ".heic", ".heif", ".avif", ".webp", ".tif", ".tiff"]
"""What the browser's file chooser offers."""


@dataclass(frozen=True)
class App:
    """What a tab needs to know."""

    settings: Settings
    vault: Vault
    state: gr.State
    """Holds the :class:`Session` of each page."""
    register: Register


def scroll_to(selector: str) -> str:
    """JavaScript that brings a part of the page into view on a phone, where it may be screens away."""
    return (
        f"() => {{ const part = document.querySelector('{selector}'); "
        "if (part && innerWidth < 700) part.scrollIntoView({ behavior: 'smooth', block: 'start' }); }"
    )


def empty_state(title: str, text: str) -> str:
    """HTML for a place where nothing is yet."""
    return f'<div class="dm-empty"><h3>{escape(title)}</h3><p>{escape(text)}</p></div>'


def note(text: str, kind: str = "info") -> str:
    """HTML for a short remark; ``kind`` is 'info', 'good' or 'warn'."""
    return f'<p class="dm-note dm-{kind}">{escape(text)}</p>' if text else ""


def heading(title: str, text: str = "") -> str:
    """HTML for the head of a section."""
    return f'<div class="dm-head"><h2>{escape(title)}</h2>{f"<p>{escape(text)}</p>" if text else ""}</div>'


def named(name: str) -> str:
    """``name``, which must not be empty."""
    if not name.strip():
        raise InputError("Give a name first.")
    return name


def persona_names(app: App) -> dict[str, str]:
    """Names of the vault's personas by id."""
    return {p.id: p.name for p in app.vault.personas()}
