"""The Protect tab: drop photos or a video, choose what shall be done, see what it is worth, download."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels import protect_view as view
from ui.panels.protect_key import KeyFold
from ui.panels.protect_options import ProtectOptions, Wiring
from ui.panels.shared import App, heading, note, scroll_to
from ui.pieces import ACCEPTED
from ui.protect_desk import Done, Item, Job, Look, ProtectDesk
from ui.protect_work import ProtectWork, archive
from ui.session import Session

LOOKS: list[tuple[str, Look]] = [("Picture", "picture"), ("Before and after", "compare"), ("Findings", "findings")]


class ProtectPanel:
    """Builds the tab; every event changes the session and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = ProtectWork(app.settings)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Protect what is yours",
                    "Prove that it is yours, find it again, make its faces harder to match. Nothing is sent anywhere.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop photos or a video here, or tap to choose", show_label=False, file_count="multiple",
            file_types=ACCEPTED, height=200, elem_id="protect-drop", elem_classes="dm-drop dm-both",
        )  # fmt: skip
        self.jobs = gr.HTML(view.cards(), padding=False)
        self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.halt = gr.Button("Stop", size="sm", visible=False, elem_id="stop-opening-protect", elem_classes="dm-halt")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_side()
        self.key = KeyFold(app)
        own = [v for v in vars(self).values() if isinstance(v, Block)]
        self._outputs = [*own, *self.options.components, *self.key.outputs]
        self._of_result = [
            self.look, self.picture, self.slider, self.film, self.findings, self.unable, self.run, self.summary,
            self.download, self.show_me, self.download_all, self.download_page, self.download_report, self.go_on,
        ]  # fmt: skip
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        self.strip = gr.Gallery(
            show_label=False, columns=8, rows=1, height=92, allow_preview=False, object_fit="cover", buttons=[],
            container=False, visible=False, elem_id="protect-strip", elem_classes="dm-strip",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-bar", elem_id="protect-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
            self.look = gr.Radio(
                LOOKS, value="picture", show_label=False, container=False, visible=False, elem_classes="dm-switch",
                elem_id="protect-look",
            )  # fmt: skip
        self.picture = gr.Image(
            show_label=False, interactive=False, buttons=[], container=False, elem_id="protect-picture",
            elem_classes="dm-picture",
        )  # fmt: skip
        self.slider = gr.ImageSlider(
            show_label=False, interactive=False, buttons=[], container=False, visible=False, max_height=640,
            elem_id="protect-slider", elem_classes="dm-picture",
        )  # fmt: skip
        self.film = gr.HTML("", padding=False, visible=False, elem_id="protect-film")
        self.findings = gr.HTML("", padding=False, visible=False, elem_id="protect-findings")
        with gr.Row(elem_classes="dm-quiet"):
            self.more = gr.UploadButton("Add files", file_count="multiple", file_types=ACCEPTED, size="sm")
            self.restart = gr.Button("Start over", size="sm", elem_id="protect-start-over")

    def _build_side(self) -> None:
        self.job = gr.Radio(
            [(words[0], job) for job, words in view.JOBS.items()], value="seal", show_label=False, container=False,
            elem_classes="dm-switch", elem_id="protect-job",
        )  # fmt: skip
        self.told = gr.HTML(view.told("seal"), padding=False, elem_id="protect-told")
        self.options = ProtectOptions()
        self.unable = gr.HTML("", padding=False, visible=False)
        self.run = gr.Button("Seal", variant="primary", size="lg", elem_id="protect")
        self.run_bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.stop = gr.Button("Stop", visible=False, elem_id="stop-protecting")
        self.summary = gr.HTML("", padding=False, elem_id="protect-summary")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download-protected")
        self.show_me = gr.Button("Show me", visible=False, elem_id="show-me")
        with gr.Row(elem_classes="dm-quiet"):
            self.download_all = gr.DownloadButton("All files (zip)", size="sm", visible=False, elem_id="protected-zip")
            self.download_page = gr.DownloadButton("Page", size="sm", visible=False, elem_id="download-protect-page")
            self.download_report = gr.DownloadButton(
                "Report", size="sm", visible=False, elem_id="download-protect-json"
            )
            self.go_on = gr.Button("Go on with it", size="sm", visible=False, elem_id="go-on")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"
        }  # fmt: skip
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        for upload in (self.drop, self.more):
            self._busy(upload.upload, self.bar, self.halt).then(
                worker(self._show_emptied)(self._on_drop), [state, upload], **slow
            )
        working = slow | {"show_progress_on": self.run_bar}
        for button, run in ((self.run, self._on_run), (self.show_me, self._on_show_me)):
            done = self._busy(button.click, self.run_bar, self.stop).then(work(run), [state], **working)
            done.then(None, js=scroll_to("#protect-bar"))
        for stop in (self.stop, self.halt):
            stop.click(Session.stop, [state], None, queue=False)
        self.job.input(self._changing(_choose), [state, self.job], **fast)
        self.look.input(self._changing(_look), [state, self.look], **fast)
        self.strip.select(self._on_strip, [state], **fast)
        self.go_on.click(self._changing(self._work.go_on), [state], **fast)
        self.restart.click(self._changing(Session.clear_protect), [state], **fast)
        self.options.wire(self._wire_change(fast), self._wire_slider())
        self.key.wire()

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show the keys as they are when the user comes to this tab."""
        tab.select(self._changing(lambda session: None), [self._app.state], self._outputs, show_progress="hidden")

    def _busy(self, listener: Any, bar: gr.HTML, stop: gr.Button) -> Any:
        """Before long work: show the bar, and the button that stops it; more cannot be started meanwhile."""
        hidden = (self.run, self.show_me)
        return listener(
            lambda: {bar: gr.update(visible=True), stop: gr.update(visible=True)}
            | {button: gr.update(visible=False) for button in hidden},
            None, [bar, stop, *hidden], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _changing(self, change: Any) -> Any:
        """An event that changes the session at once."""

        @guarded
        def run(session: Session, *values: Any) -> Updates:
            session.touch()
            change(session, *values)
            return self.show(session)

        return run

    def _wire_change(self, fast: dict[str, Any]) -> Wiring:
        def wire(listener: Any, change: Any, values: list[Any]) -> None:
            listener(self._changing(change), [self._app.state, *values], **fast)

        return wire

    def _wire_slider(self) -> Wiring:
        state, moved = self._app.state, self._of_result

        def wire(listener: Any, change: Any, values: list[Any]) -> None:
            @guarded
            def run(session: Session, *given: Any) -> Updates:
                session.touch()
                change(session, *given)
                return self._show_item(session)

            listener(run, [state, *values], moved, show_progress="hidden", trigger_mode="always_last")

        return wire

    def _on_drop(self, session: Session, files: list[str] | None, bar: gr.Progress = BAR) -> None:
        self._work.open(session, files or [], progress_of(session, bar))

    def _on_run(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.run(session, progress_of(session, bar))

    def _on_show_me(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.show_me(session, progress_of(session, bar))

    @guarded
    def _on_strip(self, session: Session, event: gr.SelectData) -> Updates:
        session.protect.current = event.index
        return self.show(session)

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        desk, item = session.protect, session.protect.item
        updates: Updates = {
            **{part: gr.update(visible=item is None) for part in (self.intro, self.jobs, self.drop)},
            self.desk: gr.update(visible=item is not None),
            **{part: gr.update(visible=False) for part in (self.bar, self.halt, self.run_bar, self.stop)},
            **self.key.show(session),
        }
        if item is None:
            return updates
        return updates | {
            self.strip: view.strip(desk.items, desk.current, lambda one: _state(desk, one)),
            self.title: view.title(item),
            self.job: desk.job,
            self.told: view.told(desk.job),
            **self.options.show(desk),
            **self._show_item(session),
        }

    def _show_item(self, session: Session) -> Updates:
        """The picture, what was found, and the buttons."""
        desk, item = session.protect, session.protect.item
        if item is None:
            return {}
        return self._show_stage(desk, item, desk.done) | self._show_result(desk, item, desk.done)

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after an upload was taken over; at other times an upload may be under way and is left alone."""
        return self.show(session) | {
            self.drop: gr.update(value=None, visible=session.protect.item is None), self.more: gr.update(value=None)
        }  # fmt: skip

    def _show_stage(self, desk: ProtectDesk, item: Item, done: Done | None) -> Updates:
        look = desk.look if done is not None else "picture"
        compared = done.after if done is not None else None
        if look == "compare" and compared is None:
            look = "findings"
        is_photo = item.clip is None and not item.problem
        return {
            self.look: gr.update(
                visible=done is not None, value=look,
                choices=[choice for choice in LOOKS if choice[1] != "compare" or compared is not None],
            ),
            self.picture: gr.update(
                value=self._work.picture(desk) if is_photo else None, visible=is_photo and look == "picture"
            ),
            self.slider: gr.update(
                value=_compared(item, done) if look == "compare" else None, visible=look == "compare"
            ),
            self.film: gr.update(
                value=view.film(item.path) if item.clip is not None else "",
                visible=item.clip is not None and look == "picture",
            ),
            self.findings: gr.update(
                value=done.filed.body if done is not None and look == "findings" else "", visible=look == "findings"
            ),
        }  # fmt: skip

    def _show_result(self, desk: ProtectDesk, item: Item, done: Done | None) -> Updates:
        count = len(desk.waiting)
        finished = [one for one in desk.items if desk.done_with(one) is not None]
        name = view.JOBS[desk.job][0]
        unable = "" if desk.can(item) or item.problem else "Seals and cloaks are for photos; a video can be tagged."
        cloaked = done is not None and done.cloaking is not None and not done.cloaking.shown
        return {
            self.unable: gr.update(value=note(unable), visible=bool(unable)),
            self.run: gr.update(value=name if count <= 1 else f"{name} {count} files", visible=count > 0),
            self.summary: "" if done is None else note(f"{done.filed.verdict}.", _KINDS[done.filed.tone]),
            self.download: gr.update(value=None if done is None else str(done.file), visible=done is not None),
            self.show_me: gr.update(visible=cloaked),
            self.download_all: gr.update(value=archive(desk) if len(finished) > 1 else None, visible=len(finished) > 1),
            self.download_page: gr.update(
                value=None if done is None else str(done.filed.page), visible=done is not None
            ),
            self.download_report: gr.update(
                value=None if done is None else str(done.filed.report), visible=done is not None
            ),
            self.go_on: gr.update(visible=done is not None and item.clip is None),
        }


_KINDS = {"good": "good", "info": "info", "warn": "warn", "bad": "warn"}
"""Kind of the remark for a tone."""


def _choose(session: Session, job: Job) -> None:
    session.protect.job = job


def _look(session: Session, look: Look) -> None:
    session.protect.look = look


def _compared(item: Item, done: Done | None) -> tuple[str, str] | None:
    if done is None or done.after is None:
        return None
    return str(done.before or item.preview), str(done.after)


def _state(desk: ProtectDesk, item: Item) -> str:
    if item.problem:
        return "unusable"
    return "" if desk.done_with(item) is None else "done"
