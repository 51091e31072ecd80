"""The pose of a face as OpenPose draws it: 70 points, the condition of a ControlNet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

POINTS = 70
"""Jaw 17, brows 10, nose 9, eyes 12, lips 20, pupils 2 (OpenPose face model, Simon et al., 2017)."""


@dataclass(frozen=True)
class FacePose:
    """Where the points of a face lie in a portrait."""

    points: NDArray[np.float64] = field(repr=False, compare=False)
    """(70, 2) x, y in 0..1 of the portrait; NaN where a point is not seen."""
    name: str = ""
    """Of a template, or of the photo it was taken from."""

    def __post_init__(self) -> None:
        if self.points.shape != (POINTS, 2):
            raise ValueError(f"a face pose has ({POINTS}, 2) points, got {self.points.shape}")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        points = [None if np.isnan(p).any() else [round(float(v), 4) for v in p] for p in self.points]
        return {"name": self.name, "points": points}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`."""
        points = [(np.nan, np.nan) if p is None else (float(p[0]), float(p[1])) for p in data["points"]]
        return cls(np.array(points, np.float64).reshape(-1, 2), str(data["name"]))
