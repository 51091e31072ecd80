"""From a plan to a checked file: what the check does not accept never gets its final name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deepmask.files import scratch
from deepmask.media.sound import Sound
from deepmask.progress import Progress, part, silent
from deepmask.report_json import noted
from deepmask.vault import Vault
from deepmask.voice_plan import VoicePlan
from deepmask.voice_report import VoiceReport
from pipelines.provenance.sounds import sign_sound
from pipelines.provenance.steps import of_voices
from pipelines.voice.checking import check
from pipelines.voice.rendering import render


def anything(report: VoiceReport) -> bool:
    """Accepts every result."""
    return True


def deliver(
    source: Sound,
    plan: VoicePlan,
    vault: Vault,
    out: Path,
    *,
    accept: Callable[[VoiceReport], bool] = anything,
    provenance: bool | None = None,
    progress: Progress = silent,
) -> VoiceReport:
    """Render and check, and write ``out`` if the report is accepted.

    Args:
        provenance: whether the file says that it is masked (:mod:`pipelines.provenance`); None: as the settings say.

    Raises:
        As :func:`pipelines.voice.rendering.render` and :func:`pipelines.voice.checking.check`.
    """
    with scratch(out) as folder:
        beside = folder / out.name
        masked = render(source, plan, vault, beside, progress=part(progress, 0.0, 0.8))
        checking = part(progress, 0.8, 1.0)
        found = check(source, masked.sound, plan, vault, masked.outcomes, notes=masked.notes, progress=checking)
        if accept(found):
            steps = of_voices(masked.outcomes)
            found = noted(found, sign_sound(source, plan, beside, out, steps, wanted=provenance))
    return found
