"""The REST door: the pipelines as endpoints of Gradio's own API, for scripts and the gradio client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import gradio as gr

from deepmask.body_plan import BODY_ACTIONS
from deepmask.errors import InputError
from deepmask.face_pose import FacePose
from deepmask.faces import RGBImage
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.media.clip_encoding import QUALITIES, Encoding
from deepmask.persona import Persona
from deepmask.plan import ACTIONS
from deepmask.progress import part
from deepmask.report_json import noted
from deepmask.variation import VariationKind
from deepmask.voice_plan import Method, Strength
from deepmask.wishes import Wishes
from pipelines import avatar, photo
from pipelines.avatar import VariationOptions
from pipelines.body import BodyOptions
from pipelines.photo import PhotoOptions
from pipelines.provenance import render_photo
from pipelines.voice import VoiceOptions
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.photo_work import masked_name
from ui.rest_body import BodyEndpoints
from ui.rest_protect import ProtectEndpoints
from ui.rest_video import FINDER, VideoEndpoints
from ui.rest_voice import VoiceEndpoints
from ui.session import Session, Work


def add_endpoints(app: App) -> frozenset[str]:
    """Add the public endpoints to the page that is being built, which shows nothing of them; returns their names."""
    work, bodies, voices, videos = _Endpoints(app), BodyEndpoints(app), VoiceEndpoints(app), VideoEndpoints(app)
    with gr.Column(visible=False):
        file = gr.File(label="photo")
        persona = gr.Textbox(label="persona")
        bystanders = gr.Dropdown([a for a in ACTIONS if a != "persona"], value="pixelate", label="bystanders")
        engine, finder = gr.Textbox("auto", label="engine"), gr.Textbox(PhotoOptions.finder, label="finder")
        look = gr.JSON(label="look")
        prompt, seed, count = gr.Textbox(label="prompt"), gr.Number(0, label="seed"), gr.Number(4, label="count")
        style, name = gr.Textbox("auto", label="style"), gr.Textbox(label="name")
        wishes, words = gr.JSON(label="wishes"), gr.Textbox(label="words")
        kind = gr.Dropdown(list(get_args(VariationKind)), value=VariationOptions.kind, label="kind")
        data, out, portraits = gr.JSON(label="report"), gr.File(label="masked"), gr.File(label="portraits")
        recording, plan = gr.File(label="recording"), gr.JSON(label="plan")
        method = gr.Dropdown(list(get_args(Method)), value=VoiceOptions.method, label="method")
        strength = gr.Dropdown(list(get_args(Strength)), value=VoiceOptions.strength, label="strength")
        language = gr.Textbox(label="language")
        action = gr.Dropdown(list(BODY_ACTIONS), value=BodyOptions.bystanders, label="bystanders")
        text = gr.Dropdown(["", "silhouette", "pixelate", "remove"], value="", label="text")
        inpainter, clothes = gr.Textbox(BodyOptions.inpainter, label="inpainter"), gr.Textbox("", label="prompt")
        clip, frames = gr.File(label="video"), gr.Textbox(FINDER, label="finder")
        covering = gr.Textbox("", label="bodies")
        spoken = gr.Dropdown(["", *get_args(Strength)], value="", label="voice")
        quality = gr.Dropdown(list(QUALITIES), value=Encoding.quality, label="quality")
        provenance = gr.Checkbox(app.settings.provenance, label="provenance")
        protection = ProtectEndpoints(app).events()
        button = gr.Button()
    of_videos = [app.state, clip, persona, bystanders, engine, look, frames, spoken]
    options = [app.state, file, persona, bystanders, engine, look, finder]
    of_bodies = [app.state, file, action, persona, text, inpainter, clothes]
    events = {
        "analyze": (work.analyze, options, data),
        "mask_photo": (work.mask_photo, [*options, provenance], [out, data]),
        "create_personas": (work.create_personas, [app.state, prompt, seed, count, style, wishes], [portraits, data]),
        "keep_persona": (work.keep_persona, [app.state, prompt, seed, style, name, wishes], data),
        "vary_persona": (work.vary_persona, [app.state, persona, kind, words, seed, count], [portraits, data]),
        "personas": (work.personas, None, data),
        "plan_bodies": (bodies.plan_bodies, of_bodies, data),
        "mask_bodies": (bodies.mask_bodies, [*of_bodies, provenance], [out, data]),
        "render_bodies": (bodies.render_bodies, [app.state, file, plan, provenance], [out, data]),
        "plan_video": (videos.plan_video, [*of_videos, covering], data),
        "mask_video": (videos.mask_video, [*of_videos, quality, provenance, covering], [out, data]),
        "render_video": (videos.render_video, [app.state, clip, plan, quality, provenance], [out, data]),
        "mask_voice": (voices.mask_voice, [app.state, recording, persona, method, strength, provenance], [out, data]),
        "transcribe_voice": (voices.transcribe_voice, [app.state, recording, persona, language], data),
        "render_voice": (voices.render_voice, [app.state, recording, plan, provenance], [out, data]),
    } | protection
    for api_name, (endpoint, inputs, outputs) in events.items():
        button.click(endpoint, inputs, outputs, api_name=api_name, concurrency_id="work")
    return frozenset(events)


class _Endpoints:
    def __init__(self, app: App) -> None:
        self._app = app

    def _options(self, persona: str, bystanders: str, engine: str, look: dict | None, finder: str) -> PhotoOptions:
        chosen = self._app.vault.persona(persona).id if persona else None
        return PhotoOptions(
            chosen,
            bystanders,  # type: ignore[arg-type]  # checked there
            finder or PhotoOptions.finder,
            swapper=engine or "auto",
            look=Look.from_json(look or {}),
        )

    def _take(self, session: Session, file: str | None, request: gr.Request) -> Work:
        if not file:
            raise InputError("Give a photo: upload it and name the upload.")
        self._app.register.opened(request.session_hash, session)
        work = session.take(Path(file), Path(file).name)
        session.works.clear()
        return work

    @guarded
    def analyze(
        self,
        session: Session,
        file: str,
        persona: str,
        bystanders: str,
        request: gr.Request,
        engine: str = "auto",
        look: dict | None = None,
        finder: str = PhotoOptions.finder,
        bar: gr.Progress = BAR,
    ) -> dict:
        """The faces of a photo and what would happen to each: a plan."""
        work = self._take(session, file, request)
        source = session.photo(work, self._app.settings.max_megapixels)
        options = self._options(persona, bystanders, engine, look, finder)
        roster = session.roster(self._app.vault)
        plan = photo.analyze(source, roster, options, progress=progress_of(session, bar))
        return json.loads(plan.to_json())

    @guarded
    def mask_photo(
        self,
        session: Session,
        file: str,
        persona: str,
        bystanders: str,
        request: gr.Request,
        engine: str = "auto",
        look: dict | None = None,
        finder: str = PhotoOptions.finder,
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """The masked photo and its report. 'persona' names the one everybody gets; empty: as enrolled.

        'engine' shows personas; 'look' is for engines that heed it: detail_px, restore, region. With 'provenance' the
        result carries a tag and content credentials that say that it is masked.
        """
        work = self._take(session, file, request)
        source = session.photo(work, self._app.settings.max_megapixels)
        options = self._options(persona, bystanders, engine, look, finder)
        roster = session.roster(self._app.vault)
        progress = progress_of(session, bar)
        plan = photo.analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
        path = work.folder / "masked" / masked_name(work.path, source)
        masked, report = render_photo(
            source, plan, self._app.vault, path.suffix, wanted=provenance, progress=part(progress, 0.4, 1.0)
        )
        return str(path), json.loads(noted(report, masked.save(path)).to_json())

    @guarded
    def create_personas(
        self,
        session: Session,
        prompt: str,
        seed: float,
        count: float,
        style: str,
        request: gr.Request,
        wishes: dict | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[list[str], list[dict]]:
        """Portraits for a prompt with consecutive seeds, and what was understood; nothing is kept.

        'wishes' is for styles that follow words: negative, steps, guidance, fast, pose (a name or 70 points).
        """
        self._app.register.opened(request.session_hash, session)
        options = avatar.AvatarOptions(style or "auto", int(count), wishes=_wishes(wishes))
        drafts = avatar.create(prompt, int(seed), options, progress=progress_of(session, bar))
        told = [
            {"seed": d.seed, "engine": d.engine, "attributes": d.attributes.to_json(), "unknown": list(d.unknown),
             "recipe": d.recipe}
            for d in drafts
        ]  # fmt: skip
        return [str(_png(session, d.portrait, f"seed-{d.seed}-{d.engine}")) for d in drafts], told

    @guarded
    def keep_persona(
        self,
        session: Session,
        prompt: str,
        seed: float,
        style: str,
        name: str,
        wishes: dict | None = None,
        bar: gr.Progress = BAR,
    ) -> dict:
        """Paint a persona and keep it in the vault."""
        options = avatar.AvatarOptions(style or "auto", 1, wishes=_wishes(wishes))
        draft = avatar.create(prompt, int(seed), options, progress=progress_of(session, bar))[0]
        return _told(avatar.keep(draft, name, self._app.vault))

    @guarded
    def vary_persona(
        self,
        session: Session,
        persona: str,
        kind: VariationKind,
        words: str,
        seed: float,
        count: float,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> tuple[list[str], list[dict]]:
        """Further pictures of a kept persona, and how sure it is that they show the same person; nothing is kept."""
        self._app.register.opened(request.session_hash, session)
        options = VariationOptions(kind, words, int(seed), int(count))
        made = avatar.vary(self._app.vault.persona(persona), options, progress=progress_of(session, bar))
        files = [str(_png(session, v.picture, f"{kind}-{n}")) for n, v in enumerate(made, 1)]
        return files, [v.to_json() for v in made]

    @guarded
    def personas(self) -> list[dict]:
        """The personas of the vault."""
        return [_told(persona) for persona in self._app.vault.personas()]


def _wishes(data: dict | None) -> Wishes:
    """The wishes of a request; a pose may be given by its name."""
    data = dict(data or {})
    if isinstance(pose := data.get("pose"), str):
        data["pose"] = FacePose.template(pose).to_json()
    return Wishes.from_json(data)


def _png(session: Session, picture: RGBImage, stem: str) -> Path:
    path = session.folder / f"{stem}.png"
    Photo.from_array(picture, path.name).save(path)
    return path


def _told(persona: Persona) -> dict:
    return {"id": persona.id, "name": persona.name, "engine": persona.engine, "created_at": persona.created_at}
