"""Masked recordings get content credentials when they are written; sound carries no tag."""

from __future__ import annotations

from pathlib import Path

from deepmask.config import Settings
from deepmask.content_credentials import Step
from deepmask.errors import DeepmaskError
from deepmask.files import move
from deepmask.media.sound import Sound
from deepmask.provenance import Mark, write_signed
from deepmask.voice_plan import VoicePlan
from pipelines.provenance.recording import without_names


def sign_sound(
    source: Sound,
    plan: VoicePlan,
    finished: Path,
    out: Path,
    steps: tuple[Step, ...],
    *,
    wanted: bool | None = None,
) -> tuple[str, ...]:
    """Make a finished recording ``out``, with content credentials where it holds them.

    Args:
        steps: what was done (:mod:`pipelines.provenance.steps`); without any nothing is signed.
        wanted: whether it is to be signed; None: as the settings say.

    Returns:
        What the user should know of its provenance, each a short clause.

    Raises:
        DeepmaskError: the place cannot be written.
    """
    if not steps or not (Settings.load().provenance if wanted is None else wanted):
        move(finished, out)
        return ()
    try:
        mark = Mark.of("voice", source.fingerprint, without_names(plan.to_json()))
    except DeepmaskError as error:
        move(finished, out)
        return (f"not signed, because {str(error).rstrip('.')}",)
    unsigned = write_signed(finished, out, steps, mark, tagged=False)
    return (f"not signed, because {unsigned}" if unsigned else "signed as a masked recording",)
