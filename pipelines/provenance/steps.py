"""What was done to a medium, as its content credentials tell it: by kind of change, never who got which persona."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deepmask import engines
from deepmask.body_plan import BodyPlan
from deepmask.content_credentials import Source, Step
from deepmask.engines import Kind
from deepmask.errors import DeepmaskError
from deepmask.plan import Plan
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines.photo.model import Outcome

if TYPE_CHECKING:  # their packages sign what they write, with what is told here
    from pipelines.video.model import TrackOutcome
    from pipelines.voice.model import VoiceOutcome

_REPLACED = "Faces replaced by generated ones"
_FACES: dict[str, Step] = {
    "vector": Step("Faces covered by drawn masks", "synthetic"),
    "pixelate": Step("Faces pixelated"),
    "solid": Step("Faces covered"),
    "rectangle": Step("Faces covered"),
}
"""Swappers that show nobody; all others show a persona."""
_KEPT = ("none", "unknown")
_NOUNS = {"person": "People", "text": "Writing", "other": "Areas"}


def of_photo(plan: Plan, outcomes: Iterable[Outcome], vault: Vault) -> tuple[Step, ...]:
    """What was done to the faces of a photo; empty if nothing was."""
    drawn = {outcome.region: outcome.engine for outcome in outcomes}
    return _together(
        _face(drawn.get(r.id, "none"), r.decision.persona, plan.look.restore > 0, vault) for r in plan.regions
    )


def of_bodies(plan: BodyPlan, outcomes: Iterable[Outcome], faces: Iterable[Outcome], vault: Vault) -> tuple[Step, ...]:
    """What was done to the people and things of a photo; empty if nothing was."""
    drawn = {outcome.region: outcome.engine for outcome in outcomes}
    bodies = [
        _body(_NOUNS[region.thing], region.decision.action == "swap", drawn.get(region.id, "none"))
        for region in plan.regions
    ]
    hidden = {region.face for region in plan.regions if drawn.get(region.id, "none") not in _KEPT}
    alone = [outcome for outcome in faces if outcome.region not in hidden]
    return _together([*bodies, *of_photo(plan.faces, alone, vault)])


def of_video(
    plan: VideoPlan, outcomes: Iterable[TrackOutcome], voices: Iterable[VoiceOutcome], vault: Vault
) -> tuple[Step, ...]:
    """What was done to the faces, people and voices of a video; empty if nothing was.

    Args:
        outcomes: of its tracks, and of people who were covered from head to foot.
    """
    personas = {track.id: track.decision.persona for track in plan.tracks}
    covers = {row.name for row in engines.rows("body_masker")} - _FACES.keys()
    steps = [
        _body(_NOUNS["person"], False, engine)
        if engine in covers
        else _face(engine, personas.get(outcome.track), plan.look.restore > 0, vault)
        for outcome in outcomes
        for engine in outcome.engines
    ]
    return _together([*steps, *of_voices(voices)])


def of_voices(outcomes: Iterable[VoiceOutcome]) -> tuple[Step, ...]:
    """What was done to the voices of a recording; empty if nothing was."""
    return _together(_voice(outcome.engine) for outcome in outcomes)


def _face(engine: str, persona: str | None, restored: bool, vault: Vault) -> Step | None:
    if engine in _KEPT:
        return None
    if engine in _FACES:
        return Step(_FACES[engine].words, _FACES[engine].source, (engine,))
    learned = _trained("face_swapper", engine) or _generated(persona, vault)
    sharpened = restored and any(row.name == engine and row.heeds_look for row in engines.rows("face_swapper"))
    return Step(_REPLACED, "trained" if learned or sharpened else "synthetic", (engine,))


def _generated(persona: str | None, vault: Vault) -> bool:
    """Whether a trained network painted a persona's portrait."""
    try:
        return persona is not None and _trained("portrait_painter", vault.persona(persona).engine)
    except DeepmaskError:  # removed since
        return False


def _body(noun: str, exchanged: bool, engine: str) -> Step | None:
    if engine in _KEPT:
        return None
    if any(row.name == engine for row in engines.rows("inpainter")):
        words = f"{noun} exchanged for generated ones" if exchanged else f"{noun} removed, what is behind made up"
        return Step(words, "trained" if _trained("inpainter", engine) else "synthetic", (engine,))
    return Step(f"{noun} {'pixelated' if engine == 'pixelate' else 'covered'}", agents=(engine,))


def _voice(engine: str) -> Step | None:
    if engine in _KEPT:
        return None
    if engine == "silence":
        return Step("Voices made silent")
    if any(row.name == engine for row in engines.rows("speech_synthesizer")):
        trained = _trained("speech_synthesizer", engine)
        return Step("Words spoken anew by a generated voice", "trained" if trained else "synthetic", (engine,))
    trained = _trained("voice_converter", engine)
    return Step("Voices converted", "trained" if trained else "synthetic", (engine,))


def _trained(kind: Kind, name: str) -> bool:
    """Whether what an engine puts in comes from a trained network: such have weights, here or in their environment."""
    return any(row.name == name and bool(row.weights or row.environment) for row in engines.rows(kind))


def _together(steps: Iterable[Step | None]) -> tuple[Step, ...]:
    """The same done by several engines, or to several people, is told once."""
    told: dict[tuple[str, Source], list[str]] = {}
    for step in steps:
        if step is not None:
            told.setdefault((step.words, step.source), []).extend(step.agents)
    return tuple(Step(words, source, tuple(dict.fromkeys(agents))) for (words, source), agents in told.items())
