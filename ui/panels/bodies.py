"""The Bodies tab: drop photos, see everybody outlined, click on who shall go, mask, download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ui.body_choices import EVERYBODY, actions_for, engine_choices, persona_choices, text_hint
from ui.body_desk import BodyWork, Mode
from ui.body_work import BodiesWork
from ui.choices import Known, decision_choices, to_value
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels.bodies_view import BodiesView
from ui.panels.marking import marking_switch, marking_value
from ui.panels.photo_view import report_file, strip
from ui.panels.shared import ACCEPTED, App, heading, note, scroll_to
from ui.photo_work import PhotoWork, all_safe, archive
from ui.session import Session

STEPS = (
    '<ol class="dm-steps"><li><b>1</b>Drop your photos</li><li><b>2</b>Click on who shall go</li>'
    "<li><b>3</b>Mask and download</li></ol>"
)
LOOKS = ("People", "Before and after")
MODES: list[tuple[str, Mode]] = [("Choose", "choose"), ("Belongs to it", "more"), ("Does not", "less"), ("Box", "box")]
MANY = 9
"""From more people on, the gallery is small and scrolls."""
LARGEST_MARGIN_PX = 60


class BodiesPanel:
    """Builds the tab; every event changes the session and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = BodiesWork(PhotoWork(app.vault, app.settings))
        self._view = BodiesView(self._work)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Hide people from head to foot",
                    "Everybody is found and outlined on this computer. Cover, remove or swap whom you like.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop photos here, or tap to choose", show_label=False, file_count="multiple", file_types=ACCEPTED,
            height=230, elem_id="body-drop", elem_classes="dm-drop",
        )  # fmt: skip
        self.steps = gr.HTML(STEPS, padding=False)
        self.bar = gr.HTML("", visible=False, elem_id="body-progress", elem_classes="dm-progress")
        self.halt = gr.Button("Stop", size="sm", visible=False, elem_id="stop-looking-bodies", elem_classes="dm-halt")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_editor()
                self._build_side()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        self.strip = gr.Gallery(
            show_label=False, columns=8, rows=1, height=92, allow_preview=False, object_fit="cover", buttons=[],
            container=False, visible=False, elem_id="body-strip", elem_classes="dm-strip",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-bar", elem_id="body-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
            self.look = gr.Radio(
                list(LOOKS), value=LOOKS[0], show_label=False, container=False, visible=False, elem_classes="dm-switch",
                elem_id="body-look",
            )  # fmt: skip
        self.mode = gr.Radio(
            MODES, value="choose", show_label=False, container=False, elem_classes="dm-switch", elem_id="body-mode"
        )
        self.hint = gr.HTML("", padding=False, elem_id="body-hint", elem_classes="dm-hint")
        self.picture = gr.Image(
            show_label=False, interactive=False, buttons=[], container=False, elem_id="body-picture",
            elem_classes="dm-picture",
        )  # fmt: skip
        self.slider = gr.ImageSlider(
            show_label=False, interactive=False, buttons=[], container=False, visible=False, max_height=640,
            elem_id="body-slider", elem_classes="dm-picture",
        )  # fmt: skip
        with gr.Row(elem_classes="dm-quiet"):
            self.undo = gr.Button("Undo", size="sm", elem_id="body-undo")
            self.more = gr.UploadButton("Add photos", file_count="multiple", file_types=ACCEPTED, size="sm")
            self.restart = gr.Button("Start over", size="sm", elem_id="body-start-over")
            self.plan_file = gr.DownloadButton("Save plan", size="sm", elem_id="download-body-plan")
            self.plan_upload = gr.UploadButton(
                "Use a saved plan", size="sm", file_types=[".json"], elem_id="use-body-plan"
            )

    def _build_editor(self) -> None:
        with gr.Group(visible=False, elem_classes="dm-editor", elem_id="body-editor") as self.editor:
            self.action = gr.Radio([], label="Person", elem_classes="dm-actions", elem_id="body-action")
            self.told = gr.HTML("", padding=False, visible=False)
            self.face = gr.Dropdown(label="Their face", interactive=True, visible=False, elem_id="body-face")
            with gr.Column(visible=False) as self.swap:
                self.persona = gr.Dropdown(label="Becomes", interactive=True, elem_id="body-persona")
                self.words = gr.Textbox(
                    label="Clothes and style", placeholder="a grey suit, standing", max_lines=2, elem_id="body-words"
                )
            with gr.Row(elem_classes="dm-tight"):
                self.remove = gr.Button("Not a person", size="sm", elem_id="forget-body")
                self.done = gr.Button("Done", size="sm", elem_id="body-done")

    def _build_side(self) -> None:
        self.rest = gr.Dropdown(
            EVERYBODY, value="silhouette", label="Everybody else", interactive=True, elem_id="body-rest"
        )
        self.people = gr.Gallery(
            label="People", show_label=False, columns=3, height="auto", allow_preview=False, object_fit="cover",
            buttons=[], container=False, elem_id="bodies", elem_classes="dm-faces",
        )  # fmt: skip
        with gr.Accordion("Edges, shadows, writing, engines", open=False, elem_id="body-more"):
            self.shadows = gr.Checkbox(label="Shadows and reflections go, too", elem_id="body-shadows")
            self.text = gr.Checkbox(label="Look for writing and licence plates", elem_id="body-text")
            self.text_told = gr.HTML("", padding=False, visible=False)
            self.by_size = gr.Checkbox(value=True, label="Margins by the size of the person", elem_id="body-by-size")
            with gr.Column(visible=False) as self.margins:
                self.grow = gr.Slider(0, LARGEST_MARGIN_PX, value=8, step=1, label="Grow (px)", elem_id="body-grow")
                self.feather = gr.Slider(
                    0, LARGEST_MARGIN_PX, value=4, step=1, label="Of it soft (px)", elem_id="body-feather"
                )
            self.inpainter = gr.Dropdown(
                label="Fills the places", value="auto", choices=engine_choices("inpainter"), interactive=True
            )
            self.selector = gr.Dropdown(
                label="Outlines what you click", value="auto", choices=engine_choices("area_selector"), interactive=True
            )
        self.marking = marking_switch(self._app.settings, "mark-bodies")
        self.mask = gr.Button("Mask", variant="primary", size="lg", elem_id="mask-bodies")
        self.mask_bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.stop = gr.Button("Stop", visible=False, elem_id="stop-bodies")
        self.summary = gr.HTML("", padding=False, elem_id="body-summary")
        self.cover = gr.Button("Cover what was missed", variant="primary", visible=False, elem_id="cover-missed-bodies")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download-body")
        with gr.Row(elem_classes="dm-quiet"):
            self.download_all = gr.DownloadButton("All photos (zip)", size="sm", visible=False)
            self.download_report = gr.DownloadButton("Report", size="sm", visible=False, elem_id="download-body-report")
        self.report = gr.HTML("", padding=False, elem_id="body-report")

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
        masked.then(None, js=scroll_to("#body-bar"))
        for stop in (self.stop, self.halt):
            stop.click(Session.stop, [state], None, queue=False)
        self.picture.select(self._on_click, [state], **fast).then(self._outline, [state], **slow)
        self._busy(self.text.input, self.bar, self.halt).then(work(self._on_text), [state, self.text], **slow)
        self.people.select(self._on_person, [state], **fast)
        self.strip.select(self._on_strip, [state], **fast)
        self._wire_choices(fast)

    def _wire_choices(self, fast: dict[str, Any]) -> None:
        state, work = self._app.state, self._work
        self.look.input(self._changing(_look), [state, self.look], **fast)
        self.mode.input(self._changing(work.mean), [state, self.mode], **fast)
        self.rest.input(self._changing(work.choose), [state, self.rest], **fast)
        self.action.input(self._changing(work.assign), [state, self.action], **fast)
        self.face.input(self._changing(work.face), [state, self.face], **fast)
        for listener in (self.persona.input, self.words.blur, self.words.submit):
            listener(self._changing(work.dress), [state, self.persona, self.words], **fast)
        edges = [self.by_size, self.grow, self.feather, self.shadows]
        for listener in (self.by_size.input, self.grow.release, self.feather.release, self.shadows.input):
            listener(self._changing(work.bound), [state, *edges], **fast)
        for chooser in (self.inpainter, self.selector):
            chooser.input(self._changing(work.use), [state, self.inpainter, self.selector], **fast)
        self.undo.click(self._changing(work.undo), [state], **fast)
        self.remove.click(self._changing(work.remove), [state], **fast)
        self.done.click(self._changing(lambda session: session.bodies.pick(None)), [state], **fast)
        self.cover.click(self._changing(work.cover_missed), [state], **fast)
        self.restart.click(self._changing(Session.clear_bodies), [state], **fast)
        self.plan_upload.upload(self._changing(self._on_plan), [state, self.plan_upload], **fast)

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

    def _on_text(self, session: Session, seek: bool, bar: gr.Progress = BAR) -> None:
        self._work.seek_text(session, seek, progress_of(session, bar))

    @guarded
    def _on_click(self, session: Session, event: gr.SelectData) -> Updates:
        """A click that means somebody known is answered at once; what has to be outlined is shown to be under way."""
        session.touch()
        work = session.bodies.work
        if work is not None and work.plan is not None:
            self._work.click(session, *self._view.to_photo(work, event.index))
        outlining = session.bodies.outlining is not None
        return self.show(session) | {self.bar: gr.update(visible=outlining), self.halt: gr.update(visible=outlining)}

    def _outline(self, session: Session, bar: gr.Progress = BAR) -> Iterator[Updates]:
        """What the click left to be done."""
        if session.bodies.outlining is None:
            yield {self.bar: gr.update(visible=False)}
        else:
            yield from worker(self.show)(self._on_outline)(session, bar)

    def _on_outline(self, session: Session, bar: gr.Progress) -> None:
        self._work.outline(session, progress_of(session, bar))

    @guarded
    def _on_person(self, session: Session, event: gr.SelectData) -> Updates:
        work = session.bodies.work
        if work is not None and work.plan is not None and event.index < len(work.plan.regions):
            session.bodies.pick(work.plan.regions[event.index].id)
        return self.show(session)

    @guarded
    def _on_strip(self, session: Session, event: gr.SelectData) -> Updates:
        session.bodies.pick(None)
        session.bodies.current = event.index
        return self.show(session)

    def _on_plan(self, session: Session, file: str) -> None:
        path = Path(file)
        try:
            self._work.take_plan(session, path)
        finally:
            path.unlink(missing_ok=True)

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        desk, work = session.bodies, session.bodies.work
        updates: Updates = {
            **{part: gr.update(visible=work is None) for part in (self.intro, self.steps, self.drop)},
            self.desk: gr.update(visible=work is not None),
            **{part: gr.update(visible=False) for part in (self.bar, self.halt)},
            **{part: gr.update(visible=desk.masking) for part in (self.mask_bar, self.stop)},
        }
        if work is None:
            return updates
        view, known, hint = self._view, self._work.known(session), self._view.hint(session, work)
        comparing = work.masked is not None and desk.comparing
        regions = work.plan.regions if work.plan is not None else ()
        pointing = desk.mode != "choose"
        return updates | {
            self.strip: strip(desk.works, desk.current),
            self.title: view.title(work),
            self.look: gr.update(visible=work.masked is not None, value=LOOKS[comparing]),
            self.mode: gr.update(
                visible=work.plan is not None and not comparing, value=desk.mode,
                choices=[m for m in MODES if work.selected is not None or m[1] in ("choose", "box")],
            ),
            self.hint: gr.update(value=hint, visible=bool(hint)),
            self.picture: gr.update(
                value=view.picture(session, work), visible=not comparing and not work.problem,
                elem_classes=["dm-picture", "dm-pointing" if pointing else "dm-clickable"],
            ),
            self.slider: gr.update(value=view.slider(work) if comparing else None, visible=comparing),
            self.undo: gr.update(visible=work.plan is not None, interactive=bool(work.steps or desk.corner_xy)),
            self.plan_file: gr.update(value=self._work.plan_file(work), visible=work.plan is not None),
            self.plan_upload: gr.update(visible=work.plan is not None),
            self.people: gr.update(
                value=view.crops(session, work, known), visible=bool(regions),
                selected_index=next((n for n, r in enumerate(regions) if r.id == work.selected), None),
                elem_classes=["dm-faces", *(["dm-many"] if len(regions) > MANY else []),
                              *([] if work.selected else ["dm-unselected"])],
            ),
            **self._show_editor(session, work, known),
            **self._show_options(session, work),
            self.marking: marking_value(session, self._app.settings),
            **self._show_result(session, work, known),
        }  # fmt: skip

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after an upload was taken over; at other times an upload may be under way and is left alone."""
        return self.show(session) | {
            self.drop: gr.update(value=None, visible=session.bodies.work is None), self.more: gr.update(value=None)
        }  # fmt: skip

    def _show_editor(self, session: Session, work: BodyWork, known: Known) -> Updates:
        regions = work.plan.regions if work.plan is not None else ()
        number, region = next(((n, r) for n, r in enumerate(regions, 1) if r.id == work.selected), (0, None))
        if region is None or work.plan is None:
            return {self.editor: gr.update(visible=False)}
        decision, face = region.decision, None if region.face is None else work.plan.faces.region(region.face)
        wears = decision.action == "face" and face is not None
        told = self._view.told(work, decision.action)
        thing = {"person": "Person", "text": "Writing", "other": "Box"}[region.thing]
        value = None if face is None else to_value(face.decision)
        choices = [c for c in decision_choices(known.personas) if c[1] != "starter"]
        return {
            self.editor: gr.update(visible=True),
            self.action: gr.update(label=f"{thing} {number}", choices=actions_for(region), value=decision.action),
            self.told: gr.update(value=told, visible=bool(told)),
            self.remove: "Not a person" if region.id in work.found and region.thing == "person" else "Delete outline",
            self.face: gr.update(visible=wears, choices=choices, value=value),
            self.swap: gr.update(visible=decision.action == "swap"),
            self.persona: gr.update(choices=persona_choices(known.personas), value=decision.persona or ""),
            self.words: decision.prompt,
        }

    def _show_options(self, session: Session, work: BodyWork) -> Updates:
        chosen, told = self._work.options(session), text_hint()
        edges = chosen.edges
        automatic = edges.grow_px is None and edges.feather_px is None
        margins: Updates = {}
        if not automatic:
            margins = {self.grow: edges.grow_px or 0, self.feather: edges.feather_px or 0}
        return margins | {
            self.rest: gr.update(value=chosen.bystanders, visible=work.plan is not None),
            self.shadows: edges.shadows,
            self.text: gr.update(value=chosen.text is not None, interactive=not told),
            self.text_told: gr.update(value=note(told), visible=bool(told)),
            self.by_size: automatic,
            self.margins: gr.update(visible=not automatic),
            self.inpainter: gr.update(choices=engine_choices("inpainter"), value=chosen.inpainter),
            self.selector: gr.update(choices=engine_choices("area_selector"), value=chosen.selector),
        }

    def _show_result(self, session: Session, work: BodyWork, known: Known) -> Updates:
        works = session.bodies.works
        waiting = [w for w in works if w.plan is not None and w.masked is None]
        masked = [w for w in works if w.masked is not None]
        safe = work.report is None or work.report.safe
        missed = work.report is not None and any(f.missed_box_xyxy for f in work.report.faces.findings)
        return {
            self.mask: gr.update(
                value="Mask" if len(waiting) <= 1 else f"Mask {len(waiting)} photos",
                visible=bool(waiting) and not session.bodies.masking,
            ),
            self.summary: self._view.summary(work),
            self.report: self._view.report(work, known),
            self.cover: gr.update(visible=missed),
            self.download: gr.update(
                value=work.masked, visible=work.masked is not None, variant="primary" if safe else "secondary",
                label="Download" if safe else "Download anyway",
            ),
            self.download_all: gr.update(
                value=archive(session, masked) if len(masked) > 1 else None, visible=len(masked) > 1,
                label="All photos (zip)" if all_safe(masked) else "All photos anyway (zip)",
            ),
            self.download_report: gr.update(value=report_file(work), visible=work.report is not None),
        }  # fmt: skip


def _look(session: Session, look: str) -> None:
    session.bodies.comparing = look == LOOKS[1]
