"""The REST door for voices; :mod:`ui.rest` adds these endpoints to its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gradio as gr

from deepmask.errors import InputError
from deepmask.media.sound import Sound
from deepmask.voice_plan import Method, Strength, VoicePlan
from pipelines import voice
from pipelines.voice import VoiceOptions
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.session import Session
from ui.voice_work import masked_name


class VoiceEndpoints:
    """Recordings are masked, written down, and spoken anew from a plan."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _take(self, session: Session, file: str | None, request: gr.Request) -> Sound:
        if not file:
            raise InputError("Give a recording: upload it and name the upload.")
        self._app.register.opened(request.session_hash, session)
        path = session.adopt(Path(file), Path(file).name)
        try:
            return Sound.open(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _options(self, persona: str, method: Method, strength: Strength) -> VoiceOptions:
        chosen = self._app.vault.persona(persona).id if persona else None
        return VoiceOptions(persona=chosen, method=method or "convert", strength=strength or "natural")

    @guarded
    def mask_voice(
        self,
        session: Session,
        file: str,
        persona: str,
        method: Method,
        strength: Strength,
        request: gr.Request,
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """The masked recording and its report. 'persona' names whose voice it gets; empty: a voice of nobody. With
        'provenance' the result carries content credentials that say that it is masked.
        """
        options = self._options(persona, method, strength)
        sound = self._take(session, file, request)
        out = _out(sound)
        progress = progress_of(session, bar)
        result = voice.mask(sound, self._app.vault, out, options, provenance=provenance, progress=progress)
        return str(out), json.loads(result.report.to_json())

    @guarded
    def transcribe_voice(
        self,
        session: Session,
        file: str,
        persona: str,
        language: str,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> dict:
        """What is said, as a plan to speak it anew: correct its phrases and hand it to '/render_voice'.

        'language' is an ISO 639-1 code; empty: what the recogniser finds out.
        """
        options = replace(self._options(persona, "respeak", "natural"), language=language or None)
        sound = self._take(session, file, request)
        return json.loads(voice.analyze(sound, options, progress=progress_of(session, bar)).to_json())

    @guarded
    def render_voice(
        self,
        session: Session,
        file: str,
        plan: dict,
        request: gr.Request,
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """A plan carried out: the masked recording and its report."""
        decided = VoicePlan.from_json(json.dumps(plan))
        sound, progress, vault = self._take(session, file, request), progress_of(session, bar), self._app.vault
        out = _out(sound)
        report = voice.deliver(sound, decided, vault, out, provenance=provenance, progress=progress)
        return str(out), json.loads(report.to_json())


def _out(sound: Sound) -> Path:
    assert sound.path is not None
    return sound.path.parent / "masked" / masked_name(sound)
