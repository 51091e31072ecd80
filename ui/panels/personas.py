"""The Personas tab: a prompt gives drafts, one is adjusted, named and kept; a portrait can be imported."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.errors import DeepmaskError, InputError
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.progress import part
from pipelines import avatar
from ui import pictures
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels.persona_adjust import Adjust
from ui.panels.shared import ACCEPTED, App, empty_state, heading, named, note, scroll_to
from ui.session import Session

EXAMPLES = {
    "Office employee": "a good young indian office employee, black hair, male",
    "Ginger curls": "friendly woman in her forties, curly ginger hair, freckles, round glasses",
    "White beard": "old man with a white beard, kind, cardigan, at home",
    "Blue bob": "cool young woman, blue bob, hoodie, night",
}
"""Label of a chip → the prompt it writes."""
STYLES = [("Painted", "painter"), ("Illustrated", "illustrated")]
BATCH = 4


class PersonasPanel:
    """Builds the tab; every event changes the session or the vault and shows the whole tab from them."""

    def __init__(self, app: App) -> None:
        self._app = app
        with gr.Row(elem_classes="dm-desk"):
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_prompt()
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self.waiting = gr.HTML(
                    empty_state("Four faces from one sentence", "Describe somebody, then choose the face you like."),
                    padding=False,
                )
                self.drafts = gr.Gallery(
                    show_label=False, columns=4, rows=1, height="auto", allow_preview=False, object_fit="cover",
                    buttons=[], container=False, visible=False, elem_id="drafts", elem_classes="dm-drafts",
                )  # fmt: skip
                self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
                with gr.Row(elem_classes="dm-quiet"):
                    self.more = gr.Button("Four more", size="sm", visible=False, elem_id="more-drafts")
                    self.stop = gr.Button("Stop", size="sm", visible=False)
                self._build_draft()
        self._build_vault()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)] + self.adjust.components
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_prompt(self) -> None:
        gr.HTML(heading("Make a persona", "A face that belongs to nobody, painted on this computer."), padding=False)
        self.prompt = gr.Textbox(
            label="Describe a person",
            lines=2,
            max_lines=4,
            placeholder=EXAMPLES["Office employee"],
            max_length=500,
            elem_id="prompt",
        )
        with gr.Row(elem_classes="dm-chips"):
            self._chips = [gr.Button(label, size="sm") for label in EXAMPLES]
        with gr.Row(elem_classes="dm-tight"):
            self.style = gr.Radio(
                STYLES, value="painter", label="Style", min_width=190, elem_id="style", elem_classes="dm-switch"
            )
            self.seed = gr.Number(
                0, label="Seed", precision=0, minimum=0, min_width=120,
                elem_id="seed",
            )  # fmt: skip
        self.create = gr.Button("Create", variant="primary", size="lg", elem_id="create")
        self.words = gr.HTML("", padding=False)

    def _build_draft(self) -> None:
        with gr.Row(visible=False, elem_classes="dm-chosen") as self.chosen:
            with gr.Column(scale=1, min_width=240):
                self.portrait = gr.Image(
                    show_label=False, interactive=False, buttons=[], container=False, elem_id="portrait",
                    elem_classes="dm-portrait",
                )  # fmt: skip
                self.name = gr.Textbox(
                    label="Name", placeholder="Maya", max_lines=1, max_length=60, elem_id="persona-name"
                )
                self.keep = gr.Button("Keep this persona", variant="primary", elem_id="keep")
            with gr.Column(scale=1, min_width=280):
                self.adjust = Adjust()

    def _build_vault(self) -> None:
        gr.HTML(heading("Your personas"), elem_classes="dm-section", padding=False)
        self.nobody = gr.HTML(
            empty_state("None yet", "A persona you keep appears here and can mask your photos."), padding=False
        )
        self.damaged = gr.HTML("", padding=False)
        self.vault = gr.Gallery(
            show_label=False, columns=6, height="auto", allow_preview=False, object_fit="cover", buttons=[],
            container=False, elem_id="vault", elem_classes="dm-drafts",
        )  # fmt: skip
        with gr.Group(visible=False, elem_classes="dm-editor") as self.editor:
            self.about = gr.HTML("", padding=False)
            with gr.Row(elem_classes="dm-tight"):
                self.new_name = gr.Textbox(label="Name", max_lines=1, max_length=60, scale=3, min_width=160)
                self.rename = gr.Button("Rename", size="sm", scale=1, min_width=90)
                self.remove = gr.Button("Remove", size="sm", scale=1, min_width=90, elem_id="remove-persona")
                self.sure = gr.Button(
                    "Remove for good", variant="stop", size="sm", scale=1, min_width=130, visible=False,
                    elem_id="remove-for-good",
                )  # fmt: skip
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
                self.import_bar = gr.HTML("", visible=False, elem_classes="dm-progress")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state = self._app.state
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"
        }  # fmt: skip
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        asked = [state, self.prompt, self.seed, self.style]
        work = worker(self.show)
        for chip in self._chips:
            chip.click(EXAMPLES.get, chip, self.prompt, show_progress="hidden", queue=False)
        for listener in (self.create.click, self.prompt.submit):
            self._busy(listener).then(work(self._on_create), asked, **slow)
        self._busy(self.more.click).then(work(self._on_more), asked, **slow)
        self._busy(self.style.input).then(work(self._on_style), [state, self.style], **slow)
        self.stop.click(Session.stop, [state], None, queue=False)
        self.drafts.select(self._on_draft, [state], **fast).then(None, js=scroll_to("#portrait"))
        self.adjust.on_change(partial(self._wire_control, work, slow))
        self.keep.click(work(self._on_keep), [state, self.name], **fast)
        self.name.submit(work(self._on_keep), [state, self.name], **fast)
        self.vault.select(self._on_persona, [state], **fast)
        self.rename.click(work(self._on_rename), [state, self.new_name], **fast)
        self.remove.click(
            lambda: {self.sure: gr.update(visible=True), self.remove: gr.update(visible=False)}, None,
            [self.sure, self.remove], show_progress="hidden", queue=False,
        )  # fmt: skip
        self.sure.click(work(self._on_remove), [state], **fast)
        self.upload.upload(self._on_upload, [state, self.upload], [self.upload, self.uploaded], show_progress="hidden")
        self.upload.change(
            lambda file: gr.update() if file else gr.update(visible=False), self.upload, self.uploaded,
            show_progress="hidden", queue=False,
        )  # fmt: skip
        self.bring.click(
            lambda: gr.update(visible=True), None, self.import_bar, queue=False, show_progress="hidden"
        ).then(
            work(self._on_import), [state, self.upload, self.upload_name, self.attest],
            **{**slow, "show_progress_on": self.import_bar},
        )  # fmt: skip

    def _wire_control(
        self, work: Any, slow: dict[str, Any], listener: Any, component: Any, field: str, clean: Any
    ) -> None:
        def redraw(session: Session, value: Any, bar: gr.Progress = BAR) -> None:
            self._redraw(session, progress_of(session, bar), **{field: clean(value)})

        listener(
            work(redraw), [self._app.state, component],
            **{**slow, "show_progress_on": self.portrait, "trigger_mode": "always_last"},
        )  # fmt: skip

    def _busy(self, listener: Any) -> Any:
        """Before long work: show the bar and the button that stops it; another batch cannot be asked for meanwhile."""
        return listener(
            lambda: {self.bar: gr.update(visible=True), self.stop: gr.update(visible=True),
                     self.create: gr.update(interactive=False), self.more: gr.update(interactive=False)},
            None, [self.bar, self.stop, self.create, self.more], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _on_create(self, session: Session, prompt: str, seed: float, style: str, bar: gr.Progress = BAR) -> None:
        if not prompt.strip():
            raise InputError("Describe a person first; a few words are enough.")
        options = avatar.AvatarOptions(engine=style, count=BATCH)
        session.drafts = avatar.create(prompt, int(seed or 0), options, progress=progress_of(session, bar))
        session.draft = None

    def _on_more(self, session: Session, prompt: str, seed: float, style: str, bar: gr.Progress = BAR) -> None:
        last = max((d.seed for d in session.drafts), default=int(seed or 0) - 1)
        options = avatar.AvatarOptions(engine=style, count=BATCH)
        session.drafts += avatar.create(prompt, last + 1, options, progress=progress_of(session, bar))

    def _on_style(self, session: Session, style: str, bar: gr.Progress = BAR) -> None:
        """The same people in the other style."""
        progress, chosen = progress_of(session, bar), session.draft
        count = len(session.drafts) + (chosen is not None)
        steps = [part(progress, n / count, (n + 1) / count) for n in range(count)]
        if chosen is not None:
            chosen = avatar.redraw(chosen, engine=style, progress=steps.pop())
        drafts = [avatar.redraw(d, engine=style, progress=p) for d, p in zip(session.drafts, steps, strict=True)]
        session.drafts, session.draft = drafts, chosen

    @guarded
    def _on_draft(self, session: Session, event: gr.SelectData) -> Updates:
        session.touch()
        session.draft = session.drafts[event.index]
        return self.show(session)

    def _redraw(self, session: Session, progress: Any, **values: Any) -> None:
        if session.draft is not None:
            attributes = session.draft.attributes.changed(**values)
            session.draft = avatar.redraw(session.draft, attributes, progress=progress)

    def _on_keep(self, session: Session, name: str) -> Updates:
        if session.draft is None:
            raise InputError("Choose one of the faces first.")
        persona = avatar.keep(session.draft, named(name), self._app.vault)
        session.draft, session.persona = None, persona.id
        gr.Info(f"{escape(persona.name)} is kept and can mask your photos now.", duration=5)
        return {self.name: ""}

    @guarded
    def _on_persona(self, session: Session, event: gr.SelectData) -> Updates:
        session.touch()
        session.persona = self._app.vault.personas()[event.index].id
        return self.show(session)

    def _on_rename(self, session: Session, name: str) -> None:
        if session.persona is not None:
            self._app.vault.rename(self._app.vault.persona(session.persona), named(name))

    def _on_remove(self, session: Session) -> None:
        if session.persona is not None:
            self._app.vault.remove(self._app.vault.persona(session.persona))
        session.persona = None

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
        session.persona = avatar.import_portrait(portrait, name, self._app.vault, attested=True).id
        Path(file).unlink(missing_ok=True)
        return {self.upload: None, self.uploaded: gr.update(visible=False), self.upload_name: "", self.attest: False}

    @guarded
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

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show the vault as it is when the user comes to this tab."""
        tab.select(worker(self.show)(self._on_tab), [self._app.state], self._outputs, show_progress="hidden")

    def _on_tab(self, session: Session) -> Updates:
        session.touch()
        return {self.damaged: note(" ".join(self._app.vault.damaged()), "warn")}

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as session and vault have it."""
        drafts = [(session.picture(d.portrait, "draft"), f"Seed {d.seed}") for d in session.drafts]
        draft = session.draft
        chosen = next((n for n, d in enumerate(session.drafts) if draft is not None and d.seed == draft.seed), None)
        updates: Updates = {
            self.bar: gr.update(visible=False),
            self.import_bar: gr.update(visible=False),
            self.stop: gr.update(visible=False),
            self.create: gr.update(interactive=True),
            self.waiting: gr.update(visible=not drafts),
            self.drafts: gr.update(
                value=drafts, visible=bool(drafts), selected_index=chosen, elem_classes=_classes(chosen)
            ),
            self.more: gr.update(visible=bool(drafts), interactive=True),
            self.words: _not_understood(session),
            self.chosen: gr.update(visible=draft is not None),
        }
        if draft is not None:
            updates[self.portrait] = session.picture(draft.portrait, "portrait")
            updates |= self.adjust.show(draft.attributes)
        return updates | self._show_vault(session)

    def _show_vault(self, session: Session) -> Updates:
        personas = self._app.vault.personas()
        shown = [(session.picture(p.portrait, "persona"), p.name) for p in personas]
        index, persona = next(((n, p) for n, p in enumerate(personas) if p.id == session.persona), (None, None))
        return {
            self.nobody: gr.update(visible=not personas),
            self.vault: gr.update(
                value=shown, visible=bool(personas), selected_index=index, elem_classes=_classes(index)
            ),
            self.editor: gr.update(visible=persona is not None),
            self.about: "" if persona is None else _about(persona),
            self.new_name: "" if persona is None else persona.name,
            self.remove: gr.update(visible=True),
            self.sure: gr.update(visible=False),
        }


def _classes(selected: int | None) -> list[str]:
    return ["dm-drafts", *(["dm-unselected"] if selected is None else [])]


def _not_understood(session: Session) -> str:
    words = session.drafts[0].unknown if session.drafts else ()
    return note(f"Not understood and left out: {', '.join(words)}.") if words else ""


def _about(persona: Persona) -> str:
    made = {"import": "Imported portrait", "painter": "Painted", "illustrated": "Illustrated"}
    told = f": “{persona.prompt}”, seed {persona.seed}" if persona.attributes is not None and persona.prompt else ""
    return f"<b>{escape(persona.name)}</b><br>{escape(made.get(persona.engine, persona.engine) + told)}"
