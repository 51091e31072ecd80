"""Carry out a plan: for each face the first mask of the ladder that hides it."""

from __future__ import annotations

from collections.abc import Callable

from deepmask import engines, weights
from deepmask.engines.protocols import FaceSwapper
from deepmask.errors import Cancelled, EngineError
from deepmask.faces import Face, RGBImage, clip_box, enlarge
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.plan import Plan, Region
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from pipelines.photo.choosing import first_swapper, judges, ladder
from pipelines.photo.measuring import Original
from pipelines.photo.model import Masked, Outcome, validate

STRENGTHS: dict[str, tuple[float, ...]] = {"meshwarp": (0.8, 1.0), "painter": (0.8, 1.0)}
"""Strengths an engine is tried with before a plainer one takes over."""

PLAINEST = "solid"
"""The last rung: nothing of the face remains, so there is nothing to measure."""


def render(source: Photo, plan: Plan, vault: Vault, *, progress: Progress = silent) -> Masked:
    """Carry out the plan's decisions.

    Raises:
        PlanError: the plan belongs to another photo.
        UnknownName: it names a persona that is not in the vault, or a swapper that does not exist.
        EngineMissing: the swapper it names cannot be used.
    """
    validate(source, plan)
    personas = {r.decision.persona: vault.persona(r.decision.persona) for r in plan.regions if r.decision.persona}
    original, canvas = Original.of(source), source.rgb.copy()
    outcomes: dict[str, Outcome] = {}
    still = part(progress, 0.0, 0.0)  # verifying weights, once
    first = _started(plan, still) if personas else None
    hiding = any(region.decision.action != "keep" for region in plan.regions)
    bars = {name: engines.load("face_recognizer", name).hidden_above for name in judges(still)} if hiding else {}
    waiting = sorted(plan.regions, key=lambda r: Face(r.box_xyxy).size_px)  # what is nearer covers what is behind
    for n, region in enumerate(waiting):
        progress(n / len(waiting), f"Masking face {n + 1} of {len(waiting)}")
        persona = personas[region.decision.persona] if region.decision.persona else None
        rungs = ladder(region.decision.action, persona, first)
        outcomes[region.id] = _mask_region(original, canvas, region, persona, rungs, plan.look, bars)
    progress(1.0, "Masked")
    return Masked(source.edited(canvas), tuple(outcomes[r.id] for r in plan.regions))


def _started(plan: Plan, progress: Progress) -> str | None:
    """The swapper that persona faces start with, its weights verified: broken ones are told, not passed over."""
    first = first_swapper(plan)
    if first is not None:
        for name in engines.choose("face_swapper", first).needed_weights():
            weights.location(name, progress)
    return first


def _mask_region(
    original: Original,
    canvas: RGBImage,
    region: Region,
    persona: Persona | None,
    rungs: list[str],
    look: Look,
    bars: dict[str, float],
) -> Outcome:
    """Draw onto ``canvas`` the first mask of the ladder that hides the face of ``region``.

    Args:
        rungs: swappers in the order in which they are tried.
        bars: judge → distance from which on it takes a face for somebody else's.
    """
    if region.decision.action == "keep":
        return Outcome(region.id, "none")
    face = original.face(region.box_xyxy, region.score)
    reasons: list[str] = []

    def hides(image: RGBImage) -> bool:
        measured = ((original.distance(judge, face, image), bar) for judge, bar in bars.items())
        return all(distance is None or distance >= bar for distance, bar in measured)

    with engines.exclusive:
        for name in rungs:
            try:
                reason = _try(name, canvas, face, persona, look, hides)
            except Cancelled:
                raise
            except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
                reason = str(error) if isinstance(error, EngineError) else f"{name} failed ({type(error).__name__})"
            if reason is None:
                return Outcome(region.id, name, explained(name, reasons))
            reasons.append(reason.rstrip("."))
    x1, y1, x2, y2 = clip_box(enlarge(region.box_xyxy, 1.3), (canvas.shape[1], canvas.shape[0]))
    canvas[y1:y2, x1:x2] = 127
    return Outcome(region.id, "rectangle", explained("a grey rectangle", reasons))


def _try(
    name: str,
    canvas: RGBImage,
    face: Face,
    persona: Persona | None,
    look: Look,
    hides: Callable[[RGBImage], bool],
) -> str | None:
    """Let one engine draw; returns None when the face is hidden, else why not (the canvas is then as before)."""
    swapper = engines.load("face_swapper", name)
    if reason := unsuitable(name, swapper, face):
        return reason
    for strength in STRENGTHS.get(name, (1.0,)):
        patch = swapper.swap(canvas, face, persona, strength=strength, look=look)
        window = patch.window((canvas.shape[1], canvas.shape[0]))
        before = canvas[window].copy()
        hidden = False
        try:
            patch.paste(canvas)
            hidden = name == PLAINEST or hides(canvas)
        finally:  # a judge may fail, too
            if not hidden:
                canvas[window] = before
        if hidden:
            return None
    return f"{name} disguised too little"


def unsuitable(name: str, swapper: FaceSwapper, face: Face) -> str | None:
    """Why an engine need not even try a face, as a clause; None if it may."""
    if face.size_px < swapper.min_size_px:
        return f"the face is too small for {name} ({face.size_px:.0f} px, {swapper.min_size_px:.0f} needed)"
    if swapper.needs_landmarks and face.landmarks is None:
        return f"{name} finds no face mesh (turned away, tiny or covered)"
    if face.yaw_degrees is not None and face.yaw_degrees > swapper.max_yaw_degrees:
        return f"the head is turned too far for {name} ({face.yaw_degrees:.0f}°)"
    return None


def explained(name: str, reasons: list[str]) -> str:
    """The sentence that tells why an engine drew instead of those that were tried before."""
    return f"{name} instead, because {'; '.join(dict.fromkeys(reasons))}." if reasons else ""
