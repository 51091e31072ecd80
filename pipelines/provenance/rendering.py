"""Plans of photos carried out, marked and checked, in this order: what is checked is what is written."""

from __future__ import annotations

from deepmask.body_plan import BodyPlan
from deepmask.body_report import BodyReport
from deepmask.media import Photo
from deepmask.plan import Plan
from deepmask.progress import Progress, part, silent
from deepmask.report import Report
from deepmask.vault import Vault
from pipelines import body, photo
from pipelines.provenance.photos import MarkedPhoto, mark_photo
from pipelines.provenance.steps import of_bodies, of_photo


def render_photo(
    source: Photo,
    plan: Plan,
    vault: Vault,
    suffix: str = "",
    *,
    wanted: bool | None = None,
    progress: Progress = silent,
) -> tuple[MarkedPhoto, Report]:
    """The masked photo, to be saved, and its report.

    Args:
        suffix: of the file it will become; '' for the photo's own format.
        wanted: whether it is marked; None: as the settings say.

    Raises:
        As :func:`pipelines.photo.render` and :func:`pipelines.photo.check`.
    """
    masked = photo.render(source, plan, vault, progress=part(progress, 0.0, 0.75))
    progress(0.75, "Tagging")
    steps = of_photo(plan, masked.outcomes, vault)
    marked = mark_photo(source, masked.photo, steps, plan.to_json(), suffix, wanted=wanted)
    return marked, photo.check(source, marked.photo, plan, masked.outcomes, progress=part(progress, 0.8, 1.0))


def render_bodies(
    source: Photo,
    plan: BodyPlan,
    vault: Vault,
    suffix: str = "",
    *,
    wanted: bool | None = None,
    progress: Progress = silent,
) -> tuple[MarkedPhoto, BodyReport]:
    """The photo with masked bodies, to be saved, and its report; arguments as for :func:`render_photo`.

    Raises:
        As :func:`pipelines.body.render` and :func:`pipelines.body.check`.
    """
    masked = body.render(source, plan, vault, progress=part(progress, 0.0, 0.65))
    progress(0.65, "Tagging")
    steps = of_bodies(plan, masked.outcomes, masked.faces, vault)
    marked = mark_photo(source, masked.photo, steps, plan.to_json(), suffix, wanted=wanted)
    checking = part(progress, 0.7, 1.0)
    return marked, body.check(source, marked.photo, plan, masked.outcomes, masked.faces, progress=checking)
