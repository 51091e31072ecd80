"""The REST door: the pipelines as endpoints of Gradio's own API, for scripts and the gradio client."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.plan import ACTIONS
from pipelines import avatar, photo
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.photo_work import masked_name
from ui.session import Session, Work


def add_endpoints(app: App) -> frozenset[str]:
    """Add the public endpoints to the page that is being built, which shows nothing of them; returns their names."""
    work = _Endpoints(app)
    with gr.Column(visible=False):
        file = gr.File(label="photo")
        persona = gr.Textbox(label="persona")
        bystanders = gr.Dropdown([a for a in ACTIONS if a != "persona"], value="pixelate", label="bystanders")
        prompt, seed, count = gr.Textbox(label="prompt"), gr.Number(0, label="seed"), gr.Number(4, label="count")
        style, name = gr.Textbox("auto", label="style"), gr.Textbox(label="name")
        data, out, portraits = gr.JSON(label="report"), gr.File(label="masked"), gr.File(label="portraits")
        button = gr.Button()
    options = [app.state, file, persona, bystanders]
    events = {
        "analyze": (work.analyze, options, data),
        "mask_photo": (work.mask_photo, options, [out, data]),
        "create_personas": (work.create_personas, [app.state, prompt, seed, count, style], [portraits, data]),
        "keep_persona": (work.keep_persona, [app.state, prompt, seed, style, name], data),
        "personas": (work.personas, None, data),
    }
    for api_name, (endpoint, inputs, outputs) in events.items():
        button.click(endpoint, inputs, outputs, api_name=api_name, concurrency_id="work")
    return frozenset(events)


class _Endpoints:
    def __init__(self, app: App) -> None:
        self._app = app

    def _options(self, persona: str, bystanders: str) -> photo.PhotoOptions:
        chosen = self._app.vault.persona(persona).id if persona else None
        return photo.PhotoOptions(persona=chosen, bystanders=bystanders)  # type: ignore[arg-type]  # checked there

    def _take(self, session: Session, file: str | None, request: gr.Request) -> Work:
        if not file:
            raise InputError("Give a photo: upload it and name the upload.")
        self._app.register.opened(request.session_hash, session)
        work = session.take(Path(file), Path(file).name)
        session.works.clear()
        return work

    @guarded
    def analyze(
        self, session: Session, file: str, persona: str, bystanders: str, request: gr.Request, bar: gr.Progress = BAR
    ) -> dict:
        """The faces of a photo and what would happen to each: a plan."""
        work = self._take(session, file, request)
        source = session.photo(work, self._app.settings.max_megapixels)
        options, roster = self._options(persona, bystanders), session.roster(self._app.vault)
        plan = photo.analyze(source, roster, options, progress=progress_of(session, bar))
        return json.loads(plan.to_json())

    @guarded
    def mask_photo(
        self, session: Session, file: str, persona: str, bystanders: str, request: gr.Request, bar: gr.Progress = BAR
    ) -> tuple[str, dict]:
        """The masked photo and its report. 'persona' names the one everybody gets; empty: as enrolled."""
        work = self._take(session, file, request)
        source = session.photo(work, self._app.settings.max_megapixels)
        options, roster = self._options(persona, bystanders), session.roster(self._app.vault)
        result = photo.mask(source, self._app.vault, roster, options, progress=progress_of(session, bar))
        path = work.folder / "masked" / masked_name(work.path, source)
        result.photo.save(path)
        return str(path), json.loads(result.report.to_json())

    @guarded
    def create_personas(
        self,
        session: Session,
        prompt: str,
        seed: float,
        count: float,
        style: str,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> tuple[list[str], list[dict]]:
        """Portraits for a prompt with consecutive seeds, and what was understood; nothing is kept."""
        self._app.register.opened(request.session_hash, session)
        options = avatar.AvatarOptions(engine=style or "auto", count=int(count))
        drafts = avatar.create(prompt, int(seed), options, progress=progress_of(session, bar))
        told = [
            {"seed": d.seed, "engine": d.engine, "attributes": d.attributes.to_json(), "unknown": list(d.unknown)}
            for d in drafts
        ]
        return [str(_png(session, draft)) for draft in drafts], told

    @guarded
    def keep_persona(
        self, session: Session, prompt: str, seed: float, style: str, name: str, bar: gr.Progress = BAR
    ) -> dict:
        """Paint a persona and keep it in the vault."""
        options = avatar.AvatarOptions(engine=style or "auto", count=1)
        draft = avatar.create(prompt, int(seed), options, progress=progress_of(session, bar))[0]
        return _told(avatar.keep(draft, name, self._app.vault))

    @guarded
    def personas(self) -> list[dict]:
        """The personas of the vault."""
        return [_told(persona) for persona in self._app.vault.personas()]


def _png(session: Session, draft: avatar.Draft) -> Path:
    path = session.folder / f"seed-{draft.seed}-{draft.engine}.png"
    Photo.from_array(draft.portrait, path.name).save(path)
    return path


def _told(persona: Persona) -> dict:
    return {"id": persona.id, "name": persona.name, "engine": persona.engine, "created_at": persona.created_at}
