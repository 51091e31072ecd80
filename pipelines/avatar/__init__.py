"""Personas: from a prompt to drafts, from a draft to a kept persona, and from there to further pictures of it.

drafts = avatar.create("friendly woman in her forties", 7)
maya = avatar.keep(drafts[0], "Maya", vault)
for variation in avatar.vary(maya, VariationOptions("expression", "laughing")): ...
"""

from pipelines.avatar.creating import STARTER_PROMPT, AvatarOptions, Draft, create, drafts, redraw
from pipelines.avatar.keeping import ATTESTATION, import_portrait, keep, starter
from pipelines.avatar.posing import pose_named, pose_of, poses
from pipelines.avatar.varying import (
    Consistency,
    VariationOptions,
    consistency,
    explained,
    keep_variation,
    variations,
    vary,
)

__all__ = [
    "ATTESTATION",
    "STARTER_PROMPT",
    "AvatarOptions",
    "Consistency",
    "Draft",
    "VariationOptions",
    "consistency",
    "create",
    "drafts",
    "explained",
    "import_portrait",
    "keep",
    "keep_variation",
    "pose_named",
    "pose_of",
    "poses",
    "redraw",
    "starter",
    "variations",
    "vary",
]
