"""The Video tab: drop a video, review every face that was followed, mask, compare, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.media.clip_encoding import CODECS, HARDWARE, QUALITIES
from ui.choices import MASKS, NOBODY, ROSTER, Known, decision_choices, who_choices
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels import video_report
from ui.panels import video_view as view
from ui.panels.face_engine import FaceEngine
from ui.panels.marking import marking_switch, marking_value
from ui.panels.shared import App, heading, note, scroll_to
from ui.panels.video_timeline import timeline
from ui.photo_work import swapping
from ui.session import Session
from ui.video_desk import Film, VideoDesk
from ui.video_work import BODY, VideoWork

ACCEPTED = ["video", ".mkv", ".gif", ".webp", ".apng", ".ts", ".mts", ".m2ts", ".flv"]
STEPS = (
    '<ol class="dm-steps"><li><b>1</b>Drop a video</li><li><b>2</b>Review who gets which face</li>'
    "<li><b>3</b>Mask, compare, download</li></ol>"
)
LOOKS = ("Review", "Before and after")
SOUNDS = [("As they are", "keep"), ("Natural", "natural"), ("Strong", "strong")]
BODIES = [("As they are", "keep"), ("Silhouette", "silhouette"), ("Pixelated", "pixelate")]
WRITTEN = dict(zip(QUALITIES, ("Better", "Good", "Small"), strict=True))


class VideosPanel:
    """Builds the tab; every event changes the session and shows the tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = VideoWork(app.vault, app.settings)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Put another face on your videos",
                    "Every face is followed on this computer, covered in every frame, and checked. Nothing is sent "
                    "anywhere.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop a video here, or tap to choose", show_label=False, file_types=ACCEPTED, height=230,
            elem_id="video-drop", elem_classes="dm-drop",
        )  # fmt: skip
        self.steps = gr.HTML(STEPS + _limit(app.settings.max_upload_mb), padding=False)
        self.bar = gr.HTML("", visible=False, elem_id="video-progress", elem_classes="dm-progress")
        with gr.Row(elem_classes="dm-quiet", visible=False) as self.ways_out:
            self.wait = gr.Button("Pause", size="sm", elem_id="pause-looking")
            self.halt = gr.Button("Stop", size="sm", elem_id="stop-following")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_side()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)] + self.engine.components
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        with gr.Row(elem_classes="dm-bar", elem_id="video-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
            self.look = gr.Radio(
                list(LOOKS), value=LOOKS[0], show_label=False, container=False, visible=False, elem_classes="dm-switch",
                elem_id="video-look",
            )  # fmt: skip
        self.hint = gr.HTML("", padding=False, elem_id="video-hint")
        self.players = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="video-players")
        self.flags = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="video-flags")
        self.viewer = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="viewer")
        self.timeline = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="timeline")
        with gr.Row(visible=False, elem_classes="dm-quiet dm-hand", elem_id="track-editor") as self.editor:
            self.named = gr.HTML("", padding=False, elem_classes="dm-title")
            self.move = gr.Button("Move the box", size="sm", elem_id="move-box")
            self.begin = gr.Button("Begins here", size="sm", elem_id="begins-here")
            self.end = gr.Button("Ends here", size="sm", elem_id="ends-here")
            self.remove = gr.Button("Not a face", size="sm", elem_id="remove-track")
            self.done = gr.Button("Done", size="sm")
        with gr.Row(elem_classes="dm-quiet"):
            self.point = gr.Button("Add a missed face", size="sm", elem_id="add-track")
            self.unpoint = gr.Button("Never mind", size="sm", visible=False)
            self.plan_file = gr.DownloadButton("Save plan", size="sm", visible=False, elem_id="download-video-plan")
            self.plan_upload = gr.UploadButton("Use a saved plan", size="sm", file_types=[".json"])
            self.restart = gr.Button("Start over", size="sm", elem_id="video-start-over")
        self.cards = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="tracks")

    def _build_side(self) -> None:
        self.who = gr.Dropdown(label="Who gets a persona", interactive=True, elem_id="video-who")
        self.rest = gr.Dropdown(
            [(words, action) for action, words in MASKS.items()] + [("Leave visible", "keep")],
            value="pixelate", label="Everybody else", interactive=True, elem_id="video-rest",
        )  # fmt: skip
        self.people = gr.Radio(
            BODIES, value="keep", label="Whole people", elem_classes="dm-switch", elem_id="video-people"
        )
        self.people_told = gr.HTML("", padding=False, visible=False)
        self.sound = gr.Radio(
            SOUNDS, value="keep", label="Voices", visible=False, elem_classes="dm-switch", elem_id="video-sound"
        )
        self.told = gr.HTML("", padding=False, visible=False)
        with gr.Accordion("Face engine and quality", open=False, elem_id="video-swapping"):
            self.engine = FaceEngine("video-")
            self.quality = gr.Radio(
                [(words, value) for value, words in WRITTEN.items()], value=VideoDesk.quality, label="Picture quality",
                elem_classes="dm-switch", elem_id="video-quality",
            )  # fmt: skip
            with gr.Row():
                self.codec = gr.Dropdown(["auto", *CODECS], value=VideoDesk.codec, label="Codec", elem_id="video-codec")
                self.hardware = gr.Dropdown(
                    ["none", *HARDWARE], value=VideoDesk.hardware, label="Encode on", elem_id="video-hardware"
                )
        self.marking = marking_switch(self._app.settings, "mark-video")
        self.find = gr.Button("Find the faces", variant="primary", size="lg", visible=False, elem_id="find-tracks")
        self.mask = gr.Button("Mask", variant="primary", size="lg", elem_id="mask-video")
        self.mask_bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        with gr.Row(elem_classes="dm-quiet", visible=False) as self.mask_ways_out:
            self.pause = gr.Button("Pause", size="sm", elem_id="pause-video")
            self.stop = gr.Button("Stop", size="sm", elem_id="stop-video")
        self.state = gr.HTML("", padding=False, elem_id="video-state")
        self.summary = gr.HTML("", padding=False, elem_id="video-summary")
        self.cover = gr.Button("Cover what was missed", variant="primary", visible=False, elem_id="cover-missed-video")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download-video")
        with gr.Row(elem_classes="dm-quiet"):
            self.report_file = gr.DownloadButton("Report", size="sm", visible=False, elem_id="download-video-report")
        self.report = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="video-report")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        self.marking.input(self._changing(Session.mark_results), [state, self.marking], **fast)
        looking = {"outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"}
        masking = looking | {"show_progress_on": self.mask_bar}
        self._busy(self.drop.upload, self.bar, self.ways_out).then(
            worker(self._show_emptied)(self._on_drop), [state, self.drop], **looking
        )
        found = self._busy(self.find.click, self.mask_bar, self.mask_ways_out).then(
            work(self._on_find), [state], **masking
        )
        masked = self._busy(self.mask.click, self.mask_bar, self.mask_ways_out).then(
            work(self._on_mask), [state], **masking
        )
        for stop in (self.stop, self.halt):
            stop.click(_stop, [state], None, queue=False)
        for pause in (self.pause, self.wait):
            pause.click(_pause, [state], [pause], queue=False, show_progress="hidden")
        for shown in (self.viewer, self.timeline, self.flags, self.cards, self.report):
            shown.select(self._on_pick, [state], trigger_mode="always_last", **fast)
        self.viewer.edit(self._on_draw, [state], **fast)
        self.cards.edit(self._on_decide, [state], **fast)
        self.look.input(self._changing(_show_as), [state, self.look], **fast)
        for chooser in (self.who, self.rest):
            chooser.input(self._changing(self._work.choose), [state, self.who, self.rest], **fast)
        self.people.input(self._changing(self._work.cover_bodies), [state, self.people], **fast)
        self.sound.input(self._changing(self._work.speak), [state, self.sound], **fast)
        coding = [self.quality, self.codec, self.hardware]
        for chooser in coding:
            chooser.input(self._changing(self._work.write_as), [state, *coding], **fast)
        self.engine.wire(self._changing(self._work.swap_with), state, **fast)
        buttons = {
            self.move: _move, self.begin: self._work.begin_here, self.end: self._work.end_here,
            self.remove: self._work.remove, self.done: _unselect, self.point: _point, self.unpoint: _unpoint,
            self.cover: self._work.cover_missed, self.restart: Session.clear_video,
        }  # fmt: skip
        for button, change in buttons.items():
            button.click(self._changing(change), [state], **fast)
        self.plan_upload.upload(self._changing(self._on_plan), [state, self.plan_upload], **fast)
        for ready in (masked, found):
            ready.then(None, js=scroll_to("#video-bar"))

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show what was changed in other tabs when the user comes back to this one."""
        tab.select(self._changing(self._work.decide), [self._app.state], self._outputs, show_progress="hidden")

    def _busy(self, listener: Any, bar: gr.HTML, ways_out: gr.Row) -> Any:
        """Before long work: show the bar and how to end it; more cannot be started meanwhile."""
        hidden = (self.mask, self.find, self.state)
        return listener(
            lambda: {part: gr.update(visible=True) for part in (bar, ways_out)}
            | {button: gr.update(visible=False) for button in hidden},
            None, [bar, ways_out, *hidden], queue=False, show_progress="hidden",
        )  # fmt: skip

    def _changing(self, change: Any) -> Any:
        """An event that changes the session at once."""

        @guarded
        def run(session: Session, *values: Any) -> Updates:
            session.touch()
            change(session, *values)
            return self.show(session)

        return run

    def _on_drop(self, session: Session, file: str | None, bar: gr.Progress = BAR) -> None:
        if file:
            self._work.open(session, Path(file), Path(file).name, progress_of(session, bar))

    def _on_find(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.analyse(session, progress_of(session, bar))

    def _on_mask(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.mask(session, progress_of(session, bar))

    def _on_plan(self, session: Session, file: str) -> None:
        path = Path(file)
        try:
            self._work.take_plan(session, path)
        finally:
            path.unlink(missing_ok=True)

    @guarded
    def _on_pick(self, session: Session, event: gr.EventData) -> Updates:
        """A track was chosen, a frame, or both; the frame alone leaves everything else as it is."""
        session.touch()
        film, desk = session.video.film, session.video
        if film is None or film.plan is None:
            return self.show(session)
        known = self._work.known(session)
        track, frame = event._data.get("track"), event._data.get("frame")
        if frame is not None:
            desk.frame = max(0, min(int(frame), film.plan.frames - 1))
        if track is None:
            return self._show_frame(desk, film, known)
        chosen = film.plan.track(str(track))
        desk.selected, desk.pointing = chosen.id, None
        leaving = desk.comparing and bool(event._data.get("review"))
        desk.comparing = desk.comparing and not leaving
        if frame is None and chosen.box_at(desk.frame) is None:
            desk.frame = (chosen.shown or (chosen.first,))[0]
        if leaving:
            return self.show(session)
        return self._show_frame(desk, film, known) | self._show_tracks(desk, film, known)

    @guarded
    def _on_draw(self, session: Session, event: gr.EventData) -> Updates:
        session.touch()
        x1, y1, x2, y2 = (float(v) for v in event._data["box"])
        self._work.draw(session, (x1, y1, x2, y2))
        return self.show(session)

    @guarded
    def _on_decide(self, session: Session, event: gr.EventData) -> Updates:
        """Something else was chosen in a card; the cards are left alone, somebody may be choosing in another."""
        session.touch()
        before, value = self._work.known(session).who, str(event._data["value"])
        self._work.assign(session, str(event._data["track"]), value)
        shown = self.show(session)
        if self._work.known(session).who == before and not value.startswith(BODY):
            shown.pop(self.cards, None)
        return shown

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        film, desk = session.video.film, session.video
        desk.paused = False
        updates: Updates = {
            **{part: gr.update(visible=film is None) for part in (self.intro, self.steps, self.drop)},
            **{part: gr.update(visible=False) for part in (self.bar, self.ways_out, self.mask_bar, self.mask_ways_out)},
            **{part: gr.update(value="Pause") for part in (self.pause, self.wait)},
            self.desk: gr.update(visible=film is not None),
        }
        if film is None:
            return updates
        known = self._work.known(session)
        reviewing, hint = not desk.comparing, view.hint(film, desk, self._work.unrecognised(session))
        flags = view.flags(film)
        return updates | {
            self.title: view.title(film),
            self.look: gr.update(visible=film.masked is not None, value=LOOKS[desk.comparing]),
            self.hint: gr.update(value=hint, visible=bool(hint)),
            self.flags: gr.update(value=flags, visible=reviewing and bool(flags)),
            self.plan_file: gr.update(value=self._work.written(film, "plan"), visible=film.plan is not None),
            self.point: gr.update(visible=reviewing and desk.pointing is None and film.plan is not None),
            self.unpoint: gr.update(visible=desk.pointing is not None),
            **self._show_frame(desk, film, known),
            **self._show_tracks(desk, film, known),
            **self._show_choosers(desk, film, known),
            self.marking: marking_value(session, self._app.settings),
            **self._show_result(desk, film, known),
        }  # fmt: skip

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after a video was taken over; at other times an upload may be under way and is left alone."""
        return self.show(session) | {self.drop: gr.update(value=None, visible=session.video.film is None)}

    def _show_frame(self, desk: VideoDesk, film: Film, known: Known) -> Updates:
        """The frame that is shown."""
        return {
            self.viewer: gr.update(
                value=view.viewer(film, desk, known, self._values(known, film)), visible=not desk.comparing
            )
        }

    def _show_tracks(self, desk: VideoDesk, film: Film, known: Known) -> Updates:
        """The tracks, and what can be done to the selected one."""
        values = self._values(known, film)
        called, choices = view.names(film, known, values), decision_choices(known.personas)
        reviewing = not desk.comparing
        chosen = reviewing and desk.selected in called
        return {
            self.timeline: gr.update(value=timeline(film, desk.frame, desk.selected, called), visible=reviewing),
            self.cards: gr.update(value=view.cards(film, desk, known, values, choices), visible=reviewing),
            self.editor: gr.update(visible=chosen and desk.pointing is None),
            self.named: view.named(film, desk.selected) if chosen else "",
        }

    def _show_choosers(self, desk: VideoDesk, film: Film, known: Known) -> Updates:
        told, covered = view.told_of_voices(film, desk, known), view.told_of_bodies(desk, known)
        return {
            self.people: desk.bodies or "keep",
            self.people_told: gr.update(value=covered, visible=bool(covered)),
            self.who: gr.update(choices=who_choices(known.personas, known.roster), value=known.who),
            self.rest: gr.update(
                value=desk.bystanders, visible=known.who in (ROSTER, NOBODY),
                label="Everybody else" if known.who == ROSTER else "How faces are hidden",
            ),
            self.sound: gr.update(value=desk.voice or "keep", visible=film.clip.has_sound),
            self.told: gr.update(value=told, visible=bool(told)),
            self.quality: desk.quality,
            self.codec: desk.codec,
            self.hardware: desk.hardware,
            **self.engine.show(*swapping(desk)),
        }  # fmt: skip

    def _show_result(self, desk: VideoDesk, film: Film, known: Known) -> Updates:
        report, masked = film.report, film.masked
        safe = report is None or report.safe
        waiting = film.plan is not None and masked is None
        return {
            self.find: gr.update(visible=film.plan is None),
            self.mask: gr.update(value=_mask_label(film), visible=waiting),
            self.state: gr.update(value=note(_state(film)), visible=waiting or film.plan is None),
            self.players: gr.update(value=view.players(film, _seen(film, known)), visible=desk.comparing),
            self.summary: video_report.summary(report),
            self.report: video_report.report(film, known),
            self.cover: gr.update(visible=video_report.misses_any(report)),
            self.download: gr.update(
                value=masked, visible=masked is not None, variant="primary" if safe else "secondary",
                label="Download" if safe else "Download anyway",
            ),
            self.report_file: gr.update(value=self._work.written(film, "report"), visible=report is not None),
        }  # fmt: skip

    def _values(self, known: Known, film: Film) -> dict[str, str]:
        tracks = film.plan.tracks if film.plan is not None else ()
        return {track.id: self._work.value(known, film, track) for track in tracks}


def _limit(megabytes: int) -> str:
    return (
        f'<p class="dm-limit">Videos and animations up to {megabytes} MB. For larger ones start the app with '
        "<code>DEEPMASK_MAX_UPLOAD_MB=4000</code>, or use <code>deepmask video</code>.</p>"
    )


def _mask_label(film: Film) -> str:
    if film.kept:
        return "Go on masking"
    return "Mask again" if film.rendered else "Mask"


def _state(film: Film) -> str:
    """What the next button will have to do."""
    if film.plan is None:
        return "The search for faces was stopped. What was seen is kept: it goes on from there."
    if film.kept:
        return (
            f"Stopped at {film.kept:.0%}. Finished parts are kept for a week, also when the app is closed: masking the "
            "same video goes on from there."
        )
    return "Only what you changed is drawn again." if film.rendered else ""


def _seen(film: Film, known: Known) -> list[str]:
    """Names of the personas in the masked video."""
    tracks = film.plan.tracks if film.plan is not None else ()
    shown = (track.decision.persona for track in tracks if track.body is None)
    return list(dict.fromkeys(known.names[persona] for persona in shown if persona in known.names))


def _stop(session: Session) -> None:
    session.stop()
    session.video.paused = False


def _pause(session: Session) -> Any:
    session.touch()
    session.video.paused = not session.video.paused
    return gr.update(value="Go on" if session.video.paused else "Pause")


def _show_as(session: Session, look: str) -> None:
    session.video.comparing = look == LOOKS[1]
    session.video.unselect()


def _point(session: Session) -> None:
    session.video.selected, session.video.pointing = None, ""


def _move(session: Session) -> None:
    session.video.pointing = session.video.selected


def _unpoint(session: Session) -> None:
    session.video.pointing = None


def _unselect(session: Session) -> None:
    session.video.unselect()
