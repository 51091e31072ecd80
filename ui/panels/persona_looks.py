"""Variations of a kept persona: new pictures are made, compared with the portrait, and kept or not."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines
from deepmask.errors import EngineFailed, InputError
from deepmask.persona import Persona
from deepmask.variation import Variation, VariationKind
from pipelines import avatar
from pipelines.avatar import IDEAS, VariationOptions
from ui.events import Updates, guarded
from ui.live import Stage, live
from ui.panels.shared import App, heading, note
from ui.session import Session

KINDS: list[tuple[str, VariationKind]] = [
    ("Expression", "expression"), ("Setting", "setting"), ("Clothes", "clothing")
]  # fmt: skip


class LooksForm:
    """The kept pictures of the chosen persona, and the form that makes new ones."""

    def __init__(self, app: App) -> None:
        self._app = app
        gr.HTML(heading("Variations", "The same person in another mood, place or dress."), padding=False)
        self.kept = gr.Gallery(
            show_label=False, height="auto", allow_preview=False, object_fit="cover", buttons=[], container=False,
            visible=False, elem_id="looks", elem_classes="dm-drafts dm-small",
        )  # fmt: skip
        with gr.Row(visible=False, elem_classes="dm-quiet") as self.kept_row:
            self.remove = gr.Button("Remove this picture", size="sm", elem_id="remove-look")
        with gr.Row(elem_classes="dm-tight"):
            self.kind = gr.Radio(
                KINDS, value="expression", label="Change", min_width=220, elem_id="vary-kind", elem_classes="dm-switch"
            )
            self.words = gr.Textbox(
                label="To what", placeholder=_placeholder("expression"), max_lines=1, max_length=200, min_width=160,
                elem_id="vary-words",
            )  # fmt: skip
        with gr.Row(elem_classes="dm-quiet"):
            self.vary = gr.Button("Make variations", variant="primary", size="sm", elem_id="vary")
            self.stop = gr.Button("Stop", size="sm", visible=False, elem_id="stop-varying")
        self.frame = gr.HTML("", visible=False, padding=False)
        self.new = gr.HTML('<div class="dm-label">New, not kept yet</div>', visible=False, padding=False)
        self.made = gr.Gallery(
            show_label=False, height="auto", allow_preview=False, object_fit="cover", buttons=[], container=False,
            visible=False, elem_id="variations", elem_classes="dm-drafts dm-small",
        )  # fmt: skip
        self.verdict = gr.HTML("", padding=False, elem_id="verdict")
        with gr.Row(elem_classes="dm-quiet"):
            self.keep = gr.Button("Keep this picture", variant="primary", size="sm", visible=False, elem_id="keep-look")
            self.keep_all = gr.Button("Keep all of them", size="sm", visible=False, elem_id="keep-looks")
        self.components = [v for v in vars(self).values() if isinstance(v, Block)]

    def wire(self, show: Any, work: Any, outputs: list[Any]) -> None:
        """Connect the form; ``show`` shows the whole tab, ``work`` wraps short work."""
        state = self._app.state
        fast: dict[str, Any] = {"outputs": outputs, "show_progress": "hidden"}
        self.kind.change(
            lambda kind: gr.update(placeholder=_placeholder(kind)), self.kind, self.words, queue=False,
            show_progress="hidden",
        )  # fmt: skip
        for listener in (self.vary.click, self.words.submit):
            listener(
                lambda: {self.vary: gr.update(interactive=False), self.stop: gr.update(visible=True),
                         self.frame: gr.update(visible=True)},
                None, [self.vary, self.stop, self.frame], queue=False, show_progress="hidden",
            ).then(
                live(show, self._show_made, self.frame)(self._on_vary), [state, self.kind, self.words],
                concurrency_id="work", **fast,
            )  # fmt: skip
        self.stop.click(Session.stop, [state], None, queue=False)
        self.made.select(guarded(self._on_made(show)), [state], **fast)
        self.kept.select(guarded(self._on_kept(show)), [state], **fast)
        self.keep.click(work(self._on_keep), [state], **fast)
        self.keep_all.click(work(self._on_keep_all), [state], **fast)
        self.remove.click(work(self._on_remove), [state], **fast)

    # --------------------------------------------------------------------------------------------------- events
    def _persona(self, session: Session) -> Persona:
        if session.persona is None:
            raise InputError("Choose one of your personas first.")
        return self._app.vault.persona(session.persona)

    def _on_vary(self, session: Session, kind: VariationKind, words: str, stage: Stage) -> None:
        persona = self._persona(session)
        refusals: list[EngineFailed] = []
        options = VariationOptions(kind, words, session.varied)
        made: list[Variation] = []
        for variation in avatar.variations(
            persona, options, progress=stage.progress, preview=stage.preview,
            refused=lambda seed, error: refusals.append(error),
        ):  # fmt: skip
            made.append(variation)
            session.variations, session.variation = made, None
            stage.finished()
        session.varied += 1
        if refusals and not made:
            raise refusals[0]
        if refusals:
            gr.Info(
                f"{len(refusals)} of {options.count} pictures are not shown. {escape(str(refusals[0]))}", duration=10
            )

    def _on_made(self, show: Any) -> Any:
        def choose(session: Session, event: gr.SelectData) -> Updates:
            session.touch()
            session.variation = event.index
            return show(session)

        return choose

    def _on_kept(self, show: Any) -> Any:
        def choose(session: Session, event: gr.SelectData) -> Updates:
            session.touch()
            session.kept_variation = self._app.vault.variations(self._persona(session))[event.index].id
            return show(session)

        return choose

    def _on_keep(self, session: Session) -> None:
        if session.variation is None:
            raise InputError("Choose one of the new pictures first.")
        chosen = session.variations[session.variation]
        avatar.keep_variation(self._persona(session), chosen, self._app.vault, anyway=True)
        session.variations = [v for v in session.variations if v is not chosen]
        session.variation = None

    def _on_keep_all(self, session: Session) -> None:
        persona = self._persona(session)
        for variation in [v for v in session.variations if v.same_person]:
            avatar.keep_variation(persona, variation, self._app.vault)
            session.variations = [v for v in session.variations if v is not variation]
        session.variation = None

    def _on_remove(self, session: Session) -> None:
        if session.kept_variation is not None:
            self._app.vault.remove_variation(self._persona(session), session.kept_variation)
        session.kept_variation = None

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session, persona: Persona | None) -> Updates:
        """The form for a persona."""
        kept = [] if persona is None else self._app.vault.variations(persona)
        at = next((n for n, v in enumerate(kept) if v.id == session.kept_variation), None)
        can = persona is not None and persona.attributes is not None
        return self._show_made(session) | {
            self.kept: gr.update(
                value=[(session.picture(v.picture, "look"), v.words.capitalize()) for v in kept],
                visible=bool(kept), selected_index=at, elem_classes=_classes(at),
            ),
            self.kept_row: gr.update(visible=at is not None),
            self.vary: gr.update(interactive=can and not session.painting),
            self.stop: gr.update(visible=session.painting),
            self.frame: gr.update(visible=session.painting),
        }  # fmt: skip

    def _show_made(self, session: Session) -> Updates:
        made, at = session.variations, session.variation
        chosen = made[at] if at is not None else None
        same = sum(v.same_person for v in made)
        return {
            self.made: gr.update(
                value=[(session.picture(v.picture, "variation"), _caption(v)) for v in made],
                visible=bool(made), selected_index=at, elem_classes=_classes(at),
            ),
            self.new: gr.update(visible=bool(made)),
            self.verdict: "" if session.painting else _verdict(made, chosen),
            self.keep: gr.update(
                visible=chosen is not None,
                value="Keep this picture" if chosen is None or chosen.same_person else "Keep it nevertheless",
            ),
            self.keep_all: gr.update(
                visible=same > 1 and chosen is None and not session.painting,
                value=f"Keep the {same} that show the same person" if same < len(made) else "Keep all of them",
            ),
        }  # fmt: skip


def _classes(selected: int | None) -> list[str]:
    return ["dm-drafts", "dm-small", *(["dm-unselected"] if selected is None else [])]


def _placeholder(kind: VariationKind) -> str:
    return f"{', '.join(IDEAS[kind][:3])} …"


def _caption(variation: Variation) -> str:
    return f"{variation.words.capitalize()} · {_likeness(variation)}"


def _likeness(variation: Variation) -> str:
    """The distance from the portrait in words."""
    if not variation.same_person or variation.distance is None:
        return "somebody else"
    bar = engines.load("face_recognizer", variation.recognizer).match_below
    return "very alike" if variation.distance < 0.6 * bar else "alike"


def _verdict(made: list[Variation], chosen: Variation | None) -> str:
    """How sure it is that the pictures show the persona: words first, the numbers behind them."""
    if chosen is not None:
        return note(avatar.explained(chosen), "good" if chosen.same_person else "warn")
    alike = avatar.consistency(made)
    if alike is None:
        return note("No face could be measured in these pictures.", "warn") if made else ""
    same = sum(v.same_person for v in made)
    who = {len(made): "All of them show the same person", 0: "None of them shows the same person"}.get(
        same, f"{same} of {len(made)} show the same person"
    )
    farthest = f"The farthest is {max(alike.to_portrait):.2f} from the portrait"
    if alike.among:
        farthest += f" and {max(alike.among):.2f} from another one"
    text = f"{who}. {farthest}; below {alike.match_below:.2f} a recogniser takes two pictures for one person."
    return note(text, "good" if same == len(made) else "warn")
