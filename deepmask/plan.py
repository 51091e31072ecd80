"""What was found in a medium and what is to happen to it: plain data, saved as JSON, edited by people.

A plan belongs to one medium, recognised by the fingerprint of its pixels, and is rendered without analysing again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from deepmask.errors import PlanError
from deepmask.faces import Box
from deepmask.files import write_text
from deepmask.look import Look
from deepmask.plan_json import Kind, text_of

SCHEMA_VERSION = 2
"""2 added the look of swapped faces; plans of schema 1 are read with the default look."""
_KIND = Kind("photo", "a photo", "deepmask photo plan", SCHEMA_VERSION)

_FARTHEST_PX = 1e7
"""No picture reaches this far; JSON may hold 1e999 and NaN."""

Action = Literal["persona", "pixelate", "solid", "vector", "keep"]
ACTIONS: tuple[Action, ...] = ("persona", "pixelate", "solid", "vector", "keep")
"""persona: the persona's face; pixelate, solid, vector: plainer masks; keep: left as it is, on request only."""


@dataclass(frozen=True)
class Decision:
    """What happens to a region."""

    action: Action
    persona: str | None = None
    """Id of the persona, for action 'persona' only."""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise PlanError(f"A decision must be one of {', '.join(ACTIONS)}, got {self.action!r}.")
        if (self.action == "persona") != (self.persona is not None):
            raise PlanError("A decision names a persona if, and only if, its action is 'persona'.")


@dataclass(frozen=True)
class Match:
    """An enrolled person recognised in a region."""

    person: str
    """Id of the person in the roster."""
    distance: float
    """Distance of the embeddings, 0..~1.4."""
    margin: float
    """How much farther the next person is."""


@dataclass(frozen=True)
class Region:
    """One face: where it is, who it is, how sure we are, and the decision."""

    id: str
    box_xyxy: Box
    decision: Decision
    score: float = 1.0
    found_by: str = "hand"
    match: Match | None = None
    yaw_degrees: float | None = None
    kind: Literal["face"] = "face"

    def decided(self, decision: Decision) -> Self:
        """A copy with another decision."""
        return replace(self, decision=decision)


@dataclass(frozen=True)
class Plan:
    """Regions of one medium with their decisions."""

    medium: Literal["photo"]
    source_name: str
    fingerprint: str
    """SHA-256 of the upright pixels."""
    size_wh: tuple[int, int]
    regions: tuple[Region, ...] = ()
    engines: dict[str, str] = field(default_factory=dict)
    """Kind of engine → name of the one that was used for the analysis; 'face_swapper' names the one that starts the
    ladder of persona faces, without it an embedded one that suits the persona does."""
    look: Look = Look()
    """Detail and extent of swapped faces."""
    version: int = SCHEMA_VERSION

    def region(self, id: str) -> Region:
        """The region called ``id``."""
        for region in self.regions:
            if region.id == id:
                return region
        raise PlanError(f"The plan has no region {id!r}; it has {', '.join(r.id for r in self.regions) or 'none'}.")

    def with_region(self, region: Region) -> Self:
        """A copy in which ``region`` replaces the one of the same id, or is added."""
        kept = [region if r.id == region.id else r for r in self.regions]
        if region.id not in {r.id for r in self.regions}:
            kept.append(region)
        return replace(self, regions=tuple(kept))

    def without(self, id: str) -> Self:
        """A copy without the region ``id``."""
        self.region(id)
        return replace(self, regions=tuple(r for r in self.regions if r.id != id))

    def new_id(self) -> str:
        """An id no region has."""
        taken = {r.id for r in self.regions}
        return next(f"face-{n}" for n in range(1, len(taken) + 2) if f"face-{n}" not in taken)

    def to_json(self) -> str:
        """JSON text, readable and stable."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan; raises ``PlanError`` with one sentence when it cannot be used."""
        return cls.from_json(text_of(path))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """From :meth:`to_json`."""
        return _KIND.parse(text, _plan)


def _plan(data: dict[str, Any]) -> Plan:
    plan = Plan(
        **data
        | {
            "regions": tuple(_region(r) for r in data["regions"]),
            "size_wh": (int(data["size_wh"][0]), int(data["size_wh"][1])),
            "engines": {str(kind): str(name) for kind, name in dict(data.get("engines", {})).items()},
            "look": Look.from_json(data.get("look", {})),
        }
    )
    if len({r.id for r in plan.regions}) != len(plan.regions):
        raise PlanError("The plan is damaged: two regions have the same id.")
    return plan


def _region(data: dict[str, Any]) -> Region:
    box = tuple(float(v) for v in data["box_xyxy"])
    if len(box) != 4 or not all(abs(v) < _FARTHEST_PX for v in box) or not (box[2] > box[0] and box[3] > box[1]):
        raise ValueError(f"box {data['box_xyxy']}")
    match = Match(**data["match"]) if data.get("match") else None
    decision = Decision(**data["decision"])
    if not all(isinstance(text, str) for text in (data["id"], decision.persona or "")):
        raise ValueError(f"names must be texts in region {data['id']}")
    return Region(**{**data, "box_xyxy": box, "decision": decision, "match": match})
