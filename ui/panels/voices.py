"""The Voice tab: drop or record something, choose who speaks as whom, mask, listen, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines
from deepmask.engines import Kind
from deepmask.voice_plan import Background
from pipelines.voice import VoiceOptions
from ui.choices import Choice
from ui.engine_work import title
from ui.events import BAR, Updates, guarded, progress_of, worker
from ui.panels import voice_view as view
from ui.panels.marking import marking_switch, marking_value
from ui.panels.shared import App, heading, scroll_to
from ui.panels.voice_tuning import Tuning
from ui.session import Session
from ui.voice_desk import Recording
from ui.voice_work import MOST_SPEAKERS, Known, VoiceWork, speaker_choices, tells_speakers, to_value, who_choices

ACCEPTED = ["audio", "video", ".opus", ".m4a", ".flac", ".mkv", ".caf", ".amr", ".aiff"]
STEPS = (
    '<ol class="dm-steps"><li><b>1</b>Drop or record something</li><li><b>2</b>Choose whose voice it gets</li>'
    "<li><b>3</b>Mask, listen, download</li></ol>"
)
METHODS = [("Convert", "convert"), ("Speak anew", "respeak")]
STRENGTHS = [("Natural", "natural"), ("Strong", "strong")]
BACKGROUNDS: list[tuple[str, Background]] = [("Silence", "drop"), ("Quiet", "duck"), ("Full", "keep")]
ENGINES: dict[str, tuple[Kind, str]] = {
    "converter": ("voice_converter", "Converts"),
    "transcriber": ("transcriber", "Writes down"),
    "synthesizer": ("speech_synthesizer", "Speaks anew"),
}
"""Option → kind of engine and label."""


class VoicesPanel:
    """Builds the tab; every event changes the session and shows the whole tab from it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._work = VoiceWork(app.vault)
        with gr.Column(elem_classes="dm-intro", visible=True) as self.intro:
            gr.HTML(
                heading(
                    "Speak with another voice",
                    "A recording, or the sound of a video, gets the voice of a persona. Nothing is sent anywhere.",
                ),
                padding=False,
            )
        self.drop = gr.File(
            label="Drop a recording or a video here, or tap to choose", show_label=False, file_types=ACCEPTED,
            height=200, elem_id="voice-drop", elem_classes="dm-drop",
        )  # fmt: skip
        self.record = gr.Audio(
            sources=["microphone"], type="filepath", format="wav", show_label=False, container=False, buttons=[],
            elem_id="voice-record", elem_classes="dm-record",
        )  # fmt: skip
        self.steps = gr.HTML(STEPS, padding=False)
        self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.halt = gr.Button("Stop", size="sm", visible=False, elem_id="stop-opening")
        with gr.Row(visible=False, elem_classes="dm-desk") as self.desk:
            with gr.Column(scale=7, min_width=320, elem_classes="dm-stage"):
                self._build_stage()
            with gr.Column(scale=4, min_width=300, elem_classes="dm-side"):
                self._build_side()
        self._outputs = [v for v in vars(self).values() if isinstance(v, Block)]
        self._outputs += [*self.speakers, *self.engines.values(), *self.remedies.values(), *self.tuning.components]
        self._wire()

    # --------------------------------------------------------------------------------------------------- layout
    def _build_stage(self) -> None:
        with gr.Row(elem_classes="dm-bar", elem_id="voice-bar"):
            self.title = gr.HTML("", elem_classes="dm-title", padding=False)
        self.players = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="voice-players")
        self.words = gr.HTML("", padding=False)
        self.transcript = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="transcript")
        with gr.Row(elem_classes="dm-quiet", visible=False) as self.of_words:
            self.srt = gr.DownloadButton("Subtitles (SRT)", size="sm", elem_id="download-srt")
            self.vtt = gr.DownloadButton("Subtitles (VTT)", size="sm")
            self.again = gr.Button("Listen again", size="sm", elem_id="listen-again")
        with gr.Row(elem_classes="dm-quiet"):
            self.restart = gr.Button("Start over", size="sm", elem_id="voice-start-over")
            self.plan_file = gr.DownloadButton("Save plan", size="sm", visible=False, elem_id="download-plan")
            self.plan_upload = gr.UploadButton("Use a saved plan", size="sm", file_types=[".json"], elem_id="use-plan")

    def _build_side(self) -> None:
        self.who = gr.Dropdown(label="Your voice", interactive=True, elem_id="voice-who")
        self.tuning = Tuning(self._app, self._work)
        self.speakers = [
            gr.Dropdown(label=f"Speaker {n + 1}", interactive=True, visible=False, elem_classes="dm-speaker")
            for n in range(MOST_SPEAKERS)
        ]
        default = VoiceOptions()
        switch: dict[str, Any] = {"elem_classes": "dm-switch", "interactive": True}
        self.method = gr.Radio(METHODS, value=default.method, label="Method", elem_id="method", **switch)
        self.strength = gr.Radio(STRENGTHS, value=default.strength, label="Strength", elem_id="strength", **switch)
        self.background = gr.Radio(
            BACKGROUNDS, value=default.background, label="Between the phrases", visible=False, elem_id="background",
            **switch,
        )  # fmt: skip
        self.told = gr.HTML("", padding=False, elem_id="voice-told")
        with gr.Accordion("Advanced", open=False, elem_id="voice-advanced"):
            self.engines = {
                name: gr.Dropdown(label=label, value="auto", choices=_engine_choices(kind), interactive=True)
                for name, (kind, label) in ENGINES.items()
            }
            self.apart = gr.Button("Tell speakers apart", size="sm", visible=False)
            self.remedies = {name: gr.HTML("", padding=False) for name in ENGINES}
        self.marking = marking_switch(self._app.settings, "mark-voice", sounds=True)
        self.listen = gr.Button("Write down the words", variant="primary", size="lg", visible=False, elem_id="listen")
        self.mask = gr.Button("Mask voice", variant="primary", size="lg", elem_id="mask-voice")
        self.mask_bar = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.stop = gr.Button("Stop", visible=False, elem_id="stop-voice")
        self.summary = gr.HTML("", padding=False, elem_id="voice-summary")
        self.download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="download-voice")
        with gr.Row(elem_classes="dm-quiet"):
            self.download_report = gr.DownloadButton("Report", size="sm", visible=False)
        self.report = gr.HTML("", padding=False, elem_id="voice-report")

    # --------------------------------------------------------------------------------------------------- events
    def _wire(self) -> None:
        state, work = self._app.state, worker(self.show)
        slow: dict[str, Any] = {
            "outputs": self._outputs, "show_progress_on": self.bar, "concurrency_id": "work"
        }  # fmt: skip
        fast: dict[str, Any] = {"outputs": self._outputs, "show_progress": "hidden"}
        self.marking.input(self._changing(Session.mark_results), [state, self.marking], **fast)
        for source, event in ((self.drop, self.drop.upload), (self.record, self.record.stop_recording)):
            self._busy(event, self.bar, self.halt).then(
                worker(self._show_emptied)(self._on_drop), [state, source], **slow
            )
        working = slow | {"show_progress_on": self.mask_bar}
        for button, run in ((self.mask, self._on_mask), (self.listen, self._on_listen), (self.again, self._on_listen),
                            (self.apart, self._on_listen)):  # fmt: skip
            done = self._busy(button.click, self.mask_bar, self.stop).then(work(run), [state], **working)
            done.then(None, js=scroll_to("#voice-bar"))
        for stop in (self.stop, self.halt):
            stop.click(Session.stop, [state], None, queue=False)
        self.who.input(self._changing(self._work.choose), [state, self.who], **fast)
        for n, chooser in enumerate(self.speakers):
            chooser.input(self._changing(self._chooser(n)), [state, chooser], **fast)
        named = {"method": self.method, "strength": self.strength, "background": self.background, **self.engines}
        for name, control in named.items():
            control.input(self._changing(self._setter(name)), [state, control], **fast)
        self.transcript.edit(self._on_edit, [state], **fast)
        self.plan_upload.upload(self._changing(self._on_plan), [state, self.plan_upload], **fast)
        self.restart.click(self._changing(Session.clear_voice), [state], **fast)
        self.tuning.wire(self.show, self._changing, self._outputs)

    def refresh_on(self, tab: gr.Tab) -> None:
        """Show what was changed in other tabs when the user comes back to this one."""
        tab.select(self._changing(self._work.decide), [self._app.state], self._outputs, show_progress="hidden")

    def _busy(self, listener: Any, bar: gr.HTML, stop: gr.Button) -> Any:
        """Before long work: show the bar, and the button that stops it; more cannot be started meanwhile."""
        hidden = (self.mask, self.listen)
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

    def _setter(self, name: str) -> Any:
        return lambda session, value: self._work.set(session, **{name: value})

    def _chooser(self, number: int) -> Any:
        def choose(session: Session, value: str) -> None:
            recording = session.voice.recording
            if recording is not None and recording.plan is not None and number < len(recording.plan.speakers):
                self._work.choose_one(session, recording.plan.speakers[number].id, value)

        return choose

    def _on_drop(self, session: Session, file: str | None, bar: gr.Progress = BAR) -> None:
        if file:
            self._work.open(session, Path(file), Path(file).name, progress_of(session, bar))

    def _on_listen(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.listen(session, progress_of(session, bar))

    def _on_mask(self, session: Session, bar: gr.Progress = BAR) -> None:
        self._work.mask(session, progress_of(session, bar))

    def _on_plan(self, session: Session, file: str) -> None:
        path = Path(file)
        try:
            self._work.take_plan(session, path)
        finally:
            path.unlink(missing_ok=True)

    @guarded
    def _on_edit(self, session: Session, event: gr.EventData) -> Updates:
        """Words were corrected; the list itself is left alone, somebody may be writing in it."""
        session.touch()
        edit = event._data
        self._work.said(session, int(edit["index"]), str(edit["text"]))
        return {part: update for part, update in self.show(session).items() if part is not self.transcript}

    # --------------------------------------------------------------------------------------------------- show
    def show(self, session: Session) -> Updates:
        """The whole tab, as the session has it."""
        recording = session.voice.recording
        known = self._work.known(session)
        empty = recording is None
        updates: Updates = {
            **{part: gr.update(visible=empty) for part in (self.intro, self.steps, self.drop, self.record)},
            self.desk: gr.update(visible=not empty),
            **{part: gr.update(visible=False) for part in (self.bar, self.halt, self.mask_bar, self.stop)},
        }
        if recording is None:
            return updates
        plan = recording.plan
        return updates | {
            self.title: view.title(recording),
            self.players: view.players(recording, _becomes(recording, known)),
            self.words: view.words_hint(plan),
            self.transcript: view.transcript(plan),
            self.of_words: gr.update(visible=recording.heard),
            self.srt: gr.update(value=self._work.written(recording, ".srt")),
            self.vtt: gr.update(value=self._work.written(recording, ".vtt")),
            self.plan_file: gr.update(
                value=self._work.written(recording, "-plan.json"), visible=recording.plan is not None
            ),
            **self._show_choosers(session, recording, known),
            self.marking: marking_value(session, self._app.settings),
            **self._show_result(session, recording),
        }  # fmt: skip

    def _show_emptied(self, session: Session) -> Updates:
        """The tab after a recording was taken over; at other times one may be under way and is left alone."""
        empty = session.voice.recording is None
        return self.show(session) | {part: gr.update(value=None, visible=empty) for part in (self.drop, self.record)}

    def _show_choosers(self, session: Session, recording: Recording, known: Known) -> Updates:
        chosen = self._work.options(session)
        several = recording.plan.speakers if recording.plan is not None and len(recording.plan.speakers) > 1 else ()
        updates: Updates = {
            self.who: gr.update(
                choices=who_choices(known.personas), value=known.who,
                label="Everybody" if several else "The voice",
            ),
            self.method: chosen.method,
            self.strength: gr.update(value=chosen.strength, visible=chosen.method == "convert"),
            self.background: gr.update(value=chosen.background, visible=chosen.method == "respeak"),
            self.told: view.told(chosen.method, chosen.strength),
            self.apart: gr.update(
                visible=chosen.method == "convert" and not recording.heard and tells_speakers(chosen.transcriber)
            ),
            **self.tuning.show(session),
        }  # fmt: skip
        for n, chooser in enumerate(self.speakers):
            value = to_value(several[n].decision) if n < len(several) else None
            updates[chooser] = gr.update(
                visible=n < len(several), value=value, choices=speaker_choices(known.personas)
            )  # fmt: skip
        for name, (kind, _) in ENGINES.items():
            updates[self.engines[name]] = gr.update(choices=_engine_choices(kind), value=getattr(chosen, name))
            updates[self.remedies[name]] = view.not_ready(kind)
        return updates

    def _show_result(self, session: Session, recording: Recording) -> Updates:
        masked, report = recording.masked, recording.report
        respeak = session.voice.options.method == "respeak"
        writes = respeak and not recording.heard
        safe = report is None or report.safe
        return {
            self.listen: gr.update(visible=writes),
            self.mask: gr.update(
                value="Speak anew" if respeak else "Mask voice", visible=not writes and masked is None
            ),
            self.summary: view.summary(report, recording.plan),
            self.report: view.report(report),
            self.download: gr.update(
                value=masked, visible=masked is not None, variant="primary" if safe else "secondary",
                label="Download" if safe else "Download anyway",
            ),
            self.download_report: gr.update(
                value=self._work.written(recording, "-report.json"), visible=report is not None
            ),
        }  # fmt: skip


def _becomes(recording: Recording, known: Known) -> str:
    """Whose voice is heard in the masked recording."""
    values = {to_value(s.decision) for s in recording.plan.speakers} if recording.plan is not None else set()
    if len(values) != 1:
        return "several voices"
    names = {f"persona:{p.id}": p.name for p in known.personas}
    return names.get(values.pop(), "a voice of nobody")


def _engine_choices(kind: Kind) -> list[Choice]:
    ready = [row for row in engines.rows(kind) if not row.missing()]
    return [("Automatic", "auto"), *((title(row), row.name) for row in ready)]
