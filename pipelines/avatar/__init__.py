"""Personas: from a prompt to drafts, from a draft to a kept persona, and from there to further pictures of it.

drafts = avatar.create("friendly woman in her forties", 7)
maya = avatar.keep(drafts[0], "Maya", vault)
for variation in avatar.vary(maya, VariationOptions("expression", "laughing")): ...
"""

from pipelines.avatar.creating import STARTER_PROMPT, AvatarOptions, Draft, Refused, create, drafts, redraw
from pipelines.avatar.keeping import ATTESTATION, import_portrait, keep, starter
from pipelines.avatar.posing import pose_of
from pipelines.avatar.varying import (
    IDEAS,
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
    "IDEAS",
    "STARTER_PROMPT",
    "AvatarOptions",
    "Consistency",
    "Draft",
    "Refused",
    "VariationOptions",
    "consistency",
    "create",
    "drafts",
    "explained",
    "import_portrait",
    "keep",
    "keep_variation",
    "pose_of",
    "redraw",
    "starter",
    "variations",
    "vary",
]
