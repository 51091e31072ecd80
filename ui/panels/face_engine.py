"""Which engine shows personas, and how finely where the engine has a choice: controls that tabs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from deepmask.look import Look
from pipelines import photo
from ui.choices import DETAILS, REGIONS, photoreal_hint, swapper_choices
from ui.events import Updates
from ui.panels.shared import note
from ui.photo_work import restorer_ready


class FaceEngine:
    """Builds the controls where it is made; ``prefix`` keeps the ids of several tabs apart."""

    def __init__(self, prefix: str = "") -> None:
        look = Look()
        self.swapper = gr.Dropdown(
            label="Shows the persona", value="auto", choices=swapper_choices(), interactive=True,
            elem_id=f"{prefix}face-engine",
        )  # fmt: skip
        self.photoreal = gr.HTML("", padding=False, elem_id=f"{prefix}photoreal")
        with gr.Column(visible=False) as self.fine:
            self.detail = gr.Radio(
                DETAILS, value=look.detail_px, label="Detail", info="More is finer and takes longer",
                elem_classes="dm-switch", elem_id=f"{prefix}detail",
            )  # fmt: skip
            self.extent = gr.Radio(
                REGIONS, value=look.region, label="Covers", elem_classes="dm-switch", elem_id=f"{prefix}extent"
            )
            self.restore = gr.Slider(
                0, 1, value=look.restore, step=0.05, label="Sharpening", info="How much a face restorer is mixed in",
                elem_id=f"{prefix}restore",
            )  # fmt: skip

    @property
    def components(self) -> list[Any]:
        """All that :meth:`show` updates."""
        return [self.swapper, self.photoreal, self.fine, self.detail, self.extent, self.restore]

    def wire(self, changed: Callable[..., Any], state: gr.State, **event: Any) -> None:
        """Call ``changed`` with engine, detail, sharpening and extent whenever one of them is changed."""
        chosen = [self.swapper, self.detail, self.restore, self.extent]
        for listener in (self.swapper.input, self.detail.input, self.extent.input, self.restore.release):
            listener(changed, [state, *chosen], **event)

    def show(self, swapper: str, look: Look) -> Updates:
        """The controls as the session has them."""
        row, hint = photo.starting(swapper), photoreal_hint()
        return {
            self.swapper: gr.update(choices=swapper_choices(), value=swapper),
            self.photoreal: gr.update(value=note(hint), visible=bool(hint)),
            self.fine: gr.update(visible=row is not None and row.heeds_look),
            self.detail: look.detail_px,
            self.extent: look.region,
            self.restore: gr.update(value=look.restore, visible=restorer_ready()),
        }
