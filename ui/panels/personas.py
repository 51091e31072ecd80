"""The Personas tab: a prompt gives drafts, one is adjusted, named and kept; what is kept lies below."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines
from deepmask.errors import EngineFailed, InputError
from deepmask.progress import part
from pipelines import avatar
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.live import Stage, live
from ui.panels.persona_adjust import Adjust
from ui.panels.persona_import import ImportForm
from ui.panels.persona_vault import VaultPart, edit
from ui.panels.persona_wishes import WishesForm, styles
from ui.panels.shared import App, empty_state, heading, named, note, scroll_to
from ui.session import Session

EXAMPLES = {
    "Office employee": "a good young indian office employee, black hair, male",
    "Ginger curls": "friendly woman in her forties, curly ginger hair, freckles, round glasses",
    "White beard": "old man with a white beard, kind, cardigan, at home",
    "Blue bob": "cool young woman, blue bob, hoodie, night",
}
"""Label of a chip → the prompt it writes."""
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
                self.frame = gr.HTML("", visible=False, padding=False, elem_id="painting")
                with gr.Row(elem_classes="dm-quiet"):
                    self.more = gr.Button("Four more", size="sm", visible=False, elem_id="more-drafts")
                    self.stop = gr.Button("Stop", size="sm", visible=False, elem_id="stop-painting")
                self._build_draft()
        self._kept = VaultPart(app)
        self._import = ImportForm(app)
        own = [v for v in vars(self).values() if isinstance(v, Block)]
        parts = [*self.adjust.components, *self._kept.components, *self._import.components]
        self._outputs = [*own, *self._wishes.components, *parts]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_prompt(self) -> None:
        gr.HTML(heading("Make a persona", "A face that belongs to nobody, made on this computer."), padding=False)
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
                styles(), value="painter", label="Style", min_width=190, elem_id="style", elem_classes="dm-switch"
            )
            self.seed = gr.Number(
                0, label="Seed", precision=0, minimum=0, min_width=90,
                elem_id="seed",
            )  # fmt: skip
        self._wishes = WishesForm(self._app)
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
                self.fixed = gr.HTML(
                    note(
                        "This face follows the words. For somebody else change them, or the seed; once kept, its "
                        "expression, clothes and surroundings can be varied."
                    ),
                    visible=False, padding=False,
                )  # fmt: skip
                with gr.Column() as self.adjusting:
                    self.adjust = Adjust()

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state = self._app.state
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        asked = [state, self.prompt, self.seed, *self._wishes.controls]
        work, watched = worker(self.show), live(self.show, self._show_drafts, self.frame)
        slow = {**fast, "concurrency_id": "work"}
        for chip in self._chips:
            chip.click(EXAMPLES.get, chip, self.prompt, show_progress="hidden", queue=False)
        for listener in (self.create.click, self.prompt.submit):
            self._busy(listener).then(watched(self._on_create), asked, **slow)
        self._busy(self.more.click).then(watched(self._on_more), asked, **slow)
        self.style.input(watched(self._on_style), [state, self.style], **slow)
        self.stop.click(Session.stop, [state], None, queue=False)
        self.drafts.select(self._on_draft, [state], **fast).then(None, js=scroll_to("#portrait"))
        self.adjust.on_change(partial(self._wire_control, work, slow))
        self.keep.click(work(self._on_keep), [state, self.name], **fast)
        self.name.submit(work(self._on_keep), [state, self.name], **fast)
        self._wishes.wire(work, guarded, self._outputs)
        self._kept.wire(self.show, work, self._outputs)
        self._import.wire(work, self._outputs)

    def _wire_control(
        self, work: Any, slow: dict[str, Any], listener: Any, component: Any, field: str, clean: Any
    ) -> None:
        def redraw(session: Session, value: Any, bar: gr.Progress = BAR) -> None:
            self._redraw(session, progress_of(session, bar), **{field: clean(value)})

        shown = {"show_progress": "full", "show_progress_on": self.portrait, "trigger_mode": "always_last"}
        listener(work(redraw), [self._app.state, component], **{**slow, **shown})

    def _busy(self, listener: Any) -> Any:
        """Before long work: show the button that stops it; another batch cannot be asked for meanwhile."""
        return listener(
            lambda: {self.frame: gr.update(visible=True, value=""), self.stop: gr.update(visible=True),
                     self.create: gr.update(interactive=False), self.more: gr.update(interactive=False),
                     self.style: gr.update(interactive=False)},
            None, [self.frame, self.stop, self.create, self.more, self.style], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _on_create(self, session: Session, prompt: str, seed: float, *wished: Any) -> None:
        if not prompt.strip():
            raise InputError("Describe a person first; a few words are enough.")
        *wishes, stage = wished
        self._paint(session, prompt, int(seed or 0), wishes, stage, fresh=True)

    def _on_more(self, session: Session, prompt: str, seed: float, *wished: Any) -> None:
        *wishes, stage = wished
        last = max((d.seed for d in session.drafts), default=int(seed or 0) - 1)
        self._paint(session, prompt, last + 1, wishes, stage, fresh=False)

    def _paint(self, session: Session, prompt: str, seed: int, wishes: list[Any], stage: Stage, *, fresh: bool) -> None:
        """A batch; each face is on the table as soon as it is finished."""
        options = avatar.AvatarOptions(session.style, BATCH, wishes=self._wishes.wishes(session, *wishes))
        refusals: list[EngineFailed] = []
        drafts = avatar.drafts(
            prompt, seed, options, progress=stage.progress, preview=stage.preview,
            refused=lambda seed, error: refusals.append(error),
        )  # fmt: skip
        for draft in drafts:
            if fresh:
                session.drafts, session.draft, fresh = [], None, False
            session.drafts = [*session.drafts, draft]
            stage.finished()
        if len(refusals) == BATCH:
            raise refusals[0]
        if refusals:
            gr.Info(f"{len(refusals)} of {BATCH} faces are not shown. {escape(str(refusals[0]))}", duration=10)

    def _on_style(self, session: Session, style: str, stage: Stage) -> None:
        """The same people in the other style; one that follows words shows others, so it waits to be asked."""
        session.style = style
        follows_words = {row.name: row.heeds_wishes for row in engines.rows("portrait_painter")}
        drafts, chosen = session.drafts, session.draft
        if follows_words[style] or any(follows_words[d.engine] for d in drafts):
            return
        wanted = drafts if chosen is None else [*drafts, chosen]
        redrawn = []
        for n, draft in enumerate(wanted):
            step = part(stage.progress, n / len(wanted), (n + 1) / len(wanted))
            redrawn.append(avatar.redraw(draft, engine=style, progress=step))
        session.drafts = redrawn[: len(drafts)]
        session.draft = redrawn[-1] if chosen is not None else None

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
        session.draft = None
        if not session.painting:
            edit(session, persona.id)
        gr.Info(f"{escape(persona.name)} is kept and can mask your photos now.", duration=5)
        return {self.name: ""}

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show the vault as it is when the user comes to this tab."""
        tab.select(worker(self.show)(self._on_tab), [self._app.state], self._outputs, show_progress="hidden")

    def _on_tab(self, session: Session) -> Updates:
        session.touch()
        return self._kept.check()

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as session and vault have it."""
        draft, painting = session.draft, session.painting
        updates: Updates = self._show_drafts(session) | {
            self.frame: gr.update(visible=painting),
            self.stop: gr.update(visible=painting),
            self.create: gr.update(interactive=not painting),
            self.style: gr.update(interactive=not painting),
            self.more: gr.update(visible=bool(session.drafts), interactive=not painting),
            self.chosen: gr.update(visible=draft is not None),
        }
        if draft is not None:
            follows_words = draft.wishes is not None
            updates[self.portrait] = session.picture(draft.portrait, "portrait")
            updates[self.fixed] = gr.update(visible=follows_words)
            updates[self.adjusting] = gr.update(visible=not follows_words)
            updates |= self.adjust.show(draft.attributes)
        return updates | self._wishes.show(session) | self._kept.show(session) | self._import.show()

    def _show_drafts(self, session: Session) -> Updates:
        """The faces on the table."""
        drafts = [(session.picture(d.portrait, "draft"), f"Seed {d.seed}") for d in session.drafts]
        draft = session.draft
        chosen = next((n for n, d in enumerate(session.drafts) if draft is not None and d.seed == draft.seed), None)
        classes = ["dm-drafts", *(["dm-unselected"] if chosen is None else [])]
        return {
            self.waiting: gr.update(visible=not drafts),
            self.drafts: gr.update(value=drafts, visible=bool(drafts), selected_index=chosen, elem_classes=classes),
            self.words: _not_understood(session),
        }


def _not_understood(session: Session) -> str:
    words = session.drafts[0].unknown if session.drafts else ()
    return note(f"Not understood and left out: {', '.join(words)}.") if words else ""
