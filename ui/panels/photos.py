"""The Photos tab: drop photos, see every face and what will happen to it, mask, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ui.choices import MASKS, NOBODY, ROSTER, Known, decision_choices, who_choices
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels.face_engine import FaceEngine
from ui.panels.marking import marking_switch, marking_value
from ui.panels.photo_view import PhotoView, report_file, strip
from ui.panels.shared import ACCEPTED, App, heading, scroll_to
from ui.photo_work import PhotoWork, all_safe, archive, swapping
from ui.session import Pointing, Session, Work

STEPS = (
    '<ol class="dm-steps"><li><b>1</b>Drop your photos</li><li><b>2</b>Choose who gets which face</li>'
    "<li><b>3</b>Mask and download</li></ol>"
)
MANY = 9
"""From more faces on, the gallery is small and scrolls."""
LOOKS = ("Faces", "Before and after")


class PhotosPanel:
    """Builds the tab; every event changes the session and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = PhotoWork(app.vault, app.settings)
        self._view = PhotoView(app, self._work)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Put another face on your photos",
                    "Every face is found on this computer, covered, and checked. Nothing is sent anywhere.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop photos here, or tap to choose",
            show_label=False,
            file_count="multiple",
            file_types=ACCEPTED,
            height=230,
            elem_id="drop",
            elem_classes="dm-drop",
        )
        self.steps = gr.HTML(STEPS, padding=False)
        self.bar = gr.HTML("", visible=False, elem_id="photo-progress", elem_classes="dm-progress")
        self.halt = gr.Button("Stop", size="sm", visible=False, elem_id="stop-looking")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_side()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)] + self.engine.components
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        self.strip = gr.Gallery(
            show_label=False, columns=8, rows=1, height=92, allow_preview=False, object_fit="cover", buttons=[],
            container=False, visible=False, elem_id="strip", elem_classes="dm-strip",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-bar", elem_id="photo-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
            self.look = gr.Radio(
                list(LOOKS), value=LOOKS[0], show_label=False, container=False, visible=False, elem_classes="dm-switch",
                elem_id="look",
            )  # fmt: skip
        self.hint = gr.HTML("", padding=False)
        self.picture = gr.Image(
            show_label=False, interactive=False, buttons=[], container=False, elem_id="picture",
            elem_classes="dm-picture",
        )  # fmt: skip
        self.slider = gr.ImageSlider(
            show_label=False, interactive=False, buttons=[], container=False, visible=False, max_height=640,
            elem_id="slider", elem_classes="dm-picture",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-quiet"):
            self.point = gr.Button("Add a missed face", size="sm", elem_id="add-face")
            self.unpoint = gr.Button("Never mind", size="sm", visible=False)
            self.more = gr.UploadButton("Add photos", file_count="multiple", file_types=ACCEPTED, size="sm")
            self.restart = gr.Button("Start over", size="sm", elem_id="start-over")

    def _build_side(self) -> None:
        self.who = gr.Dropdown(label="Who gets a persona", interactive=True, elem_id="who")
        self.rest = gr.Dropdown(
            [(words, action) for action, words in MASKS.items()] + [("Leave visible", "keep")],
            value="pixelate", label="Everybody else", interactive=True, elem_id="rest",
        )  # fmt: skip
        self.faces = gr.Gallery(
            label="Faces", show_label=False, columns=3, height="auto", allow_preview=False, object_fit="cover",
            buttons=[], container=False, elem_id="faces", elem_classes="dm-faces",
        )  # fmt: skip
        with gr.Accordion("Face engine", open=False, elem_id="swapping"):
            self.engine = FaceEngine()
        with gr.Group(visible=False, elem_classes="dm-editor") as self.editor:
            self.decision = gr.Dropdown(label="This face", interactive=True, elem_id="decision")
            with gr.Row(elem_classes="dm-tight"):
                self.move = gr.Button("Move the box", size="sm")
                self.remove = gr.Button("Not a face", size="sm", elem_id="remove-face")
                self.done = gr.Button("Done", size="sm")
        self.marking = marking_switch(self._app.settings, "mark-photos")
        self.mask = gr.Button("Mask", variant="primary", size="lg", elem_id="mask")
        self.mask_bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.stop = gr.Button("Stop", visible=False, elem_id="stop")
        self.summary = gr.HTML("", padding=False, elem_id="summary")
        self.cover = gr.Button("Cover what was missed", variant="primary", visible=False, elem_id="cover-missed")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download")
        with gr.Row(elem_classes="dm-quiet"):
            self.download_all = gr.DownloadButton("All photos (zip)", size="sm", visible=False, elem_id="download-all")
            self.download_report = gr.DownloadButton("Report", size="sm", visible=False, elem_id="download-report")
        self.report = gr.HTML("", padding=False, elem_id="report")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"
        }  # fmt: skip
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        self.marking.input(self._changing(Session.mark_results), [state, self.marking], **fast)
        for upload in (self.drop, self.more):
            self._busy(upload.upload, self.bar, self.halt).then(
                worker(self._show_emptied)(self._on_drop), [state, upload], **slow
            )
        masking = slow | {"show_progress_on": self.mask_bar}
        masked = self._busy(self.mask.click, self.mask_bar, self.stop).then(work(self._on_mask), [state], **masking)
        for stop in (self.stop, self.halt):
            stop.click(Session.stop, [state], None, queue=False)
        self.picture.select(work(self._on_click), [state], **fast)
        self.faces.select(self._on_face, [state], **fast)
        self.strip.select(self._on_strip, [state], **fast)
        self.look.input(self._changing(self._look), [state, self.look], **fast)
        for chooser in (self.who, self.rest):
            chooser.input(self._changing(self._work.choose), [state, self.who, self.rest], **fast)
        self.engine.wire(self._changing(self._work.swap_with), state, **fast)
        self.decision.input(self._changing(self._work.assign), [state, self.decision], **fast)
        self.remove.click(self._changing(self._work.remove), [state], **fast)
        covered = self.cover.click(self._changing(self._work.cover_missed), [state], **fast)
        moving = self.move.click(self._changing(_point_again), [state], **fast)
        self.done.click(self._changing(_unselect), [state], **fast)
        self.point.click(self._changing(_point_new), [state], **fast)
        self.unpoint.click(self._changing(_unselect), [state], **fast)
        self.restart.click(self._changing(Session.clear), [state], **fast)
        for done in (masked, moving, covered):
            done.then(None, js=scroll_to("#photo-bar"))

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show what was changed in other tabs when the user comes back to this one."""
        tab.select(
            self._changing(self._work.decide_all), [self._app.state], self._outputs,
            show_progress="hidden",
        )  # fmt: skip

    def _busy(self, listener: Any, bar: gr.HTML, stop: gr.Button) -> Any:
        """Before long work: show the bar, and the button that stops it; more cannot be started meanwhile."""
        return listener(
            lambda: {bar: gr.update(visible=True), stop: gr.update(visible=True), self.mask: gr.update(visible=False)},
            None, [bar, stop, self.mask], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _changing(self, change: Any) -> Any:
        """An event that changes the session at once."""

        @guarded
        def run(session: Session, *values: Any) -> Updates:
            session.touch()
            change(session, *values)
            return self.show(session)

        return run

    def _on_drop(self, session: Session, files: list[str] | None, bar: gr.Progress = BAR) -> None:
        uploads = [(Path(file), Path(file).name) for file in files or []]
        self._work.open(session, uploads, progress_of(session, bar))

    def _on_mask(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.mask(session, progress_of(session, bar))
        session.comparing = True

    def _on_click(self, session: Session, event: gr.SelectData, bar: gr.Progress = BAR) -> None:
        x, y = self._view.to_photo(session, event.index)
        self._work.click(session, x, y, progress_of(session, bar))

    @guarded
    def _on_face(self, session: Session, event: gr.SelectData) -> Updates:
        work = session.work
        if work is not None and work.plan is not None and event.index < len(work.plan.regions):
            session.selected, session.pointing = work.plan.regions[event.index].id, None
            session.comparing = False
        return self.show(session)

    @guarded
    def _on_strip(self, session: Session, event: gr.SelectData) -> Updates:
        session.current, session.selected, session.pointing = event.index, None, None
        return self.show(session)

    def _look(self, session: Session, look: str) -> None:
        session.comparing = look == LOOKS[1]

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        work = session.work
        updates: Updates = {
            self.intro: gr.update(visible=work is None),
            self.steps: gr.update(visible=work is None),
            self.drop: gr.update(visible=work is None),
            self.desk: gr.update(visible=work is not None),
            self.bar: gr.update(visible=False),
            self.mask_bar: gr.update(visible=False),
            self.stop: gr.update(visible=False),
            self.halt: gr.update(visible=False),
        }
        if work is None:
            return updates
        view, known, hint = self._view, self._work.known(session), self._view.hint(session)
        comparing = work.masked is not None and session.comparing
        regions = work.plan.regions if work.plan is not None else ()
        return updates | {
            self.strip: strip(session.works, session.current),
            self.title: view.title(session, work),
            self.look: gr.update(visible=work.masked is not None, value=LOOKS[comparing]),
            self.picture: gr.update(
                value=view.picture(session, work, known), visible=not comparing and not work.problem,
                elem_classes=["dm-picture", *(["dm-pointing"] if session.pointing else [])],
            ),
            self.slider: gr.update(value=view.slider(work) if comparing else None, visible=comparing),
            self.hint: gr.update(value=hint, visible=bool(hint)),
            self.point: gr.update(visible=session.pointing is None and work.plan is not None and not comparing),
            self.unpoint: gr.update(visible=session.pointing is not None),
            **self._show_choosers(session, known),
            **self.engine.show(*swapping(session)),
            self.faces: gr.update(
                value=view.faces(session, work, known), visible=bool(regions),
                selected_index=next((n for n, r in enumerate(regions) if r.id == session.selected), None),
                elem_classes=_face_classes(session, len(regions)),
            ),
            **self._show_editor(session, work, known),
            self.marking: marking_value(session, self._app.settings),
            **self._show_result(session, work, known),
        }  # fmt: skip

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after an upload was taken over; at other times an upload may be under way and is left alone."""
        return self.show(session) | {
            self.drop: gr.update(value=None, visible=session.work is None), self.more: gr.update(value=None)
        }  # fmt: skip

    def _show_choosers(self, session: Session, known: Known) -> Updates:
        who, choices = known.who, who_choices(known.personas, known.roster)
        return {
            self.who: gr.update(choices=choices, value=who),
            self.rest: gr.update(
                value=session.bystanders, visible=who in (ROSTER, NOBODY),
                label="Everybody else" if who == ROSTER else "How faces are hidden",
            ),
        }  # fmt: skip

    def _show_editor(self, session: Session, work: Work, known: Known) -> Updates:
        regions = work.plan.regions if work.plan is not None else ()
        number, region = next(((n, r) for n, r in enumerate(regions, 1) if r.id == session.selected), (0, None))
        if region is None:
            return {self.editor: gr.update(visible=False)}
        choices = decision_choices(known.personas)
        return {
            self.editor: gr.update(visible=True),
            self.decision: gr.update(
                label=f"Face {number}", choices=choices, value=self._work.value(known, work, region)
            ),
        }

    def _show_result(self, session: Session, work: Work, known: Known) -> Updates:
        waiting = [w for w in session.works if w.plan is not None and w.masked is None]
        masked = [w for w in session.works if w.masked is not None]
        safe = work.report is None or work.report.safe
        label = "Mask" if len(waiting) <= 1 else f"Mask {len(waiting)} photos"
        return {
            self.mask: gr.update(value=label, visible=bool(waiting)),
            self.summary: self._view.summary(work),
            self.report: self._view.report(work, known),
            self.cover: gr.update(visible=_misses_any(work)),
            self.download: gr.update(
                value=work.masked, visible=work.masked is not None, variant="primary" if safe else "secondary",
                label="Download" if safe else "Download anyway",
            ),
            self.download_all: gr.update(
                value=archive(session, masked) if len(masked) > 1 else None, visible=len(masked) > 1,
                label="All photos (zip)" if all_safe(masked) else "All photos anyway (zip)",
            ),
            self.download_report: gr.update(
                value=report_file(work), visible=work.report is not None
            ),
        }  # fmt: skip


def _misses_any(work: Work) -> bool:
    return work.report is not None and any(f.missed_box_xyxy for f in work.report.findings)


def _face_classes(session: Session, count: int) -> list[str]:
    return ["dm-faces", *(["dm-many"] if count > MANY else []), *([] if session.selected else ["dm-unselected"])]


def _point_new(session: Session) -> None:
    session.pointing, session.selected, session.comparing = Pointing(), None, False


def _point_again(session: Session) -> None:
    if session.selected is not None:
        session.pointing, session.comparing = Pointing(session.selected), False


def _unselect(session: Session) -> None:
    session.pointing = session.selected = None
