"""Who is in a picture from head to foot, and what is to happen to each: JSON, edited by people.

Faces are a photo's plan of their own within it: a body that stays can wear a persona's face, and a face whose body is
hidden is hidden first, so that nothing shows should the body's area miss it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

from deepmask.area import Area, Click, Selection
from deepmask.errors import InputError, PlanError
from deepmask.files import write_text
from deepmask.plan import Match, Plan
from deepmask.plan_json import Kind, text_of

SCHEMA_VERSION = 1
_KIND = Kind("body", "the bodies of a photo", "deepmask body plan", SCHEMA_VERSION)

BodyAction = Literal["face", "silhouette", "pixelate", "remove", "swap", "keep"]
"""face: the face as the plan of faces says, the body stays; silhouette: one flat colour; pixelate: few soft cells;
remove: the background instead; swap: somebody else in the same place, from words; keep: all as it is, on request."""
BODY_ACTIONS: tuple[BodyAction, ...] = get_args(BodyAction)

Thing = Literal["person", "text", "other"]
"""person: somebody; text: writing or a licence plate; other: whatever was pointed at."""


@dataclass(frozen=True)
class BodyDecision:
    """What happens to one region."""

    action: BodyAction = "silhouette"
    persona: str | None = None
    """Id of the persona whose looks and face the new person gets, for 'swap' only."""
    prompt: str = ""
    """Further words for 'swap': clothes, style."""

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not isinstance(self.persona, str | None):
            raise PlanError("A persona and the words of a decision must be texts.")
        if self.action not in BODY_ACTIONS:
            raise PlanError(f"A body gets one of {', '.join(BODY_ACTIONS)}, not {self.action!r}.")
        if self.action != "swap" and (self.persona is not None or self.prompt):
            raise PlanError("Only 'swap' takes a persona or words; for another face choose 'face'.")


@dataclass(frozen=True)
class BodyRegion:
    """One person or thing: its pixels, who it is, and the decision."""

    id: str
    area: Area
    decision: BodyDecision
    thing: Thing = "person"
    score: float = 1.0
    found_by: str = "hand"
    """Engine that found or outlined it."""
    face: str | None = None
    """Id of its face in the plan of faces."""
    match: Match | None = None
    """Who it is, by the face."""
    selection: Selection | None = None
    """How somebody pointed at it."""

    def __post_init__(self) -> None:
        if self.thing not in get_args(Thing):
            raise PlanError(f"{self.id} must be one of {', '.join(get_args(Thing))}, not {self.thing!r}.")
        if self.thing != "person" and self.decision.action in ("face", "swap"):
            raise PlanError(f"{self.id} is no person: it can be kept, pixelated, covered or removed.")

    @property
    def hidden(self) -> bool:
        """Whether nothing of it may be seen."""
        return self.decision.action not in ("keep", "face")


@dataclass(frozen=True)
class Edges:
    """How far beyond their outline bodies are treated."""

    grow_px: float | None = None
    """None: by the size of the person."""
    feather_px: float | None = None
    """Width of the soft edge, inside the grown outline; None: by the size of the person."""
    shadows: bool = False
    """Whether shadows and reflections that touch a removed person go with it."""

    def __post_init__(self) -> None:
        for name in ("grow_px", "feather_px"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 200:
                raise InputError(f"{name} must lie between 0 and 200 pixels, got {value}.")
        if not isinstance(self.shadows, bool):
            raise InputError(f"shadows must be true or false, got {self.shadows!r}.")


@dataclass(frozen=True)
class BodyPlan:
    """Everybody in one picture, with decisions."""

    source_name: str
    fingerprint: str
    """SHA-256 of the upright pixels."""
    size_wh: tuple[int, int]
    faces: Plan
    """What happens to the faces, whether or not a body was found for them."""
    regions: tuple[BodyRegion, ...] = ()
    edges: Edges = Edges()
    seed: int = 0
    """Of new people and backgrounds: the same seed gives the same."""
    engines: dict[str, str] = field(default_factory=dict)
    """Kind of engine → name."""
    medium: Literal["body"] = "body"
    version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        ids = [region.id for region in self.regions]
        if len(set(ids)) != len(ids):
            raise PlanError("The plan is damaged: two regions have the same id.")
        known = {region.id for region in self.faces.regions}
        for region in self.regions:
            if region.area.size_wh != self.size_wh:
                raise PlanError(f"The plan is damaged: {region.id} belongs to a picture of another size.")
            if region.face is not None and region.face not in known:
                raise PlanError(f"The plan is damaged: {region.id} has a face {region.face!r} that is not in it.")
            if region.selection is not None:
                region.selection.check(self.size_wh)
        linked = [region.face for region in self.regions if region.face is not None]
        if len(set(linked)) != len(linked):
            raise PlanError("The plan is damaged: two regions have the same face.")

    def region(self, id: str) -> BodyRegion:
        """The region called ``id``."""
        for region in self.regions:
            if region.id == id:
                return region
        raise PlanError(f"The plan has no region {id!r}; it has {', '.join(r.id for r in self.regions) or 'none'}.")

    def with_region(self, region: BodyRegion) -> Self:
        """A copy in which ``region`` replaces the one of the same id, or is added."""
        known = region.id in {r.id for r in self.regions}
        kept = [region if r.id == region.id else r for r in self.regions]
        return replace(self, regions=tuple(kept if known else [*kept, region]))

    def without(self, id: str) -> Self:
        """A copy without the region ``id``; its face stays in the plan of faces."""
        self.region(id)
        return replace(self, regions=tuple(r for r in self.regions if r.id != id))

    def decided(self, id: str, decision: BodyDecision) -> Self:
        """A copy with another decision."""
        return self.with_region(replace(self.region(id), decision=decision))

    def new_id(self, thing: Thing = "person") -> str:
        """An id no region has."""
        taken = {r.id for r in self.regions}
        return next(f"{thing}-{n}" for n in range(1, len(taken) + 2) if f"{thing}-{n}" not in taken)

    def to_json(self) -> str:
        """JSON text, stable; areas as COCO run lengths, each on a line of its own."""
        data = {name: value for name, value in vars(self).items() if name not in ("regions", "faces", "edges")}
        regions = [_region_json(region) for region in self.regions]
        whole = data | {"edges": asdict(self.edges), "regions": regions, "faces": json.loads(self.faces.to_json())}
        text = json.dumps(whole, indent=2) + "\n"
        return re.sub(r'"counts": \[[\d,\s]*\]', lambda found: " ".join(found[0].split()), text)

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> BodyPlan:
        """Read a plan; raises ``PlanError`` with one sentence when it cannot be used."""
        return cls.from_json(text_of(path))

    @classmethod
    def from_json(cls, text: str) -> BodyPlan:
        """From :meth:`to_json`."""
        return _KIND.parse(text, _plan)


def _plan(data: dict[str, Any]) -> BodyPlan:
    return BodyPlan(
        **data
        | {
            "size_wh": (int(data["size_wh"][0]), int(data["size_wh"][1])),
            "faces": Plan.from_json(json.dumps(data["faces"])),
            "regions": tuple(_region(region) for region in data["regions"]),
            "edges": Edges(**data["edges"]),
            "engines": {str(kind): str(name) for kind, name in dict(data.get("engines", {})).items()},
            "seed": int(data["seed"]),
        }
    )


def _region_json(region: BodyRegion) -> dict[str, Any]:
    plain = {
        name: value for name, value in vars(region).items() if name in ("id", "thing", "score", "found_by", "face")
    }
    return plain | {
        "decision": asdict(region.decision),
        "match": asdict(region.match) if region.match else None,
        "selection": asdict(region.selection) if region.selection else None,
        "area": region.area.to_json(),
    }


def _region(data: dict[str, Any]) -> BodyRegion:
    selection = data.get("selection")
    return BodyRegion(
        **data
        | {
            "id": str(data["id"]),
            "area": Area.from_json(data["area"]),
            "decision": BodyDecision(**data["decision"]),
            "score": float(data.get("score", 1.0)),
            "found_by": str(data.get("found_by", "hand")),
            "match": _match(data["match"]) if data.get("match") else None,
            "selection": _selection(selection) if selection else None,
        }
    )


def _match(data: dict[str, Any]) -> Match:
    return Match(str(data["person"]), float(data["distance"]), float(data["margin"]))


def _selection(data: dict[str, Any]) -> Selection:
    box = data.get("box_xyxy")
    clicks = tuple(Click(float(c["x"]), float(c["y"]), bool(c["inside"])) for c in data["clicks"])
    return Selection(clicks, (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if box else None)
