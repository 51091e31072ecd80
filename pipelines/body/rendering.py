"""Carry out a plan: faces first, then for each body the first of the wanted and the plainer ways that hides it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from deepmask import engines
from deepmask.body_plan import BodyPlan
from deepmask.errors import Cancelled, EngineError
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from pipelines import photo
from pipelines.body.canvas import Canvas
from pipelines.body.choosing import COVERS, heeding_words, how_to_swap, inpainters
from pipelines.body.model import MaskedBodies, validate
from pipelines.body.outlines import Outline, faces_as_drawn, groups, outlines
from pipelines.body.removing import fill, with_shadows
from pipelines.body.swapping import exchange
from pipelines.photo.model import Outcome

FLAT = "silhouette"
"""Drawn in one colour: nothing of a face remains to be measured."""

PLAINEST = "grey"
"""The last rung: every pixel of the outline gets the same grey, by no engine."""

_GREY = 127
_IN_WORDS = {PLAINEST: "plain grey"}


def render(source: Photo, plan: BodyPlan, vault: Vault, *, progress: Progress = silent) -> MaskedBodies:
    """Carry out the plan's decisions.

    Removed people go first, then exchanged ones, then covered ones. Whoever cannot be removed or exchanged is covered.

    Raises:
        PlanError: the plan belongs to another photo.
        UnknownName: it names a persona that is not in the vault, or an engine that does not exist.
        EngineMissing: the inpainter or the swapper it names cannot be used.
    """
    validate(source, plan)
    asked = {r.decision.persona for r in plan.regions if r.decision.persona is not None}
    personas = {id: vault.persona(id) for id in asked}
    filling = any(region.decision.action in ("remove", "swap") for region in plan.regions)
    fillers = inpainters(plan) if filling else []
    masked = photo.render(source, faces_as_drawn(plan), vault, progress=part(progress, 0.0, 0.35))
    work = _Work(Canvas(source, masked.photo.rgb, plan), plan, outlines(plan))
    with engines.exclusive:
        work.remove(fillers, part(progress, 0.35, 0.75))
        work.swap(fillers, personas, vault, part(progress, 0.75, 0.95))
        work.cover(part(progress, 0.95, 1.0))
    progress(1.0, "Masked")
    done = tuple(work.outcomes.get(region.id, Outcome(region.id, "none")) for region in plan.regions)
    return MaskedBodies(source.edited(work.canvas.rgb), done, _faces(plan, masked.outcomes, done))


class _Work:
    """One photo while its bodies are drawn: what is done, and for the rest why not yet."""

    def __init__(self, canvas: Canvas, plan: BodyPlan, outlined: dict[str, Outline]) -> None:
        self.canvas, self.plan = canvas, plan
        self.outcomes: dict[str, Outcome] = {}
        self._outlined = outlined
        self._reasons: dict[str, list[str]] = {id: [] for id in outlined}

    def remove(self, fillers: list[str], progress: Progress) -> None:
        """Put the background in the place of everybody who is to be removed.

        Those who touch go together, or if that fails each alone, beside the others who are covered later.
        """
        if self.plan.edges.shadows:
            for outline in self._waiting("remove"):
                self._outlined[outline.region.id] = with_shadows(self.canvas, outline)
        together = groups(self._waiting("remove"))
        for n, group in enumerate(together):
            step = part(progress, n / len(together), (n + 1) / len(together))
            step(0.0, f"Removing {n + 1} of {len(together)}")
            if not self._filled(group, fillers, step) and len(group) > 1:
                for outline in sorted(group, key=lambda one: one.own.pixels):
                    self._reasons[outline.region.id].clear()  # what holds for all of them need not hold for one
                    self._filled([outline], fillers, step)

    def _filled(self, group: list[Outline], fillers: list[str], progress: Progress) -> bool:
        ways = {name: partial(fill, self.canvas, group, name, progress) for name in fillers}
        filled = self._first_that_hides(group, ways, "no inpainter is ready")
        if filled:
            self.canvas.remember_gone(*(outline.region.id for outline in group))
        return filled

    def swap(self, fillers: list[str], personas: dict[str, Persona], vault: Vault, progress: Progress) -> None:
        """Put somebody else in the place of everybody who is to be exchanged."""
        waiting = self._waiting("swap")
        heeding = heeding_words(fillers) if waiting else []
        for n, outline in enumerate(waiting):
            step = part(progress, n / len(waiting), (n + 1) / len(waiting))
            step(0.0, f"Exchanging {n + 1} of {len(waiting)}")
            asked = outline.region.decision.persona
            persona = None if asked is None else personas[asked]
            ways = {name: partial(exchange, self.canvas, outline, name, persona, vault, step) for name in heeding}
            self._first_that_hides([outline], ways, how_to_swap())

    def cover(self, progress: Progress) -> None:
        """Cover everybody who is not hidden yet; what is larger, and so perhaps nearer, comes last."""
        waiting = sorted(self._waiting(), key=lambda outline: outline.own.pixels)
        for n, outline in enumerate(waiting):
            progress(n / len(waiting), f"Covering {n + 1} of {len(waiting)}")
            names = COVERS.get(outline.region.decision.action, (FLAT,))
            ways = {name: partial(self._cover_by, name, outline) for name in names}
            if not self._first_that_hides([outline], ways, ""):
                self.canvas.rgb[outline.outer.window][outline.outer.mask] = _GREY
                self._done([outline], PLAINEST)

    def _waiting(self, action: str | None = None) -> list[Outline]:
        """Those that nothing hides yet, of all or of one action."""
        return [
            outline
            for id, outline in self._outlined.items()
            if id not in self.outcomes and action in (None, outline.region.decision.action)
        ]

    def _first_that_hides(self, group: list[Outline], ways: dict[str, Callable[[], str]], without: str) -> bool:
        """Let engines draw until one hides the group; what the others drew is undone, and why is remembered."""
        reasons = [] if ways else [without]
        for name, draw in ways.items():
            before = self.canvas.held(group)
            try:
                note = draw()
                if all(self.canvas.hides(outline, flat=name == FLAT) for outline in group):
                    self._remember(group, reasons)
                    self._done(group, name, note)
                    return True
                reason = f"{name} left too much to be seen"
            except Cancelled:
                raise
            except Exception as error:  # fail closed: whatever goes wrong in an engine, something plainer follows
                reason = str(error) if isinstance(error, EngineError) else f"{name} failed ({type(error).__name__})"
            self.canvas.put_back(group, before)
            reasons.append(reason)
        self._remember(group, reasons)
        return False

    def _remember(self, group: list[Outline], reasons: list[str]) -> None:
        for outline in group:
            self._reasons[outline.region.id] += [reason.rstrip(".") for reason in reasons]

    def _done(self, group: list[Outline], engine: str, note: str = "") -> None:
        for outline in group:
            id = outline.region.id
            why = "; ".join(dict.fromkeys(self._reasons[id]))
            told = f"{_IN_WORDS.get(engine, engine)} instead, because {why}." if why else ""
            said = f"{note[:1].upper()}{note[1:]}." if note else ""
            self.outcomes[id] = Outcome(id, engine, " ".join(text for text in (told, said) if text))

    def _cover_by(self, name: str, outline: Outline) -> str:
        patch = engines.load("body_masker", name).cover(self.canvas.rgb, outline.core, feather_px=outline.feather_px)
        outline.cut(patch).paste(self.canvas.rgb)
        return ""


def _faces(plan: BodyPlan, drawn: tuple[Outcome, ...], bodies: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Of the faces: what hides a body is seen instead of its face, too."""
    hiding = {region.face: body for region, body in zip(plan.regions, bodies, strict=True) if region.hidden}
    return tuple(Outcome(face.region, hiding[face.region].engine) if face.region in hiding else face for face in drawn)
