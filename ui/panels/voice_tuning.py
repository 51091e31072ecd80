"""The controls that adjust how the chosen persona sounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from deepmask.media.sound import Sound
from ui.events import BAR, Updates, progress_of, worker
from ui.panels import voice_view as view
from ui.panels.shared import App
from ui.session import Session
from ui.voice_work import VoiceWork, clip

SLIDERS = {
    "pitch_hz": ("Pitch in Hz", 70, 300, 1),
    "liveliness": ("Liveliness: monotonous to lively", 0.08, 0.45, 0.01),
    "size": ("Size: large to small person", 0.8, 1.25, 0.01),
    "breath": ("Breath: breathy to clear", 0.5, 1.8, 0.05),
}


class Tuning:
    """Builds the accordion; ``components`` are to be outputs of whatever shows the tab."""

    def __init__(self, app: App, work: VoiceWork) -> None:
        self._app, self._work = app, work
        with gr.Accordion("Adjust the voice", open=False, visible=False, elem_id="tune-voice") as self.frame:
            with gr.Column(elem_classes="dm-sliders"):
                self.sliders = {
                    name: gr.Slider(
                        low, high, step=step, label=label, buttons=[], interactive=True, elem_id=f"tune-{name}"
                    )
                    for name, (label, low, high, step) in SLIDERS.items()
                }
            self.bar = gr.HTML("", visible=False, elem_classes="dm-progress")
            self.player = gr.HTML("", js_on_load=view.SCRIPT, padding=False, elem_id="voice-sample")
            with gr.Row(elem_classes="dm-quiet"):
                self.play = gr.Button("Play a sample", size="sm", elem_id="play-sample")
                self.keep = gr.Button("Keep this voice", size="sm", elem_id="keep-voice")
        self.components = [self.frame, *self.sliders.values(), self.bar, self.player, self.keep]

    def wire(self, show: Callable[[Session], Updates], changing: Callable[[Any], Any], outputs: list[Any]) -> None:
        """Connect the controls; ``show`` gives the whole tab, ``changing`` makes an event of a verb."""
        state = self._app.state
        fast: dict[str, Any] = {"outputs": outputs, "show_progress": "hidden"}
        for name, slider in self.sliders.items():
            slider.release(changing(self._mover(name)), [state, slider], **fast)
        self.keep.click(changing(self._on_keep), [state], **fast)
        self.play.click(
            lambda: gr.update(visible=True), None, self.bar, queue=False, show_progress="hidden"
        ).then(
            worker(show)(self._on_play), [state], outputs=outputs, show_progress_on=self.bar, concurrency_id="samples"
        )  # fmt: skip

    def _mover(self, name: str) -> Callable[[Session, float], None]:
        return lambda session, value: self._work.tune(session, **{name: float(value)})

    def _on_keep(self, session: Session) -> None:
        gr.Info(f"{self._work.keep_voice(session)} has this voice from now on.", duration=5)

    def _on_play(self, session: Session, bar: gr.Progress = BAR) -> Updates:
        path = self._work.play_sample(session, progress_of(session, bar))
        persona = self._work.known(session).persona
        name = persona.name if persona is not None else ""
        return {self.player: view.sample(clip(Sound.open(path), path.parent), name)}

    def show(self, session: Session) -> Updates:
        """The controls as the session has them."""
        persona = self._work.known(session).persona
        voice = self._work.tuned(session)
        name = "the" if persona is None else f"{persona.name}'s"
        return {
            self.frame: gr.update(visible=persona is not None, label=f"Adjust {name} voice"),
            **{
                slider: gr.update(value=round(min(max(getattr(voice, field), low), high), 0 if step == 1 else 2))
                for (field, (_, low, high, step)), slider in zip(SLIDERS.items(), self.sliders.values(), strict=True)
            },
            self.bar: gr.update(visible=False),
            self.player: "",
            self.keep: gr.update(visible=session.voice.tuned is not None),
        }
