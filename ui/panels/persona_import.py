"""A portrait that the user has becomes a persona, with their word that they may use it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.errors import DeepmaskError, InputError
from deepmask.media import Photo
from pipelines import avatar
from ui import pictures
from ui.events import BAR, Updates, guarded, progress_of
from ui.panels.persona_vault import edit
from ui.panels.shared import ACCEPTED, App, named, note
from ui.session import Session


class ImportForm:
    """The accordion 'Use a portrait you have'."""

    def __init__(self, app: App) -> None:
        self._app = app
        with gr.Accordion("Use a portrait you have", open=False), gr.Row():
            with gr.Column(min_width=240):
                self.upload = gr.File(
                    label="Portrait", show_label=False, file_types=ACCEPTED, height=220,
                    elem_id="import-portrait", elem_classes="dm-drop dm-one",
                )  # fmt: skip
                self.uploaded = gr.Image(
                    show_label=False, interactive=False, buttons=[], container=False, visible=False, height=220,
                    elem_id="import-seen", elem_classes="dm-seen",
                )  # fmt: skip
            with gr.Column(min_width=260):
                gr.HTML(note("One face looking at the camera, best without glasses or fringe."), padding=False)
                self.upload_name = gr.Textbox(label="Name", max_lines=1, max_length=60)
                self.attest = gr.Checkbox(label=avatar.ATTESTATION)
                self.bring = gr.Button("Import", elem_id="import")
                self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.components = [v for v in vars(self).values() if isinstance(v, Block)]

    def wire(self, work: Any, outputs: list[Any]) -> None:
        """Connect the form; ``work`` wraps long work."""
        state = self._app.state
        self.upload.upload(
            guarded(self._on_upload), [state, self.upload], [self.upload, self.uploaded], show_progress="hidden"
        )
        self.upload.change(
            lambda file: gr.update() if file else gr.update(visible=False), self.upload, self.uploaded,
            show_progress="hidden", queue=False,
        )  # fmt: skip
        self.bring.click(
            lambda: gr.update(visible=True), None, self.bar, queue=False, show_progress="hidden"
        ).then(
            work(self._on_import), [state, self.upload, self.upload_name, self.attest], outputs,
            show_progress_on=self.bar, concurrency_id="work",
        )  # fmt: skip

    def show(self) -> Updates:
        """The form when nothing is at work."""
        return {self.bar: gr.update(visible=False)}

    def _on_import(
        self, session: Session, file: str | None, name: str, attested: bool, bar: gr.Progress = BAR
    ) -> Updates:
        if not file:
            raise InputError("Choose a portrait picture first.")
        if not attested:
            raise InputError(f"Please confirm first: {avatar.ATTESTATION}")
        named(name)
        progress_of(session, bar)(0.1, "Looking at the portrait")
        portrait = Photo.open(Path(file), max_megapixels=self._app.settings.max_megapixels)
        edit(session, avatar.import_portrait(portrait, name, self._app.vault, attested=True).id)
        Path(file).unlink(missing_ok=True)
        return {self.upload: None, self.uploaded: gr.update(visible=False), self.upload_name: "", self.attest: False}

    def _on_upload(self, session: Session, file: str) -> Updates:
        """Take over a portrait and show it; what is no picture is given back with the reason."""
        path = session.adopt(Path(file))
        try:
            portrait = Photo.open(path, max_megapixels=self._app.settings.max_megapixels)
        except DeepmaskError as error:
            path.unlink(missing_ok=True)
            gr.Warning(escape(str(error), quote=False), duration=12)
            return {self.upload: None, self.uploaded: gr.update(visible=False)}
        shown = session.picture(pictures.preview(portrait.rgb), "import")
        return {self.upload: str(path), self.uploaded: gr.update(value=shown, visible=True)}
