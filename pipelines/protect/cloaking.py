"""Cloaks: photos changed so little that people hardly see it, and measured for what that does to networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepmask import engines, weights
from deepmask.cloak_report import VERSIONS, CloakReport, Trial
from deepmask.dossier import Dossier, Exhibit, Table, Tone
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Face, RGBImage, clip_box, enlarge
from deepmask.filters import Filters
from deepmask.look import FaceRegion
from deepmask.media import Photo
from deepmask.progress import Progress, part, silent
from pipelines.photo.choosing import licence_note
from pipelines.photo.measuring import MEASURABLE_PX, measured, rounded
from pipelines.protect.cloak_trials import try_all
from pipelines.protect.showing import Shown, show

STRENGTHS = (1, 2, 3, 4, 5)

_SURE_SCORE = 0.4
"""Finders also see faces where there are none; those are not worth a cloak."""

_MAGNIFIED = 10
_CLOSE_UP = 2.4
"""Side of the exhibits in sides of the face's box."""


@dataclass(frozen=True)
class CloakOptions:
    """How a photo is cloaked."""

    strength: int = 4
    """1..5: how many grey levels of 255 a channel may change: 2, 4, 6, 8 or 12."""
    region: FaceRegion = "face"
    engine: str = "auto"
    """Which networks it is made against: the name of an engine."""
    filters: Filters = Filters()
    """Applied first, so that the cloak is made for what will be published."""
    seed: int = 0
    show: bool = False
    """Also swap the face before and after (:mod:`pipelines.protect.showing`)."""

    def __post_init__(self) -> None:
        if self.strength not in STRENGTHS:
            raise InputError(f"The strength must be {STRENGTHS[0]} to {STRENGTHS[-1]}, got {self.strength}.")


@dataclass(frozen=True, eq=False)
class Cloaked:
    """A cloaked photo and what came of it."""

    before: Photo
    """As it would have been published: filtered, not cloaked."""
    photo: Photo
    report: CloakReport
    faces: tuple[Face, ...]
    shown: Shown | None = None

    def dossier(self) -> Dossier:
        """What was done, and whom it deceives."""
        report = self.report
        attacked = [trial for trial in report.trials if trial.attacked]
        won = sum(trial.deceived for trial in attacked)
        tone: Tone = "good" if report.safe else "warn" if won else "bad"
        return Dossier(
            title=f"Cloak of {report.source_name}",
            verdict={"good": "Deceives what it was made against", "warn": "Deceives it in part"}.get(
                tone, "Deceives nothing it was made against"
            ),
            tone=tone,
            summary=report.summary(),
            reasons=_reasons(report),
            tables=(victims_table(report), *((self.shown.table(),) if self.shown else ())),
            exhibits=(*_close_ups(self), *(self.shown.exhibits() if self.shown else ())),
            notes=(_CAUTION, *(f"{note[:1].upper()}{note[1:]}." for note in report.notes)),
        )


_CAUTION = (
    "The table shows these networks on this photo, compared with the same photo without the cloak. Other networks, or "
    "these after training on cloaked photos, may see through it, and photos of you that are already published stay."
)


def cloak(source: Photo, options: CloakOptions | None = None, *, progress: Progress = silent) -> Cloaked:
    """Filter, cloak and measure a photo.

    Raises:
        UnknownName, EngineMissing: of the engine that was asked for.
        EngineFailed: there is no face to cloak.
    """
    options = options or CloakOptions()
    row = engines.choose("cloak", options.engine)
    weights.read_new(row.needed_weights(), part(progress, 0.0, 0.0))
    before = _filtered(source, options.filters)
    with engines.turn(progress):
        faces, small = _faces(before, part(progress, 0.0, 0.1))
        engine = engines.load("cloak", row.name)
        changed = engine.cloak(
            before.rgb, faces, strength=options.strength, region=options.region, seed=options.seed,
            progress=part(progress, 0.1, 0.75 if options.show else 0.85),
        )  # fmt: skip
        after = before.edited(changed)
        step = part(progress, 0.75, 0.9) if options.show else part(progress, 0.85, 1.0)
        trials = try_all(before.rgb, changed, faces, engine.victims, progress=step)
        notes = (*after.notes, *_notes(small), *licence_note("cloaked", [] if row.commercial else [row.name]))
        shown, why = _shown(before, changed, faces, part(progress, 0.9, 1.0)) if options.show else (None, ())
    report = _report(before, changed, row.name, options, faces, trials, (*notes, *why))
    return Cloaked(before, after, report, tuple(faces), shown)


def _shown(
    before: Photo, changed: RGBImage, faces: Sequence[Face], progress: Progress
) -> tuple[Shown | None, tuple[str, ...]]:
    """The swaps, or a note on why there are none."""
    try:
        return show(before.rgb, changed, faces, progress=progress), ()
    except EngineFailed as error:
        return None, (f"no swap can be shown: {str(error).rstrip('.')}",)


def _filtered(source: Photo, filters: Filters) -> Photo:
    return source.edited(filters.apply(source.rgb)) if filters.used() else source


def _faces(photo: Photo, progress: Progress) -> tuple[list[Face], int]:
    """The faces to cloak, largest first, and how many are too small."""
    found = engines.load("face_finder", "thorough").find(photo.rgb, progress=progress)
    sure = [face for face in found if face.score >= _SURE_SCORE] or found[:1]
    large = [face for face in sure if face.size_px >= MEASURABLE_PX]
    if not large:
        raise EngineFailed(f"No face of at least {MEASURABLE_PX} px was found; choose a photo that shows one clearly.")
    faces = [measured(photo.rgb, Face(rounded(face.box_xyxy), face.score)) for face in large]
    return sorted(faces, key=lambda face: -face.size_px), len(sure) - len(large)


def _notes(small: int) -> tuple[str, ...]:
    if not small:
        return ()
    faces = "1 face is" if small == 1 else f"{small} faces are"
    return (f"{faces} too small for anybody to be recognised and stayed as they were",)


def _report(
    before: Photo,
    changed: RGBImage,
    engine: str,
    options: CloakOptions,
    faces: Sequence[Face],
    trials: tuple[Trial, ...],
    notes: tuple[str, ...],
) -> CloakReport:
    psnr, ssim = _likeness(before.rgb, changed)
    largest = int(np.abs(changed.astype(np.int16) - before.rgb).max())
    return CloakReport(
        before.name, engine, options.strength, options.region, options.filters.used(), options.seed, len(faces),
        psnr, ssim, largest, trials, notes,
    )  # fmt: skip


def _likeness(before: RGBImage, after: RGBImage) -> tuple[float, float]:
    """PSNR in dB and SSIM of what was changed."""
    from skimage.metrics import structural_similarity

    different = (before != after).any(2)
    rows, columns = np.nonzero(different.any(1))[0], np.nonzero(different.any(0))[0]
    if not len(rows):
        return 100.0, 1.0
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    error = float(np.mean((before[window].astype(np.float64) - after[window])[different[window]] ** 2))
    pair = [picture[window].mean(2) for picture in (before, after)]
    same = np.mean(structural_similarity(*pair, data_range=255)) if min(pair[0].shape) >= 7 else 1.0
    return round(10 * float(np.log10(255**2 / error)), 1), round(float(same), 3)


# ------------------------------------------------------------------------------------------------------------ dossier
def victims_table(report: CloakReport) -> Table:
    """Networks × versions: distances or scores before and after; of several faces the one the cloak serves worst."""
    rows = []
    for victim in report.victims:
        cells = [_cell(report.of(victim, version)) for version in VERSIONS]
        one = next(trial for trial in report.trials if trial.victim == victim)
        bar = f"from {one.bar:.2f} on somebody else" if one.kind == "identity" else f"below {one.bar:.2f} no face"
        rows.append((victim, "attacked" if one.attacked else "never seen", *cells, bar))
    return Table(
        "What networks make of it",
        ("Network", "", *VERSIONS, "Bar"),
        tuple(rows),
        "Without the cloak → with it. Recognisers: distance from the original face. Finders: how sure they are that "
        "there is a face." + (" Of several faces the one that is protected least." if report.faces > 1 else ""),
    )


def _cell(trials: Sequence[Trial]) -> str:
    if not trials:
        return "too small"
    identity = trials[0].kind == "identity"
    worst = min(trials, key=lambda trial: (trial.deceived, trial.after if identity else -trial.after))
    verdict = "deceived" if worst.deceived else "not deceived"
    return f"{worst.before:.2f} → {worst.after:.2f} {verdict}"


def _reasons(report: CloakReport) -> tuple[str, ...]:
    levels = f"No channel of any pixel changed by more than {report.largest_change} of 255 levels"
    return (f"{levels}; where it changed, PSNR {report.psnr_db:.1f} dB and SSIM {report.ssim:.3f}.",)


def _close_ups(made: Cloaked) -> tuple[Exhibit, ...]:
    """The largest face before, after, and the difference."""
    before, after = made.before.rgb, made.photo.rgb
    x1, y1, x2, y2 = clip_box(enlarge(made.faces[0].box_xyxy, _CLOSE_UP), made.before.size_wh)
    pair = [picture[y1:y2, x1:x2] for picture in (before, after)]
    difference = 128 + _MAGNIFIED * (pair[1].astype(np.int16) - pair[0])
    return (
        Exhibit("Before", pair[0]),
        Exhibit("After", pair[1], f"Strength {made.report.strength}, made against {_against(made.report)}."),
        Exhibit("Difference × 10", np.clip(difference, 0, 255).astype(np.uint8), "Grey: unchanged."),
    )


def _against(report: CloakReport) -> str:
    names = dict.fromkeys(trial.victim for trial in report.trials if trial.attacked)
    return " and ".join(names) or "nothing that is here to judge"
