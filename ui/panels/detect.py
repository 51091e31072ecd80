"""The Detect tab: drop pictures or videos, press one button, see what is real, whose it is and what was changed."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from ui.detect_desk import DetectDesk, Suspect
from ui.detect_work import DetectWork, page_of_all, report_of_all
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels import detect_view as view
from ui.panels import protect_view
from ui.panels.shared import ACCEPTED as PHOTOS
from ui.panels.shared import App, heading, note, scroll_to
from ui.pieces import ACCEPTED
from ui.session import Session

_KINDS = {"good": "good", "info": "info", "warn": "warn", "bad": "warn"}
"""Kind of the remark for a tone."""


class DetectPanel:
    """Builds the tab; every event changes the session and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = DetectWork(app.settings)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Is it real, and whose is it?",
                    "A picture or video is looked at for faked pixels, seals, tags and content credentials, here only.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop photos or a video here, or tap to choose", show_label=False, file_count="multiple",
            file_types=ACCEPTED, height=200, elem_id="detect-drop", elem_classes="dm-drop dm-both",
        )  # fmt: skip
        self.questions = gr.HTML(view.questions(), padding=False)
        self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.halt = gr.Button("Stop", size="sm", visible=False, elem_id="stop-opening-detect", elem_classes="dm-halt")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_side()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        self.verdicts = gr.HTML("", js_on_load=view.SCRIPT, padding=False, visible=False, elem_id="verdicts")
        with gr.Row(elem_classes="dm-bar", elem_id="detect-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
        self.picture = gr.Image(
            show_label=False, interactive=False, buttons=[], container=False, elem_id="detect-picture",
            elem_classes="dm-picture",
        )  # fmt: skip
        self.film = gr.HTML("", padding=False, visible=False, elem_id="detect-film")
        self.findings = gr.HTML("", padding=False, visible=False, elem_id="detect-findings")
        with gr.Row(elem_classes="dm-quiet"):
            self.more = gr.UploadButton("Add files", file_count="multiple", file_types=ACCEPTED, size="sm")
            self.restart = gr.Button("Start over", size="sm", elem_id="detect-start-over")

    def _build_side(self) -> None:
        self.check = gr.Button("Check", variant="primary", size="lg", elem_id="check")
        self.bar_of_check = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.stop = gr.Button("Stop", visible=False, elem_id="stop-checking")
        self.summary = gr.HTML("", padding=False, elem_id="detect-summary")
        self.restored = gr.DownloadButton(
            "Give me the original", variant="primary", visible=False, elem_id="download-original"
        )
        with gr.Row(elem_classes="dm-quiet"):
            self.download_page = gr.DownloadButton("Page", size="sm", visible=False, elem_id="download-detect-page")
            self.download_report = gr.DownloadButton("Report", size="sm", visible=False, elem_id="download-detect-json")
            self.all_pages = gr.DownloadButton("All in one page", size="sm", visible=False, elem_id="all-detect-pages")
            self.all_reports = gr.DownloadButton("All reports", size="sm", visible=False)
        with gr.Column(elem_classes="dm-original") as self.owners:
            gr.HTML(
                heading(
                    "Do you have the original?", "Then it is compared, which decides more surely than any detector."
                ),
                padding=False,
            )
            self.original = gr.File(
                label="The original, if you have it", show_label=False, file_types=PHOTOS, height=120,
                elem_id="detect-original", elem_classes="dm-drop dm-mine",
            )  # fmt: skip

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
        checked = self._busy(self.check.click, self.bar_of_check, self.stop).then(
            work(self._on_check), [state], **(slow | {"show_progress_on": self.bar_of_check})
        )
        checked.then(None, js=scroll_to("#detect-bar"))
        for stop in (self.stop, self.halt):
            stop.click(Session.stop, [state], None, queue=False)
        self.verdicts.select(self._on_select, [state], **fast)
        self.original.upload(work(self._on_original), [state, self.original], **fast)
        self.original.clear(work(self._on_no_original), [state], **fast)
        self.restart.click(work(Session.clear_detect), [state], **fast)

    def _busy(self, listener: Any, bar: gr.HTML, stop: gr.Button) -> Any:
        """Before long work: show the bar, and the button that stops it; more cannot be started meanwhile."""
        return listener(
            lambda: {bar: gr.update(visible=True), stop: gr.update(visible=True), self.check: gr.update(visible=False)},
            None, [bar, stop, self.check], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _on_drop(self, session: Session, files: list[str] | None, bar: gr.Progress = BAR) -> None:
        self._work.open(session, files or [], progress_of(session, bar))

    def _on_check(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.check(session, progress_of(session, bar))

    def _on_original(self, session: Session, file: str | None) -> None:
        self._work.compare_with(session, file)

    def _on_no_original(self, session: Session) -> None:
        self._work.compare_with(session, None)

    @guarded
    def _on_select(self, session: Session, event: gr.EventData) -> Updates:
        session.touch()
        session.detect.current = int(event._data["suspect"])
        return self.show(session)

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        desk, suspect = session.detect, session.detect.suspect
        updates: Updates = {
            **{part: gr.update(visible=suspect is None) for part in (self.intro, self.questions, self.drop)},
            self.desk: gr.update(visible=suspect is not None),
            **{part: gr.update(visible=False) for part in (self.bar, self.halt, self.bar_of_check, self.stop)},
        }
        if suspect is None:
            return updates
        found = suspect.filed
        is_photo = suspect.clip is None and not suspect.problem
        several = view.verdicts(desk.suspects, desk.current)
        return updates | {
            self.verdicts: gr.update(value=several, visible=bool(several)),
            self.title: protect_view.title(suspect),
            self.picture: gr.update(
                value=str(suspect.preview) if is_photo else None, visible=is_photo and found is None
            ),
            self.film: gr.update(
                value=protect_view.film(suspect.path) if suspect.clip is not None else "",
                visible=suspect.clip is not None,
            ),
            self.owners: gr.update(visible=is_photo),
            self.original: gr.update(value=None if suspect.original is None else str(suspect.original.path)),
            self.findings: gr.update(value="" if found is None else found.body, visible=found is not None),
            **self._show_result(desk, suspect),
        }  # fmt: skip

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after an upload was taken over; at other times an upload may be under way and is left alone."""
        return self.show(session) | {
            self.drop: gr.update(value=None, visible=session.detect.suspect is None), self.more: gr.update(value=None)
        }  # fmt: skip

    def _show_result(self, desk: DetectDesk, suspect: Suspect) -> Updates:
        found, count = suspect.filed, len(desk.waiting)
        several = sum(one.filed is not None for one in desk.suspects) > 1
        return {
            self.check: gr.update(value="Check" if count <= 1 else f"Check {count} files", visible=count > 0),
            self.summary: "" if found is None else note(f"{found.verdict}.", _KINDS[found.tone]),
            self.restored: gr.update(
                value=None if suspect.restored is None else str(suspect.restored),
                visible=found is not None and suspect.restored is not None,
                label="Give me the original" if suspect.wholly else "Give me what can be restored",
            ),
            self.download_page: gr.update(value=None if found is None else str(found.page), visible=found is not None),
            self.download_report: gr.update(
                value=None if found is None else str(found.report), visible=found is not None
            ),
            self.all_pages: gr.update(value=str(page_of_all(desk)) if several else None, visible=several),
            self.all_reports: gr.update(value=str(report_of_all(desk)) if several else None, visible=several),
        }
