"""What a file says was done to it, in the words of C2PA: actions, by which program, and how much of it is generated."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Literal

from deepmask import __version__

Source = Literal["trained", "synthetic", "none"]
"""trained: elements made by a trained network; synthetic: elements drawn or computed by a program; none: nothing was
put in, such as where faces were pixelated."""

TAG_ALGORITHM = "org.deepmask.tiles"
"""Our name for the tag as a soft binding. It is not in C2PA's list of algorithms: other programs show it, but cannot
read the tag."""

_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCE_TYPES: dict[Source, str] = {
    "trained": f"{_SOURCES}compositeWithTrainedAlgorithmicMedia",
    "synthetic": f"{_SOURCES}compositeSynthetic",
}
"""In IPTC's vocabulary, which C2PA uses."""

_ORIGINAL = "original"
_TITLE = "Original, not disclosed"


@dataclass(frozen=True)
class Step:
    """One thing that was done."""

    words: str
    """For people: 'Faces replaced by a generated persona'."""
    source: Source = "none"
    agents: tuple[str, ...] = ()
    """Engines that did it."""


@dataclass(frozen=True)
class Claim:
    """All that a file says of its making. It names neither the original, nor a persona, nor a time."""

    steps: tuple[Step, ...]
    tag_id: int | None = None
    """The id of the tag in the pixels; None where there is none."""

    def manifest(self, mime: str) -> dict[str, Any]:
        """C2PA's manifest definition.

        An original was opened, of which nothing is told: no name, no hash by which a guess could be confirmed, no
        thumbnail, and as its format that of the output.
        """
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_ORIGINAL]}}
        actions = [opened, *(_action(step) for step in self.steps)]
        assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
        if self.tag_id is not None:
            assertions.append({"label": "c2pa.soft-binding", "data": _binding(self.tag_id)})
        return {
            "claim_version": 2,
            "claim_generator_info": [{"name": "Deepmask", "version": __version__}],
            "ingredients": [{"label": _ORIGINAL, "relationship": "parentOf", "title": _TITLE, "format": mime}],
            "assertions": assertions,
        }


def _action(step: Step) -> dict[str, Any]:
    action: dict[str, Any] = {"action": "c2pa.edited", "description": step.words}
    if step.source in SOURCE_TYPES:
        action["digitalSourceType"] = SOURCE_TYPES[step.source]
    engines = f" ({', '.join(step.agents)})" if step.agents else ""
    action["softwareAgent"] = {"name": f"Deepmask{engines}", "version": __version__}
    return action


def _binding(tag_id: int) -> dict[str, Any]:
    value = base64.b64encode(tag_id.to_bytes(8, "big")).decode()
    return {"alg": TAG_ALGORITHM, "blocks": [{"scope": {}, "value": value}]}


def bound_tag(data: dict[str, Any]) -> int | None:
    """The id in a soft binding of ours; None in one of others, or a broken one."""
    try:
        if data["alg"] != TAG_ALGORITHM:
            return None
        raw = base64.b64decode(data["blocks"][0]["value"], validate=True)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return int.from_bytes(raw, "big") if len(raw) == 8 else None
