"""The switch that all tabs with results share: whether these say that they are masked."""

from __future__ import annotations

from typing import Any

import gradio as gr

from deepmask.config import Settings
from ui.session import Session

_LABEL = "Results say that they are masked"
_PICTURES = "By an invisible tag and content credentials"
_SOUNDS = "By content credentials in the file"


def marking_switch(settings: Settings, id: str, *, sounds: bool = False) -> gr.Checkbox:
    """The switch, for results of one tab."""
    info = _SOUNDS if sounds else _PICTURES
    return gr.Checkbox(settings.provenance, label=_LABEL, info=info, container=False, interactive=True, elem_id=id)


def marking_value(session: Session, settings: Settings) -> Any:
    """The switch as the session has it."""
    return settings.provenance if session.provenance is None else session.provenance
