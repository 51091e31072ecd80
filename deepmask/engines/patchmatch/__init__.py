"""Removing by continuing the surroundings: PatchMatch, and the rule that says where it can succeed."""

from deepmask.engines.patchmatch.engine import PatchMatch
from deepmask.engines.patchmatch.rule import can_rebuild

__all__ = ["PatchMatch", "can_rebuild"]
