"""What the buttons of the Bodies tab do to a session; knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from deepmask import engines
from deepmask.area import Click, Selection
from deepmask.body_plan import BODY_ACTIONS, BodyAction, BodyDecision, BodyPlan, BodyRegion, Edges
from deepmask.engines import Kind
from deepmask.errors import Cancelled, DeepmaskError, InputError
from deepmask.faces import Box
from deepmask.media import Photo
from deepmask.plan import Decision
from deepmask.progress import Progress, part
from deepmask.report_json import noted
from deepmask.vault import Vault
from pipelines import body, photo
from pipelines.body import BodyOptions
from pipelines.body.model import validate
from pipelines.provenance import render_bodies
from ui import pictures
from ui.body_desk import BodyDesk, BodyWork, Mode, Outlining
from ui.choices import NOBODY, Known, to_decision
from ui.photo_work import SMALLEST_PX, PhotoWork, counted, masked_name
from ui.session import Session


@dataclass(frozen=True)
class BodiesWork:
    """The Bodies tab's verbs, on the vault and the settings of the Photos tab."""

    photos: PhotoWork

    @property
    def vault(self) -> Vault:
        """Where personas live."""
        return self.photos.vault

    # ----------------------------------------------------------------------------------------------------- photos
    def open(self, session: Session, uploads: Sequence[tuple[Path, str]], progress: Progress) -> None:
        """Put uploads on the desk and find everybody in them. A file that cannot be used stays with its reason."""
        desk = session.bodies
        works = [take(session, path, name) for path, name in uploads]
        if not works:
            return
        first = len(desk.works) - len(works)
        desk.current = first
        desk.pick(None)
        for n, work in enumerate(works):
            try:
                self._analyse(session, work, counted(progress, n, len(works)))
            except Cancelled:
                desk.works = [w for w in desk.works if w.plan is not None or w.problem]
                desk.current = max(0, min(desk.current, len(desk.works) - 1))
                raise
            except DeepmaskError as error:
                work.problem = str(error)
        usable = [n for n, w in enumerate(desk.works) if n >= first and not w.problem]
        desk.current = usable[0] if usable else first

    def _analyse(self, session: Session, work: BodyWork, progress: Progress) -> None:
        progress(0.0, f"Opening {work.name}")
        source, options = self.source(session, work), self.options(session)
        pictures.write(pictures.preview(source.rgb), work.preview)
        work.plan = body.analyze(source, self.photos.recognised(session), options, progress=progress)
        work.found = frozenset(region.id for region in work.plan.regions)
        work.text_sought = options.text is not None

    def source(self, session: Session, work: BodyWork) -> Photo:
        """The photo behind ``work``."""
        return session.body_photo(work.path, self.photos.settings.max_megapixels)

    # -------------------------------------------------------------------------------------------------- decisions
    def known(self, session: Session) -> Known:
        """Personas and people, as of this moment."""
        return Known(tuple(self.vault.personas()), self.photos.recognised(session), NOBODY)

    def options(self, session: Session) -> BodyOptions:
        """What was chosen, as far as it is still there."""
        chosen = session.bodies.options
        return replace(
            chosen,
            inpainter=_ready("inpainter", chosen.inpainter),
            selector=_ready("area_selector", chosen.selector),
            text=chosen.text if _finds_text() else None,
        )

    def decide(self, session: Session, work: BodyWork) -> None:
        """Bring the decisions of ``work`` in line with the choosers and the vault; those made by hand stay."""
        if work.plan is None:
            return
        names = {persona.id for persona in self.vault.personas()}
        gone = {r.id for r in work.plan.regions if r.decision.persona not in (None, *names)}
        gone |= {f.id for f in work.plan.faces.regions if f.decision.persona not in (None, *names)}
        work.by_hand -= gone
        roster, options = self.photos.recognised(session), replace(self.options(session), text=None)
        plan = body.decide(work.plan, roster, options, keep=work.by_hand)
        if plan != work.plan:
            work.changed(plan)

    def decide_all(self, session: Session) -> None:
        """:meth:`decide` for every photo."""
        for work in session.bodies.works:
            self.decide(session, work)

    def choose(self, session: Session, everybody: BodyAction) -> None:
        """What everybody else gets was changed."""
        session.bodies.options = replace(session.bodies.options, bystanders=everybody)
        self.decide_all(session)

    def use(self, session: Session, inpainter: str, selector: str) -> None:
        """Engines were chosen."""
        session.bodies.options = replace(session.bodies.options, inpainter=inpainter, selector=selector)
        self.decide_all(session)

    def bound(self, session: Session, by_size: bool, grow_px: float, feather_px: float, shadows: bool) -> None:
        """How far beyond their outlines bodies are treated was changed."""
        edges = Edges(shadows=shadows) if by_size else Edges(grow_px, feather_px, shadows)
        session.bodies.options = replace(session.bodies.options, edges=edges)
        self.decide_all(session)

    def assign(self, session: Session, action: str) -> None:
        """Decide what happens to the selected one."""
        work, plan, region = selected(session)
        if action not in BODY_ACTIONS:
            raise InputError(f"A body gets one of {', '.join(BODY_ACTIONS)}, not {action!r}.")
        if action != region.decision.action:
            work.edited(plan.decided(region.id, BodyDecision(cast(BodyAction, action))))
        work.by_hand.add(region.id)

    def dress(self, session: Session, persona: str, words: str) -> None:
        """Who stands in the place of the selected one, who is swapped."""
        work, plan, region = selected(session)
        decision = BodyDecision("swap", persona or None, words.strip())
        if decision != region.decision:
            work.edited(plan.decided(region.id, decision))
        work.by_hand.add(region.id)

    def face(self, session: Session, value: str) -> None:
        """What happens to the face of the selected one, whose body stays."""
        work, plan, region = selected(session)
        if region.face is None:
            raise InputError("No face of theirs was found; choose something that hides the whole body.")
        face = plan.faces.region(region.face).decided(to_decision(value))
        work.edited(replace(plan, faces=plan.faces.with_region(face)))
        work.by_hand |= {region.id, region.face}

    # --------------------------------------------------------------------------------------------------- pointing
    @staticmethod
    def mean(session: Session, mode: Mode) -> None:
        """What clicks on the picture mean from now on."""
        desk = session.bodies
        if mode in ("more", "less"):
            selected(session)
        desk.mode, desk.corner_xy, desk.outlining, desk.comparing = mode, None, None, False

    def click(self, session: Session, x: float, y: float) -> None:
        """A click on the picture, in pixels of the photo. What has to be outlined is left to :meth:`outline`."""
        work, plan = planned(session)
        desk = session.bodies
        if desk.mode == "box":
            self._corner(session, work, plan, (x, y))
        elif desk.mode == "choose":
            region = body.pointed_at(plan, x, y)
            desk.pick(None if region is None else region.id)
            if region is None:
                desk.outlining = Outlining(Selection((Click(x, y),)), None)
        else:
            region = selected(session)[2]
            desk.outlining = Outlining(_refining(region, Click(x, y, desk.mode == "more")), region.id)

    def _corner(self, session: Session, work: BodyWork, plan: BodyPlan, end: tuple[float, float]) -> None:
        desk = session.bodies
        if desk.corner_xy is None:
            desk.corner_xy = end
            return
        (x1, y1), (x2, y2) = desk.corner_xy, end
        desk.corner_xy = None
        if abs(x2 - x1) < SMALLEST_PX or abs(y2 - y1) < SMALLEST_PX:
            raise InputError("These two corners lie too close together; click on opposite corners.")
        box: Box = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
        self._added(desk, work, body.add_box(plan, self.source(session, work), box, decision=_hiding(desk)))

    def outline(self, session: Session, progress: Progress) -> None:
        """Outline what was clicked on last, if that is left to do; again if the plan was edited meanwhile."""
        desk = session.bodies
        asked, desk.outlining = desk.outlining, None
        if asked is None:
            return
        work, plan = planned(session)
        source, version = self.source(session, work), -1
        progress(0.1, "Outlining what you clicked on")
        while version != work.version:
            version, plan = work.version, planned(session)[1]
            if asked.region is None:
                new = body.select(plan, source, asked.selection, _hiding(desk), progress=part(progress, 0.1, 1.0))
            else:
                new = body.refine(plan, source, asked.region, asked.selection, progress=part(progress, 0.1, 1.0))
        self._added(desk, work, new)

    @staticmethod
    def _added(desk: BodyDesk, work: BodyWork, plan: BodyPlan) -> None:
        """Take over a plan with a new or another outline, which is selected."""
        before = {} if work.plan is None else {region.id: region.area for region in work.plan.regions}
        changed = next((r.id for r in plan.regions if before.get(r.id) is not r.area), None)
        work.edited(plan)
        if changed is not None:
            work.selected = changed
            work.by_hand.add(changed)

    @staticmethod
    def undo(session: Session) -> None:
        """Take back the last thing that was done by hand: a corner, an outline, a decision."""
        desk = session.bodies
        if desk.corner_xy is not None:
            desk.corner_xy = None
            return
        planned(session)[0].undo()
        desk.comparing, desk.mode = False, "choose"

    @staticmethod
    def remove(session: Session) -> None:
        """Take the selected one out of the plan: it is nothing that matters."""
        work, plan, region = selected(session)
        work.edited(plan.without(region.id))
        work.by_hand.discard(region.id)
        session.bodies.pick(None)

    def seek_text(self, session: Session, seek: bool, progress: Progress) -> None:
        """Look for writing in all photos, or forget what was found of it and not decided by hand."""
        desk = session.bodies
        desk.options = replace(desk.options, text="silhouette" if seek else None)
        works = [work for work in desk.works if work.plan is not None and work.text_sought != seek]
        for n, work in enumerate(works):
            plan = planned_of(work)
            if seek:
                source = self.source(session, work)
                new = body.find_text(plan, source, progress=counted(progress, n, len(works)))
            else:
                untouched = [r.id for r in plan.regions if r.thing == "text" and r.id not in work.by_hand]
                new = replace(plan, regions=tuple(r for r in plan.regions if r.id not in untouched))
            work.text_sought = seek
            if new.regions != plan.regions:
                work.found |= {region.id for region in new.regions} - {region.id for region in plan.regions}
                work.selected, work.steps = None, []
                work.changed(new)

    # ------------------------------------------------------------------------------------------------------ mask
    def mask(self, session: Session, progress: Progress) -> None:
        """Mask every photo on the desk that is not masked yet."""
        self.decide_all(session)
        desk = session.bodies
        waiting = [w for w in desk.works if w.plan is not None and w.masked is None]
        desk.masking = True
        try:
            for n, work in enumerate(waiting):
                while work.plan is not None and work.masked is None:  # again if the plan was edited meanwhile
                    self._mask_one(session, work, work.plan, counted(progress, n, len(waiting)))
        finally:
            desk.masking = False
        desk.pick(None)
        desk.comparing = bool(waiting)

    def _mask_one(self, session: Session, work: BodyWork, plan: BodyPlan, progress: Progress) -> None:
        source, version = self.source(session, work), work.version
        path = work.folder / f"masked-{version}" / masked_name(work.path, source)
        masked, report = render_bodies(
            source, plan, self.vault, path.suffix, wanted=session.provenance, progress=progress
        )
        if work.version != version:  # what was rendered is void: the page must not show it as the plan's result
            return
        report = noted(report, masked.save(path))
        pictures.write(pictures.preview(masked.photo.rgb), work.after)
        work.masked, work.report = path, report

    def cover_missed(self, session: Session) -> None:
        """Add the faces that the check found uncovered to the plan; they are pixelated."""
        work, plan = planned(session)
        boxes = [f.missed_box_xyxy for f in work.report.faces.findings if f.missed_box_xyxy] if work.report else []
        faces = plan.faces
        for box in boxes:
            faces = photo.add_box(faces, self.source(session, work), box, Decision("pixelate"))
        if boxes:
            work.edited(replace(plan, faces=faces))
            work.by_hand |= {face.id for face in faces.regions} - {face.id for face in plan.faces.regions}
        session.bodies.pick(None)

    # ------------------------------------------------------------------------------------------------------ plans
    @staticmethod
    def plan_file(work: BodyWork) -> str | None:
        """The plan as JSON."""
        if work.plan is None:
            return None
        path = work.folder / f"plan-{work.version}" / f"{work.path.stem}-plan.json"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            work.plan.save(path)
        return str(path)

    def take_plan(self, session: Session, file: Path) -> None:
        """Go on with a plan that was saved from this photo.

        Raises:
            PlanError: it is damaged, or was made for another photo.
            UnknownName, EngineMissing: it names a persona or an engine that is not there.
        """
        work, _ = planned(session)
        plan = BodyPlan.load(file)
        validate(self.source(session, work), plan)
        for id in {r.decision.persona for r in (*plan.regions, *plan.faces.regions)} - {None}:
            self.vault.persona(str(id))
        named: dict[Kind, str] = {
            kind: engines.choose(kind, plan.engines[kind]).name if kind in plan.engines else "auto"
            for kind in ("inpainter", "area_selector")
        }
        session.bodies.options = replace(
            session.bodies.options,
            edges=plan.edges,
            seed=plan.seed,
            inpainter=named["inpainter"],
            selector=named["area_selector"],
        )
        work.edited(plan)
        work.by_hand = {r.id for r in (*plan.regions, *plan.faces.regions)}
        work.found = frozenset(r.id for r in plan.regions if r.selection is None)
        session.bodies.pick(None)
        self.decide_all(session)


def take(session: Session, upload: Path, name: str) -> BodyWork:
    """Adopt an upload as a new photo on the desk."""
    path = session.adopt(upload, name)
    work = BodyWork(path, name, len(session.bodies.works) + 1)
    session.bodies.works.append(work)
    return work


def planned(session: Session) -> tuple[BodyWork, BodyPlan]:
    """The photo that is shown, and its plan."""
    work = session.bodies.work
    if work is None:
        raise InputError("Drop a photo first.")
    return work, planned_of(work)


def planned_of(work: BodyWork) -> BodyPlan:
    """The plan of a photo in which everybody was looked for."""
    if work.plan is None:
        raise InputError("Drop a photo first.")
    return work.plan


def selected(session: Session) -> tuple[BodyWork, BodyPlan, BodyRegion]:
    """The one that is being edited."""
    work, plan = planned(session)
    if work.selected is None:
        raise InputError("Choose somebody first: click on them.")
    return work, plan, plan.region(work.selected)


def _hiding(desk: BodyDesk) -> BodyDecision:
    """What somebody gets who was pointed at: what everybody else gets, if that hides them."""
    action = desk.options.bystanders
    return BodyDecision(action if action in ("silhouette", "pixelate", "remove") else "silhouette")


def _refining(region: BodyRegion, click: Click) -> Selection:
    """A further point; one beside the region says nothing without a box around it."""
    if click.inside:
        return Selection((click,))
    before = region.selection
    box = region.area.box_xyxy if before is None or before.box_xyxy is None else before.box_xyxy
    return Selection((click,), box)


def _ready(kind: Kind, name: str) -> str:
    """The engine of that name, or 'auto' if it is not there any more."""
    ready = {row.name for row in engines.rows(kind) if not row.missing()}
    return name if name in ready else "auto"


def _finds_text() -> bool:
    return any(not row.missing() for row in engines.rows("text_finder"))
