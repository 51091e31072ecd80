"""Put somebody else in the place of a person: from words, and with a persona's face."""

from __future__ import annotations

from deepmask import engines
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.plan import Decision, Plan, Region
from deepmask.progress import Progress, part
from deepmask.vault import Vault
from pipelines import photo
from pipelines.body.canvas import Canvas
from pipelines.body.outlines import Outline, inside_of
from pipelines.body.removing import seed_for
from pipelines.photo.measuring import rounded


def exchange(
    canvas: Canvas, outline: Outline, engine: str, persona: Persona | None, vault: Vault, progress: Progress
) -> str:
    """Draw somebody new onto the canvas; returns what has to be said of it, if anything.

    Raises:
        EngineFailed: the engine cannot do this one, or the result may not be shown (content safety).
    """
    from deepmask.engines.diffusion.words import person_words

    patch = engines.load("inpainter", engine).fill(
        canvas.rgb,
        outline.outer,
        prompt=person_words(persona, outline.region.decision.prompt),
        seed=seed_for(canvas.plan.seed, outline.region.id),
        progress=part(progress, 0.0, 0.8),
    )
    outline.softened(patch).paste(canvas.rgb)
    return "" if persona is None else _wear(canvas, outline, persona, vault, part(progress, 0.8, 1.0))


def _wear(canvas: Canvas, outline: Outline, persona: Persona, vault: Vault, progress: Progress) -> str:
    """Put the persona's face on the new person's, if one can be found."""
    found = engines.load("face_finder", canvas.plan.faces.engines.get("face_finder", "auto")).find(canvas.rgb)
    inside = [face for face in found if inside_of(outline.outer, face.box_xyxy) > 0.5]
    if not inside:
        return f"the new person shows no face, so that {persona.name} is known by the words only"
    largest = max(inside, key=lambda face: face.size_px)
    new = Photo.from_array(canvas.rgb.copy(), "new person.png")
    region = Region("face-1", rounded(largest.box_xyxy), Decision("persona", persona.id))
    kept = {kind: name for kind, name in canvas.plan.faces.engines.items() if kind == "face_swapper"}
    plan = Plan("photo", new.name, new.fingerprint, new.size_wh, (region,), kept, canvas.plan.faces.look)
    masked = photo.render(new, plan, vault, progress=progress)
    canvas.limited_to(outline.outer, masked.photo.rgb)
    return ""
