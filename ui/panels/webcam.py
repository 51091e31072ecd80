"""The Webcam tab: see yourself as others would, masked while you move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.events import Updates, guarded
from ui.panels.shared import App, heading, note
from ui.theme import ASSETS
from ui.webcam_work import WebcamWork, who_choices

PICTURE = (
    '<figure class="dm-webcam"><div><canvas width="640" height="360" aria-label="The masked picture of the camera">'
    '</canvas><svg viewBox="0 0 48 48" aria-hidden="true"><rect x="5" y="13" width="26" height="22" rx="5"/>'
    '<path d="M31 22l11-6v16l-11-6z"/></svg></div>'
    '<figcaption class="dm-webcam-told" role="status"></figcaption></figure>'
)
DETAILS = [("640 px", 640), ("1280 px", 1280)]
HINT = (
    "Every picture is looked at before it is shown. One that could not be looked at is covered as a whole. Nothing is "
    "kept, and the camera is off as soon as you leave the tab."
)


class WebcamPanel:
    """Builds the tab. The page keeps only a ticket; pictures go through a function of the server."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = work = WebcamWork(app.vault)

        def frame(data: Any) -> dict[str, str | int]:
            return work.frame(data)

        with gr.Row(elem_classes="dm-desk"):
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self.live = gr.HTML(
                    html_template=PICTURE,
                    css_template=(ASSETS / "webcam.css").read_text("utf-8"),
                    js_on_load=(ASSETS / "webcam.js").read_text("utf-8"),
                    server_functions=[frame],
                    padding=False,
                    elem_id="webcam",
                )
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                gr.HTML(
                    heading("Your camera, masked", "Pictures go to the computer Deepmask runs on, and nowhere else."),
                    padding=False,
                )
                choices = who_choices(app.vault.personas())
                self.who = gr.Dropdown(
                    choices, value=choices[0][1], label="What is shown", interactive=True, elem_id="webcam-who"
                )
                self.detail = gr.Radio(
                    DETAILS, value=DETAILS[0][1], label="Detail", info="More is finer and takes longer",
                    interactive=True, elem_classes="dm-switch", elem_id="webcam-detail",
                )  # fmt: skip
                self.start = gr.Button("Start the camera", variant="primary", size="lg", elem_id="webcam-start")
                self.stop = gr.Button("Stop", visible=False, elem_id="webcam-stop")
                self.ticket = gr.Textbox(visible="hidden", show_label=False, elem_id="webcam-ticket")
                gr.HTML(note(HINT), padding=False)
        self._wire()

    def _wire(self) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden"}
        started = self.start.click(guarded(self._on_start), [self.who], [self.ticket, self.start, self.stop], **quiet)
        started.success(
            None, [self.ticket, self.detail], None, js="(ticket, width) => window.deepmaskWebcam.start(ticket, width)"
        )
        self.stop.click(None, js="() => window.deepmaskWebcam.stop()")
        self.live.stop(self._on_stop, [self.ticket], [self.start, self.stop], **quiet)
        self.who.input(guarded(self._work.change), [self.ticket, self.who], None, **quiet)

    def refresh_on(self, tab: gr.Tab) -> None:
        """Offer the personas there are now whenever the tab is opened."""
        tab.select(self._on_select, [self.who], [self.who], show_progress="hidden")

    def _on_start(self, who: str) -> Updates:
        return {
            self.ticket: self._work.start(who),
            self.start: gr.update(visible=False),
            self.stop: gr.update(visible=True),
        }

    def _on_stop(self, ticket: str) -> Updates:
        self._work.stop(ticket)
        return {self.start: gr.update(visible=True), self.stop: gr.update(visible=False)}

    def _on_select(self, who: str | None) -> Any:
        choices = who_choices(self._app.vault.personas())
        known = [value for _, value in choices]
        return gr.update(choices=choices, value=who if who in known else known[0])
