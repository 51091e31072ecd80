"""The kept personas: all of them, and the chosen one with its name, its pictures and its variations."""

from __future__ import annotations

import zipfile
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines
from deepmask.errors import InputError
from deepmask.files import replacing
from deepmask.media import Photo
from deepmask.persona import Persona
from ui.events import Updates, guarded
from ui.panels.persona_looks import LooksForm
from ui.panels.shared import App, empty_state, heading, named, note
from ui.session import Session


class VaultPart:
    """The lower half of the Personas tab."""

    def __init__(self, app: App) -> None:
        self._app = app
        gr.HTML(heading("Your personas"), elem_classes="dm-section", padding=False)
        self.nobody = gr.HTML(
            empty_state("None yet", "A persona you keep appears here and can mask your photos."), padding=False
        )
        self.damaged = gr.HTML("", padding=False)
        self.vault = gr.Gallery(
            show_label=False, columns=6, height="auto", allow_preview=False, object_fit="cover", buttons=[],
            container=False, elem_id="vault", elem_classes="dm-drafts",
        )  # fmt: skip
        with gr.Row(visible=False, elem_classes="dm-desk dm-card", elem_id="persona") as self.editor:
            with gr.Column(scale=3, min_width=240):
                self._build_facts()
            with gr.Column(scale=8, min_width=300) as self.variations:
                self._looks = LooksForm(app)
        self.components = [v for v in vars(self).values() if isinstance(v, Block)] + self._looks.components

    def _build_facts(self) -> None:
        self.face = gr.Image(
            show_label=False, interactive=False, buttons=[], container=False, elem_id="persona-face",
            elem_classes="dm-portrait",
        )  # fmt: skip
        self.about = gr.HTML("", padding=False, elem_id="about-persona")
        self.new_name = gr.Textbox(label="Name", max_lines=1, max_length=60, elem_id="new-name")
        with gr.Row(elem_classes="dm-quiet"):
            self.rename = gr.Button("Rename", size="sm", elem_id="rename")
            self.export = gr.DownloadButton("Download pictures", size="sm", elem_id="export")
            self.remove = gr.Button("Remove", size="sm", elem_id="remove-persona")
            self.sure = gr.Button(
                "Remove for good", variant="stop", size="sm", visible=False, elem_id="remove-for-good"
            )

    def wire(self, show: Any, work: Any, outputs: list[Any]) -> None:
        """Connect the controls; ``show`` shows the whole tab, ``work`` wraps short work."""
        state = self._app.state
        fast: dict[str, Any] = {"outputs": outputs, "show_progress": "hidden"}
        self.vault.select(guarded(self._on_persona(show)), [state], **fast)
        self.rename.click(work(self._on_rename), [state, self.new_name], **fast)
        self.remove.click(
            lambda: {self.sure: gr.update(visible=True), self.remove: gr.update(visible=False)}, None,
            [self.sure, self.remove], show_progress="hidden", queue=False,
        )  # fmt: skip
        self.sure.click(work(self._on_remove), [state], **fast)
        self._looks.wire(show, work, outputs)

    # --------------------------------------------------------------------------------------------------- events
    def _on_persona(self, show: Any) -> Any:
        def choose(session: Session, event: gr.SelectData) -> Updates:
            session.touch()
            edit(session, self._app.vault.personas()[event.index].id)
            return show(session)

        return choose

    def _on_rename(self, session: Session, name: str) -> None:
        if session.persona is not None:
            self._app.vault.rename(self._app.vault.persona(session.persona), named(name))

    def _on_remove(self, session: Session) -> None:
        if session.persona is not None:
            self._app.vault.remove(self._app.vault.persona(session.persona))
        edit(session, None)

    def check(self) -> Updates:
        """What cannot be read in the vault."""
        return {self.damaged: note(" ".join(self._app.vault.damaged()), "warn")}

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The vault and the chosen persona."""
        personas = self._app.vault.personas()
        shown = [(session.picture(p.portrait, "persona"), p.name) for p in personas]
        index, persona = next(((n, p) for n, p in enumerate(personas) if p.id == session.persona), (None, None))
        classes = ["dm-drafts", *(["dm-unselected"] if index is None else [])]
        updates: Updates = {
            self.nobody: gr.update(visible=not personas),
            self.vault: gr.update(value=shown, visible=bool(personas), selected_index=index, elem_classes=classes),
            self.editor: gr.update(visible=persona is not None),
            self.about: "" if persona is None else _about(persona),
            self.new_name: "" if persona is None else persona.name,
            self.remove: gr.update(visible=True),
            self.sure: gr.update(visible=False),
            self.variations: gr.update(visible=persona is not None and persona.attributes is not None),
        }
        if persona is not None:
            updates[self.face] = session.picture(persona.portrait, "persona")
            updates[self.export] = str(self._archive(session, persona))
        return updates | self._looks.show(session, persona)

    def _archive(self, session: Session, persona: Persona) -> Path:
        """The portrait and the variations: one picture, or all of them in an archive."""
        kept = self._app.vault.variations(persona)
        folder = session.folder / f"export-{persona.id}"
        pictures = {f"{persona.id}.png": persona.portrait} | {f"{persona.id}-{v.id}.png": v.picture for v in kept}
        for name, rgb in pictures.items():
            if not (folder / name).is_file():
                Photo.from_array(rgb, name).save(folder / name)
        if len(pictures) == 1:
            return folder / f"{persona.id}.png"
        path = folder / f"{persona.id}-pictures.zip"
        with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in pictures:
                archive.write(folder / name, name)
        return path


def edit(session: Session, persona: str | None) -> None:
    """Another persona is on the desk; what was made of the one before is put away."""
    if session.painting and persona != session.persona:
        raise InputError("Pictures are being made; wait for them, or stop the work first.")
    if persona != session.persona:
        session.variations, session.variation, session.kept_variation, session.varied = [], None, None, 0
    session.persona = persona


def _about(persona: Persona) -> str:
    rows = {row.name: row.label or row.name for row in engines.rows("portrait_painter")}
    made = {"import": "Imported portrait"} | rows
    told = f": “{persona.prompt}”, seed {persona.seed}" if persona.attributes is not None and persona.prompt else ""
    return f"<b>{escape(persona.name)}</b><br>{escape(made.get(persona.engine, persona.engine) + told)}"
