"""The REST door for bodies; :mod:`ui.rest` adds these endpoints to its own."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from deepmask.body_plan import BodyAction, BodyPlan
from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.progress import Progress, part
from deepmask.report_json import noted
from pipelines import body
from pipelines.body import BodyOptions
from pipelines.photo import PhotoOptions
from pipelines.provenance import render_bodies
from ui.body_desk import BodyWork
from ui.body_work import take
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.photo_work import masked_name
from ui.session import Session


class BodyEndpoints:
    """Bodies of photos are planned, masked, and rendered from a plan."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _take(self, session: Session, file: str | None, request: gr.Request) -> tuple[BodyWork, Photo]:
        if not file:
            raise InputError("Give a photo: upload it and name the upload.")
        self._app.register.opened(request.session_hash, session)
        work = take(session, Path(file), Path(file).name)
        session.bodies.works.clear()
        return work, session.body_photo(work.path, self._app.settings.max_megapixels)

    def _options(self, bystanders: BodyAction, persona: str, text: str, inpainter: str, prompt: str) -> BodyOptions:
        options = BodyOptions(
            bystanders or BodyOptions.bystanders,
            prompt=prompt or "",
            faces=PhotoOptions(persona or None),
            text=text or None,  # type: ignore[arg-type]  # checked there
            inpainter=inpainter or "auto",
        )
        return body.resolved(options, self._app.vault)

    @guarded
    def plan_bodies(
        self,
        session: Session,
        file: str,
        bystanders: BodyAction,
        persona: str,
        request: gr.Request,
        text: str = "",
        inpainter: str = "auto",
        prompt: str = "",
        bar: gr.Progress = BAR,
    ) -> dict:
        """Everybody in a photo and what would happen to each: a plan, to be edited and handed to '/render_bodies'."""
        options = self._options(bystanders, persona, text, inpainter, prompt)
        _, source = self._take(session, file, request)
        roster = session.roster(self._app.vault)
        return json.loads(body.analyze(source, roster, options, progress=progress_of(session, bar)).to_json())

    @guarded
    def mask_bodies(
        self,
        session: Session,
        file: str,
        bystanders: BodyAction,
        persona: str,
        request: gr.Request,
        text: str = "",
        inpainter: str = "auto",
        prompt: str = "",
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """The masked photo and its report. 'bystanders' is what everybody who is not enrolled gets; 'text' what writing
        gets, empty: nobody looks for it; 'persona' is for those who are swapped, or keep their body. With 'provenance'
        the result carries a tag and content credentials that say that it is masked.
        """
        options = self._options(bystanders, persona, text, inpainter, prompt)
        work, source = self._take(session, file, request)
        progress, roster = progress_of(session, bar), session.roster(self._app.vault)
        plan = body.analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
        return self._rendered(work, source, plan, provenance, part(progress, 0.4, 1.0))

    @guarded
    def render_bodies(
        self,
        session: Session,
        file: str,
        plan: dict,
        request: gr.Request,
        provenance: bool | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict]:
        """A plan carried out: the masked photo and its report."""
        decided = BodyPlan.from_json(json.dumps(plan))
        work, source = self._take(session, file, request)
        return self._rendered(work, source, decided, provenance, progress_of(session, bar))

    def _rendered(
        self, work: BodyWork, source: Photo, plan: BodyPlan, provenance: bool | None, progress: Progress
    ) -> tuple[str, dict]:
        path = work.folder / "masked" / masked_name(work.path, source)
        masked, report = render_bodies(source, plan, self._app.vault, path.suffix, wanted=provenance, progress=progress)
        return str(path), json.loads(noted(report, masked.save(path)).to_json())
