"""The Engines tab: what each engine needs, under which licence, and the buttons that bring and remove it."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines, weights
from deepmask.config import Settings
from deepmask.weights import Weight
from deepmask.workers import environments
from ui import engine_work
from ui.choices import Choice
from ui.engine_work import Offer, Readiness
from ui.events import BAR, Updates, progress_of, worker
from ui.panels.shared import App, heading, note, scroll_to
from ui.session import Session

KINDS = {
    "portrait_painter": "Paints personas",
    "face_finder": "Finds faces",
    "face_landmarker": "Finds their landmarks",
    "pose_reader": "Reads poses for portraits",
    "face_recognizer": "Tells people apart",
    "face_swapper": "Covers faces",
    "face_restorer": "Sharpens faces",
    "voice_converter": "Changes voices",
    "transcriber": "Writes down what is said",
    "speech_synthesizer": "Speaks",
    "speaker_recognizer": "Tells voices apart",
    "person_segmenter": "Finds people",
    "area_selector": "Outlines what is pointed at",
    "inpainter": "Fills backgrounds",
    "body_masker": "Covers people",
    "text_finder": "Finds text",
    "face_parser": "Maps the parts of faces",
    "tagger": "Tags pictures",
    "cloak": "Cloaks photos",
    "fake_finder": "Finds faked pixels",
}
STATES: dict[Readiness, tuple[str, str]] = {
    "ready": ("Ready", "hidden"),
    "get": ("Not downloaded", "kept"),
    "unfinished": ("Half downloaded", "weak"),
    "licence": ("Licence to accept", "weak"),
    "damaged": ("Damaged", "leak"),
    "packages": ("Packages missing", "weak"),
    "environment": ("Not installed", "kept"),
}
"""What is shown, and the colour of the chip."""
INTRO = (
    "Deepmask works without any of these. They are larger networks by others, for photoreal faces and more natural "
    "voices; once downloaded, they compute on this computer, too."
)


class EnginesPanel:
    """Builds the tab; every event shows the whole tab as the disk has it."""

    def __init__(self, app: App) -> None:
        self._app = app
        gr.HTML(heading("More engines", INTRO), padding=False)
        with gr.Row(elem_classes="dm-desk"):
            with gr.Column(scale=5, min_width=300, elem_classes="dm-stage"):
                self.list = gr.Radio(show_label=False, container=False, elem_id="engines", elem_classes="dm-list")
                with gr.Accordion("Extras for these engines", open=False, elem_id="extras"):
                    self.extras = gr.Radio(
                        show_label=False, container=False, elem_id="extra-sets", elem_classes="dm-list"
                    )
                self.source = gr.HTML(_source(), padding=False, elem_id="weights-source")
            with gr.Column(scale=6, min_width=320, elem_classes="dm-side"):
                self._build_offer()
        gr.HTML(
            f'<div class="dm-section">{heading("Built in", "Ready at once, without any download.")}</div>{_built_in()}',
            padding=False,
        )
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_offer(self) -> None:
        with gr.Group(elem_classes="dm-editor", elem_id="offer", visible=False) as self.card:
            self.facts = gr.HTML("", padding=False, elem_id="offer-facts")
            self.install = gr.Button("Install", variant="primary", visible=False, elem_id="install-engine")
            self.agree = gr.Checkbox(False, label="I accept the licence", visible=False, elem_id="accept-licence")
            self.get = gr.Button("Get", variant="primary", visible=False, elem_id="get-engine")
            self.bar = gr.HTML("", visible=False, elem_classes="dm-progress", elem_id="engine-progress")
            self.stop = gr.Button("Stop", visible=False, elem_id="stop-getting")
            with gr.Row(elem_classes="dm-tight") as self.tools:
                self.verify = gr.Button("Verify", size="sm", elem_id="verify-engine")
                self.remove = gr.Button("Remove", size="sm", elem_id="remove-engine")
                self.sure = gr.Button("Remove", variant="stop", size="sm", visible=False, elem_id="remove-sure")
                self.keep = gr.Button("Keep", size="sm", visible=False, elem_id="remove-not")
            self.said = gr.HTML("", padding=False, elem_id="engine-said")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "weights"
        }  # fmt: skip
        for chooser in (self.list, self.extras):
            chooser.input(work(self._on_choose), [state, chooser], **fast).then(None, js=scroll_to("#offer"))
        self._busy(self.get.click).then(work(self._on_get), [state, self.agree], **slow)
        self._busy(self.install.click).then(work(self._on_install), [state], **slow)
        self._busy(self.verify.click).then(work(self._on_verify), [state], **slow)
        self.stop.click(Session.stop, [state], None, queue=False)
        self.remove.click(work(self._on_ask), [state], **fast)
        self.keep.click(work(self._on_nothing), [state], **fast)
        self.sure.click(work(self._on_remove), [state], **fast)

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show what is on the disk when the user comes to this tab."""
        tab.select(worker(self.show)(self._on_nothing), [self._app.state], self._outputs, show_progress="hidden")

    def _busy(self, listener: Any) -> Any:
        """Before long work: show the bar, and the button that stops it; more cannot be started meanwhile."""
        hidden = (self.install, self.get, self.agree, self.tools)
        return listener(
            lambda: {self.bar: gr.update(visible=True), self.stop: gr.update(visible=True), self.said: ""}
            | {part: gr.update(visible=False) for part in hidden},
            None, [self.bar, self.stop, self.said, *hidden], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _on_nothing(self, session: Session) -> None:
        session.touch()

    def _on_choose(self, session: Session, id: str) -> Updates:
        session.touch()
        session.engine = id
        return {self.agree: gr.update(value=False), **self._accepting(engine_work.offer(id)), self.said: ""}

    def _on_get(self, session: Session, accepted: bool, bar: gr.Progress = BAR) -> Updates:
        said = engine_work.get(self._chosen(session), accepted, progress_of(session, bar))
        return {self.said: note(said, "good")}

    def _on_install(self, session: Session, bar: gr.Progress = BAR) -> Updates:
        return {self.said: note(engine_work.install(self._chosen(session), progress_of(session, bar)), "good")}

    def _on_verify(self, session: Session, bar: gr.Progress = BAR) -> Updates:
        chosen = self._chosen(session)
        said = engine_work.verify(chosen, progress_of(session, bar))
        return {self.said: note(said, "warn" if chosen.readiness == "damaged" else "good")}

    def _on_ask(self, session: Session) -> Updates:
        chosen = self._chosen(session)
        others = engine_work.also_used_by(chosen)
        named = " and ".join(part for part in (", ".join(others[:-1]), *others[-1:]) if part)
        loss = f" {named} would be without it, too." if others else ""
        return {
            self.said: note(f"Remove {_belongings(chosen)} from this computer?{loss}", "warn"),
            **{button: gr.update(visible=button in (self.sure, self.keep)) for button in self._buttons()},
        }

    def _on_remove(self, session: Session) -> Updates:
        return {self.said: note(engine_work.remove(self._chosen(session)), "good")}

    def _chosen(self, session: Session) -> Offer:
        return engine_work.offer(session.engine or engine_work.offers()[0].id)

    def _buttons(self) -> tuple[gr.Button, ...]:
        return self.verify, self.remove, self.sure, self.keep

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab."""
        offers = engine_work.offers()
        chosen = next((one for one in offers if one.id == session.engine), offers[0] if offers else None)
        updates: Updates = {
            self.list: _choices([one for one in offers if one.row], chosen),
            self.extras: _choices([one for one in offers if not one.row], chosen),
            self.source: _source(),
            self.card: gr.update(visible=chosen is not None),
            self.bar: gr.update(visible=False),
            self.stop: gr.update(visible=False),
            self.said: "",
        }
        if chosen is None:
            return updates
        first = "primary" if chosen.readiness == chosen.weights_readiness else "secondary"
        tools = (*([self.verify] if chosen.removable else []), self.remove)
        return updates | {
            self.facts: _facts(chosen),
            self.install: gr.update(visible=_installable(chosen), value=_install_words(chosen)),
            **self._accepting(chosen),
            self.get: gr.update(visible=_gettable(chosen), value=_get_words(chosen), variant=first),
            self.tools: gr.update(visible=engine_work.is_here(chosen)),
            **{button: gr.update(visible=button in tools) for button in self._buttons()},
        }

    def _accepting(self, chosen: Offer) -> Updates:
        asking = chosen.to_accept
        label = f"I have read the licence and accept it: {', '.join(row.licence for row in asking)}"
        return {self.agree: gr.update(visible=bool(asking), label=label)}


def _gettable(one: Offer) -> bool:
    return one.weights_readiness != "ready" and not _offline()


def _get_words(one: Offer) -> str:
    if one.weights_readiness == "licence":
        return "Accept and use" if one.readiness == "licence" else "Accept the licence"
    verb = {"damaged": "Get again", "unfinished": "Go on"}.get(one.weights_readiness, "Get")
    what = "" if one.readiness == one.weights_readiness else " the weights already"
    return f"{verb}{what} ({weights.size_text(one.bytes_to_get)})"


def _installable(one: Offer) -> bool:
    return one.readiness == "environment" and not _offline()


def _install_words(one: Offer) -> str:
    own = one.environment
    if own is None:
        return "Install"
    verb = "Go on installing" if own.folder.exists() else "Install"
    return f"{verb} ({weights.size_text(own.size_bytes)} or more)"


def _belongings(one: Offer) -> str:
    """What removing an engine takes away."""
    parts = [f"the files of {one.title}"] if one.removable else []
    if (own := one.environment) and own.folder.exists():
        parts.append(f"the environment of {own.title} ({weights.size_text(environments.size_bytes(own.name))})")
    return " and ".join(parts)


def _choices(offers: list[Offer], chosen: Offer | None) -> dict[str, Any]:
    value = chosen.id if chosen in offers and chosen is not None else None
    return gr.update(choices=[_line(one) for one in offers], value=value)


def _line(one: Offer) -> Choice:
    state = f"get {weights.size_text(one.bytes_to_get)}" if one.readiness == "get" else STATES[one.readiness][0].lower()
    job = f"  ·  {KINDS.get(one.row.kind, one.row.kind).lower()}" if one.row else ""
    return f"{one.title}{job}  ·  {state}", one.id


def _facts(one: Offer) -> str:
    words, colour = STATES[one.readiness]
    job = f"{KINDS.get(one.row.kind, one.row.kind)}: {one.purpose}." if one.row else "Extra for an engine of this list."
    rows = "".join(_set(row) for row in one.sets)
    return (
        f'<div class="dm-offer"><div class="dm-head"><h2>{escape(one.title)} '
        f'<span class="dm-chip dm-{colour}">{words}</span></h2><p>{escape(job)}</p></div>'
        f"{_business(one)}{_first(one)}{rows}{_broken(one)}</div>"
    )


def _business(one: Offer) -> str:
    if one.commercial:
        return ""
    return note("For private and research use only: the licence forbids commercial use, also of the results.", "warn")


def _set(row: Weight) -> str:
    facts = (
        ("Size", weights.size_text(row.size_bytes)),
        ("Licence", _link(row.licence_url, row.licence)),
        ("Business use", "allowed" if row.commercial else "not allowed"),
        ("By", escape(f"{row.vendor}, {row.year}")),
        ("From", _link(f"https://huggingface.co/{row.repo}", f"huggingface.co/{row.repo}")),
    )
    cells = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return f'<section class="dm-set"><h4>{escape(row.title)}</h4><dl>{cells}</dl></section>'


def _first(one: Offer) -> str:
    """What has to be installed before the weights are of use."""
    if one.row is None or one.readiness not in ("packages", "environment"):
        return ""
    own = one.environment
    if one.readiness == "environment" and own is not None:
        lead = (
            f"First install it: it runs beside Deepmask, in an environment of its own, which takes "
            f"{weights.size_text(own.size_bytes)} on the disk, or {weights.size_text(own.size_cuda_bytes)} where pip "
            "finds PyTorch for NVIDIA cards. The button does it, or in a terminal:"
        )
        return _step(lead, own.command)
    lead = f"First install its Python packages ({', '.join(one.packages)}). Close the app and run:"
    end = "Then start the app again and get the weights here." if one.sets else "Then start the app again."
    return _step(lead, engine_work.install_command(one.row), end)


def _step(lead: str, command: str, end: str = "") -> str:
    rest = f"<br>{escape(end)}" if end else ""
    return f'<p class="dm-note dm-info">{escape(lead)}<br><code>{escape(command)}</code>{rest}</p>'


def _broken(one: Offer) -> str:
    states = [weights.state(row.name) for row in one.sets]
    return "".join(
        note(state.sentence.partition("; run:")[0] + ".", "warn") for state in states if state.kind == "broken"
    )


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}" target="_blank" rel="noreferrer">{escape(words)}</a>'


def _offline() -> bool:
    return Settings.load().offline


def _source() -> str:
    settings = Settings.load()
    if settings.offline:
        return note("Downloads are switched off (setting offline). Bring files by hand: deepmask weights import FOLDER")
    place = settings.mirror or "huggingface.co"
    return note(f"Downloads come from {place}, and only when you press Get.")


def _built_in() -> str:
    """The engines that need no download, as a table."""
    rows = "".join(_engine(row) for row in engines.table() if not engine_work.is_extra(row))
    head = "<tr><th>Engine</th><th>What it does</th><th>Licence</th><th>Business use</th><th>Ready</th></tr>"
    return f'<div class="dm-table"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _engine(row: engines.EngineSpec) -> str:
    ready = f"no: {escape(row.remedy())}" if row.missing() else "yes"
    job = f"{KINDS.get(row.kind, row.kind)}: {row.summary}"
    commercial = "yes" if row.commercial else "no"
    cells = (f"<b>{escape(row.name)}</b>", escape(job), escape(row.licence), commercial, ready)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
