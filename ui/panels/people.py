"""The People tab: who is recognised in photos, and which persona they get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.roster import Person, Roster, is_encrypted
from pipelines import people
from ui.choices import Choice
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels.shared import ACCEPTED, App, empty_state, heading, note, persona_names
from ui.session import Session

KEEPS = "keep"
"""Menu value of people who keep their face."""
HOW = (
    "Somebody is recognised only when the face is clearly theirs and clearly nobody else's on the list; "
    "in doubt, a face counts as a stranger and is hidden."
)


class PeoplePanel:
    """Builds the tab; every event changes the roster on disk and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        with gr.Row(elem_classes="dm-desk"):
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side") as self.form:
                self._build_form()
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                gr.HTML(heading("People you know", HOW), padding=False)
                self.empty = gr.HTML(
                    empty_state("Nobody yet", "Enrol yourself first: your photos then get your persona by themselves."),
                    padding=False,
                )
                self.list = gr.Radio(show_label=False, container=False, elem_id="people", elem_classes="dm-list")
                self._build_editor()
                self._build_unlock()
                self._build_protection()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_form(self) -> None:
        gr.HTML(heading("Enrol somebody", "One clear photo is enough; three are better."), padding=False)
        self.name = gr.Textbox(label="Name", max_lines=1, max_length=60, elem_id="person-name")
        self.photos = gr.File(
            label="Photos of this person alone", file_count="multiple", file_types=ACCEPTED, height=150,
            elem_id="person-photos", elem_classes="dm-drop",
        )  # fmt: skip
        self.persona = gr.Dropdown(label="In photos this person", interactive=True, elem_id="person-persona")
        self.enrol = gr.Button("Enrol", variant="primary", size="lg", elem_id="enrol")
        self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        gr.HTML(
            note("The photos are not kept: only numbers by which the face is recognised, on this computer."),
            padding=False,
        )

    def _build_editor(self) -> None:
        with gr.Group(visible=False, elem_classes="dm-editor") as self.editor:
            self.policy = gr.Dropdown(label="In photos", interactive=True, elem_id="policy")
            with gr.Row(elem_classes="dm-tight"):
                self.forget = gr.Button("Forget", size="sm", elem_id="forget")
                self.sure = gr.Button(
                    "Forget for good", variant="stop", size="sm", visible=False, elem_id="forget-sure"
                )

    def _build_unlock(self) -> None:
        with gr.Group(visible=False, elem_classes="dm-editor") as self.locked:
            gr.HTML(heading("The list is locked", "Give its passphrase to use it on this page."), padding=False)
            self.key = gr.Textbox(label="Passphrase", type="password", max_lines=1, elem_id="unlock-key")
            self.unlock = gr.Button("Unlock", variant="primary")

    def _build_protection(self) -> None:
        with gr.Accordion("Lock the list with a passphrase", open=False) as self.protection:
            self.protection_state = gr.HTML("", padding=False)
            with gr.Row(elem_classes="dm-tight"):
                self.new_key = gr.Textbox(
                    label="Passphrase", type="password", max_lines=1, scale=3, info="At least 8 characters"
                )
                self.lock = gr.Button("Lock", size="sm", scale=1, min_width=90)
                self.open = gr.Button("Remove the lock", size="sm", scale=1, min_width=130)

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"
        }  # fmt: skip
        self.enrol.click(lambda: gr.update(visible=True), None, self.bar, queue=False, show_progress="hidden").then(
            work(self._on_enrol), [state, self.name, self.photos, self.persona], **slow
        )
        self.photos.upload(_adopt, [state, self.photos], self.photos, show_progress="hidden")
        self.list.input(work(self._on_choose), [state, self.list], **fast)
        self.policy.input(work(self._on_policy), [state, self.policy], **fast)
        self.forget.click(
            lambda: {self.sure: gr.update(visible=True), self.forget: gr.update(visible=False)}, None,
            [self.sure, self.forget], queue=False, show_progress="hidden",
        )  # fmt: skip
        self.sure.click(work(self._on_forget), [state], **fast)
        for listener in (self.unlock.click, self.key.submit):
            listener(work(self._on_unlock), [state, self.key], **fast)
        self.lock.click(work(self._on_lock), [state, self.new_key], **fast)
        self.open.click(work(self._on_open), [state], **fast)

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show the roster as it is when the user comes to this tab."""
        tab.select(worker(self.show)(self._on_tab), [self._app.state], self._outputs, show_progress="hidden")

    def _on_tab(self, session: Session) -> Updates:
        session.touch()
        return {self.persona: gr.update(choices=self._menu(), value=self._menu()[0][1])}

    def _menu(self) -> list[Choice]:
        return [*((f"becomes {name}", id) for id, name in persona_names(self._app).items()), ("stays visible", KEEPS)]

    def _on_enrol(
        self, session: Session, name: str, files: list[str] | None, persona: str, bar: gr.Progress = BAR
    ) -> Updates:
        if not name.strip():
            raise InputError("Give the person a name.")
        limit = self._app.settings.max_megapixels
        photos = [Photo.open(Path(file), max_megapixels=limit) for file in files or []]
        chosen = None if persona == KEEPS else persona
        roster = people.enrol(self._roster(session), name, photos, chosen, progress=progress_of(session, bar))
        roster.save(self._app.vault.folder)
        session.person = roster.person(name).id
        for file in files or []:
            Path(file).unlink(missing_ok=True)
        return {self.name: "", self.photos: None}

    def _on_choose(self, session: Session, id: str) -> None:
        session.touch()
        session.person = id

    def _on_policy(self, session: Session, persona: str) -> None:
        if session.person is not None:
            chosen = None if persona == KEEPS else persona
            self._roster(session).assigned(session.person, chosen).save(self._app.vault.folder)

    def _on_forget(self, session: Session) -> None:
        if session.person is not None:
            self._roster(session).forget(session.person).save(self._app.vault.folder)
        session.person = None

    def _on_unlock(self, session: Session, key: str) -> Updates:
        Roster.load(self._app.vault.folder, key)
        session.passphrase = key
        return {self.key: ""}

    def _on_lock(self, session: Session, key: str) -> Updates:
        roster = self._roster(session)
        if not roster.people:
            raise InputError("Enrol somebody first; an empty list needs no lock.")
        roster.protected(key).save(self._app.vault.folder)
        session.passphrase = key
        return {self.new_key: ""}

    def _on_open(self, session: Session) -> None:
        self._roster(session).protected(None).save(self._app.vault.folder)
        session.passphrase = None

    def _roster(self, session: Session) -> Roster:
        """The roster for changing it: a locked one refuses."""
        return Roster.load(self._app.vault.folder, session.passphrase)

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the roster has it."""
        locked, encrypted = session.locked(self._app.vault), is_encrypted(self._app.vault.folder)
        roster, names = session.roster(self._app.vault), persona_names(self._app)
        menu = self._menu()
        person = next((p for p in roster.people if p.id == session.person), None)
        updates: Updates = {
            self.form: gr.update(visible=not locked),
            self.bar: gr.update(visible=False),
            self.persona: gr.update(choices=menu),
            self.empty: gr.update(visible=not roster.people and not locked),
            self.list: gr.update(
                choices=[(_line(p, names), p.id) for p in roster.people], visible=bool(roster.people),
                value=None if person is None else person.id,
            ),
            self.editor: gr.update(visible=person is not None),
            self.forget: gr.update(visible=True),
            self.sure: gr.update(visible=False),
            self.locked: gr.update(visible=locked),
            self.protection: gr.update(visible=bool(roster.people)),
            self.protection_state: note(
                "The list is encrypted." if encrypted else "The list is readable for whoever uses this account.",
                "good" if encrypted else "info",
            ),
            self.open: gr.update(visible=encrypted),
        }  # fmt: skip
        if person is not None:
            policy = person.persona if person.persona in names else KEEPS if person.persona is None else None
            updates[self.policy] = gr.update(label=f"In photos {person.name}", choices=menu, value=policy)
        return updates


@guarded
def _adopt(session: Session, files: list[str]) -> list[str]:
    return [str(session.adopt(Path(file))) for file in files]


def _line(person: Person, names: dict[str, str]) -> str:
    count = len(person.embeddings)
    photos = "1 photo" if count == 1 else f"{count} photos"
    becomes = "stays visible" if person.persona is None else f"becomes {names.get(person.persona, 'a removed persona')}"
    return f"{person.name}  ·  {becomes}  ·  {photos}"
