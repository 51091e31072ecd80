"""The REST door for videos; :mod:`ui.rest` adds these endpoints to its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from deepmask.errors import InputError
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part
from deepmask.roster import Roster
from deepmask.video_plan import VideoPlan
from deepmask.voice_plan import Strength
from pipelines import video
from pipelines.photo import PhotoOptions
from pipelines.video import VideoOptions
from pipelines.voice import VoiceOptions
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.session import Session
from ui.video_work import masked_name

FINDER = VideoOptions().faces.finder


class VideoEndpoints:
    """Videos are planned, masked, and rendered from a plan."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _take(self, session: Session, file: str | None, request: gr.Request) -> Clip:
        if not file:
            raise InputError("Give a video: upload it and name the upload.")
        self._app.register.opened(request.session_hash, session)
        path = session.adopt(Path(file), Path(file).name)
        try:
            return Clip.open(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _options(
        self, persona: str, bystanders: str, engine: str, look: dict | None, finder: str, voice: str, bodies: str
    ) -> VideoOptions:
        chosen = self._app.vault.persona(persona).id if persona else None
        faces = PhotoOptions(
            chosen,
            bystanders or "pixelate",  # type: ignore[arg-type]  # checked there
            finder or FINDER,
            swapper=engine or "auto",
            look=Look.from_json(look or {}),
        )
        covering: Any = bodies or None  # others are refused there
        return VideoOptions(faces, voice=_voice(voice, chosen), bodies=covering)

    def _roster(self, session: Session) -> Roster:
        return session.roster(self._app.vault)

    @guarded
    def plan_video(
        self,
        session: Session,
        file: str,
        persona: str,
        bystanders: str,
        request: gr.Request,
        engine: str = "auto",
        look: dict | None = None,
        finder: str = FINDER,
        voice: str = "",
        bodies: str = "",
        bar: gr.Progress = BAR,
    ) -> dict:
        """The faces of a video, when and where each is seen, and what would happen to it: a plan."""
        options = self._options(persona, bystanders, engine, look, finder, voice, bodies)
        clip = self._take(session, file, request)
        plan = video.analyze(clip, self._roster(session), options, progress=progress_of(session, bar))
        return json.loads(plan.to_json())

    @guarded
    def mask_video(
        self,
        session: Session,
        file: str,
        persona: str,
        bystanders: str,
        request: gr.Request,
        engine: str = "auto",
        look: dict | None = None,
        finder: str = FINDER,
        voice: str = "",
        quality: str = "good",
        provenance: bool | None = None,
        bodies: str = "",
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """The masked video and its report. 'persona' names the one everybody gets; empty: as enrolled.

        'voice' is how strongly voices are changed, 'natural' or 'strong'; empty: the sound stays as it is.
        'bodies' covers whole people who are not enrolled, 'silhouette' or 'pixelate'; empty: faces alone. With
        'provenance' the result carries a tag and content credentials that say that it is masked.
        """
        options = self._options(persona, bystanders, engine, look, finder, voice, bodies)
        clip, progress = self._take(session, file, request), progress_of(session, bar)
        plan = video.analyze(clip, self._roster(session), options, progress=part(progress, 0.0, 0.4))
        return self._deliver(clip, plan, quality, provenance, part(progress, 0.4, 1.0))

    @guarded
    def render_video(
        self,
        session: Session,
        file: str,
        plan: dict,
        request: gr.Request,
        quality: str = "good",
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """A plan carried out: the masked video and its report; what was drawn for the same plan is not drawn again."""
        decided = VideoPlan.from_json(json.dumps(plan))
        clip = self._take(session, file, request)
        return self._deliver(clip, decided, quality, provenance, progress_of(session, bar))

    def _deliver(
        self, clip: Clip, plan: VideoPlan, quality: str, provenance: bool | None, progress: Progress
    ) -> tuple[str, dict]:
        out, vault = clip.path.parent / "masked" / masked_name(clip.path), self._app.vault
        encoding = Encoding(out.suffix, quality=quality or "good")
        done = video.deliver(clip, plan, vault, out, encoding=encoding, provenance=provenance, progress=progress)
        return str(out), json.loads(done.report.to_json())


def _voice(strength: str, persona: str | None) -> VoiceOptions | None:
    known: dict[str, Strength] = {"natural": "natural", "strong": "strong"}
    if strength and strength not in known:
        raise InputError(f"Voices are changed {' or '.join(known)}, not {strength!r}; leave it empty to keep them.")
    return VoiceOptions(persona=persona, strength=known[strength]) if strength else None
