"""Recordings: hear who speaks, give each voice another, and check the result.

    plan   = analyze(sound, options)
    masked = render(sound, plan, vault, out)
    report = check(sound, masked.sound, plan, vault, masked.outcomes)

``mask`` is the three in a row, ``deliver`` the last two. A voice that cannot be converted is silent; words that cannot
be spoken anew are converted: the original is never heard because something failed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deepmask.media.sound import Sound
from deepmask.progress import Progress, part, silent
from deepmask.vault import Vault
from pipelines.voice.analysis import analyze, decide
from pipelines.voice.checking import check
from pipelines.voice.delivering import deliver
from pipelines.voice.model import MaskedSound, VoiceOptions, VoiceOutcome, VoiceResult, validate
from pipelines.voice.rendering import render
from pipelines.voice.sampling import sample

__all__ = [
    "MaskedSound",
    "VoiceOptions",
    "VoiceOutcome",
    "VoiceResult",
    "analyze",
    "check",
    "decide",
    "deliver",
    "mask",
    "render",
    "sample",
    "validate",
]


def mask(
    source: Sound,
    vault: Vault,
    out: Path,
    options: VoiceOptions | None = None,
    *,
    provenance: bool | None = None,
    progress: Progress = silent,
) -> VoiceResult:
    """Analyse, render to ``out`` and check.

    Args:
        provenance: whether the file says that it is masked; None: as the settings say.
    """
    options = options or VoiceOptions()
    if options.persona is not None:
        options = replace(options, persona=vault.persona(options.persona).id)
    plan = analyze(source, options, progress=part(progress, 0.0, 0.3))
    report = deliver(source, plan, vault, out, provenance=provenance, progress=part(progress, 0.3, 1.0))
    return VoiceResult(out, plan, report)
