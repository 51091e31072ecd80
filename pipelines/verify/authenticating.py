"""Who sealed a photo, whether it is as it was then, where not, and the original out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from deepmask.dossier import Dossier, Exhibit, Table, Tone
from deepmask.errors import EngineFailed, EngineMissing, InputError, UnknownName
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.media.metadata import RECOLOURING
from deepmask.media.original import Original
from deepmask.progress import Progress, part, silent
from deepmask.seal_report import AuthenticityReport, ClassAgreement, Rectangle, Verdict
from deepmask.signing import OWN_NAME, PublicKey
from pipelines.protect.mapping import mapped
from pipelines.protect.sealing import framed, opacity_of

if TYPE_CHECKING:
    from deepmask.sealing.finding import Found, Remains

_BELONGS = 0.25
"""A seal that fits less of the area was made for another picture: exchanging pixels would have destroyed it, too."""
_OVERLAID = 0.1
"""More of the area does not fit the whole shares in it where a seal was copied; scribbles leave little."""
_ALIKE = 0.75
"""Classes of the maps that agree less have been changed noticeably."""
_DESTROYED = (
    "No seal was found. If there was one, saving as JPEG, resizing or sending through a messenger took it away; a tag "
    "outlasts that: deepmask read-tag."
)


@dataclass(frozen=True, eq=False)
class Authentication:
    """What the seal of a photo says."""

    report: AuthenticityReport
    restored: Photo | None
    """The original where everything is as sealed; where blocks were changed, these as they are; None where the seal is
    absent or forged."""
    picture: RGBImage = field(repr=False)
    """What was looked at, as the file has it."""

    def dossier(self) -> Dossier:
        """For people: the verdict, and a map of the blocks."""
        return _dossier(self)


def authenticate(source: Photo, keys: Sequence[PublicKey], *, progress: Progress = silent) -> Authentication:
    """Look for a seal and compare the photo with what it says.

    Args:
        keys: those the user knows, by which signers are named; seals by others are checked, too.
    """
    from deepmask.sealing.finding import Found, find

    if source.original.deep is not None:
        reason = "The file has 16 bits a channel, and seals are laid in files with 8."
        return _without(source, reason)
    found = find(source.rgb, opacity_of(source), progress=part(progress, 0.0, 0.5))
    if found is None:
        return _without(source, _DESTROYED)
    if not isinstance(found, Found):
        return _ruined(source, found)
    report = _report(source, found, keys, part(progress, 0.5, 1.0))
    progress(1.0, "Looked at the seal")
    restored = None if report.verdict == "not authentic" else _restored(source, found)
    return Authentication(report, restored, source.rgb)


def restore(source: Photo, keys: Sequence[PublicKey], *, partly: bool = False, progress: Progress = silent) -> Photo:
    """The original of a sealed photo, bit for bit.

    Args:
        partly: be content with the blocks that were not changed; the others stay as they are.

    Raises:
        InputError: the photo is not sealed, or not as it was sealed.
    """
    found = authenticate(source, keys, progress=progress)
    whole = found.report.verdict in ("authentic", "unknown key")
    if found.restored is None or not (whole or partly):
        remedy = "; what was not changed can be restored with --partly" if found.restored is not None else ""
        raise InputError(f"{source.name} cannot be restored: {found.report.summary().rstrip('.')}{remedy}.")
    return found.restored


def _without(source: Photo, reason: str) -> Authentication:
    return Authentication(
        AuthenticityReport(source.name, "not sealed", (reason,), notes=source.notes_on_looking), None, source.rgb
    )


def _ruined(source: Photo, found: Remains) -> Authentication:
    if found.contradictory:
        reason = "Parts of a seal were found that contradict each other: somebody meddled with it."
        report = AuthenticityReport(source.name, "not authentic", (reason,), notes=_notes(source))
        return Authentication(report, None, source.rgb)
    return _without(
        source,
        f"Remains of a seal were found, {found.parts} parts of which {found.needed} are needed to read it: most of the "
        "picture was cut off or changed.",
    )


def _notes(source: Photo) -> tuple[str, ...]:
    """What the file holds that its seal does not speak of."""
    notes = list(source.notes_on_looking)
    if beside := [kind for kind in source.original.beside if kind not in RECOLOURING]:
        notes.append(f"not covered by the seal, so anybody can have added it since: {', '.join(beside)}")
    return tuple(notes)


def _report(source: Photo, found: Found, keys: Sequence[PublicKey], progress: Progress) -> AuthenticityReport:
    statement = found.statement
    key = statement.public_key
    name = next((known.name for known in keys if known.raw == key.raw), "")
    intact = found.states.count("intact")
    verdict, reasons = _verdict(source, found, name)
    classes = _classes(found, progress) if verdict == "changed" else ()
    if moved := [f"{one.name} ({one.agreement:.0%} alike)" for one in classes if one.agreement < _ALIKE]:
        reasons.append(f"These parts lie elsewhere or look otherwise now: {', '.join(moved)}.")
    return AuthenticityReport(
        source_name=source.name,
        verdict=verdict,
        reasons=tuple(reasons),
        signer=name,
        key_id=key.key_id,
        public_key=key.raw.hex(),
        authentication=statement.authentication,
        fingerprint=statement.fingerprint.hex(),
        blocks=len(found.states),
        intact=intact,
        changed_boxes=tuple(found.boxes_in_file("changed", "moved", "foreign")),
        bare_boxes=tuple(found.boxes_in_file("bare")),
        cropped="cut" in found.states,
        classes=classes,
        notes=_notes(source),
    )


def _verdict(source: Photo, found: Found, name: str) -> tuple[Verdict, list[str]]:
    by = f"by {name}" if name else f"by a key you do not know ({found.statement.public_key.key_id})"
    if not found.signature_holds:
        return "not authentic", [f"The seal says it was made {by}, but its signature is forged."]
    if found.overlaid > _OVERLAID and _belonging(found) < _BELONGS:
        return "not authentic", [f"The seal was made {by} for another picture and does not fit this one."]
    reasons = _changes(source, found)
    if reasons:
        return "changed", [f"Sealed {by}, and changed since.", *reasons]
    if not name:
        return "unknown key", [
            f"Every pixel is as it was when the picture was sealed {by}. Anybody can make a key: find out whose it is "
            "before you trust it."
        ]
    owner = "you" if name == OWN_NAME else name
    return "authentic", [f"Every pixel is as it was when {owner} sealed the picture."]


def _belonging(found: Found) -> float:
    """0..1, how much of the picture is what the seal speaks of; plain areas, alike in many pictures, do not count."""
    if set(found.states) <= {"intact", "bare"}:
        return 1.0
    intact = _textured_px(found, found.boxes("intact", "bare"))
    others = _textured_px(found, found.boxes("changed", "moved", "foreign"))
    return intact / max(1, intact + others)


def _textured_px(found: Found, boxes: Sequence[Rectangle]) -> int:
    """Pixels of the blocks that have more than one colour."""
    blocks = (found.restored[y : y + h, x : x + w] for x, y, w, h in boxes)
    return sum(block.shape[0] * block.shape[1] for block in blocks if not (block == block[0, 0]).all())


def _changes(source: Photo, found: Found) -> list[str]:
    """What is not as it was sealed, a sentence each."""
    from deepmask.sealing.finding import TURNS
    from deepmask.sealing.message import fingerprint_of, profile_digest

    reasons: list[str] = []
    total = len(found.states)
    words = {
        "changed": "{} of {} blocks were changed.",
        "bare": "{} of {} blocks show what was sealed, but the seal was taken out of them or meddled with.",
        "moved": "{} of {} blocks were taken from other places of the picture.",
        "foreign": "{} of {} blocks come from another sealed picture.",
        "cut": "{} of {} blocks are missing: the picture was cropped.",
    }
    reasons += [text.format(n, total) for state, text in words.items() if (n := found.states.count(state))]
    if found.turn:
        reasons.append(f"The picture was {TURNS[found.turn]}.")
    if not found.in_place and "cut" not in found.states and not found.turn:
        reasons.append("The picture lies in a larger one.")
    if profile_digest(source.original.icc_profile) != found.statement.profile:
        reasons.append("The colour profile is not the one it was sealed with, so colours may look different.")
    if other := [kind for kind in source.original.beside if kind in RECOLOURING]:
        reasons.append(
            f"The file has got other settings for its colours ({', '.join(other)}), so it may look different."
        )
    if any(note.startswith("only the first") for note in source.notes):
        reasons.append("The file holds more pictures than the one that was sealed.")
    if not reasons:
        restored = Photo.from_array(found.restored)
        if fingerprint_of(restored.fingerprint, opacity_of(source)) != found.statement.fingerprint:
            reasons.append("The picture as a whole is not the one that was sealed.")
    return reasons


def _classes(found: Found, progress: Progress) -> tuple[ClassAgreement, ...]:
    """How the map of a picture that was changed, but not cropped, compares with the sealed one."""
    sealed = found.statement.after
    sealed_size = found.statement.layout.size_wh
    if not found.boxes("changed", "moved", "foreign") or found.size_wh != sealed_size or found.offset_xy != (0, 0):
        return ()
    try:
        now = mapped(found.restored, sealed.parser, progress=progress).regions
    except (EngineMissing, EngineFailed, UnknownName):
        return ()
    return tuple(ClassAgreement(name, round(share, 3)) for name, share in sealed.agreement(now).items())


def _restored(source: Photo, found: Found) -> Photo:
    from deepmask.sealing.finding import turned

    before = source.original
    alpha = None if before.alpha is None else np.ascontiguousarray(turned(before.alpha, found.turn))
    keeps = before.format in ("PNG", "TIFF", "WEBP", "BMP") and before.lossless and before.palette is None
    held = Original(
        found.restored, before.format if keeps else "PNG", before.grey, False, alpha, icc_profile=before.icc_profile
    )
    return Photo(found.restored, source.name, held, source.notes)


_TONES: dict[Verdict, Tone] = {
    "authentic": "good", "changed": "warn", "unknown key": "warn", "not authentic": "bad", "not sealed": "info",
}  # fmt: skip
_HEADINGS: dict[Verdict, str] = {
    "authentic": "Authentic",
    "changed": "Changed since it was sealed",
    "unknown key": "Unchanged, by a key you do not know",
    "not authentic": "Not authentic",
    "not sealed": "Not sealed",
}
_RED, _ORANGE = (214, 30, 40), (240, 150, 20)


def _dossier(found: Authentication) -> Dossier:
    report = found.report
    exhibits = [Exhibit("The picture", found.picture)]
    if report.changed_boxes or report.bare_boxes:
        exhibits = [_where_changed(found)]
    return Dossier(
        f"Seal of {report.source_name}",
        _HEADINGS[report.verdict],
        _TONES[report.verdict],
        report.reasons[0],
        report.reasons[1:],
        tuple(_tables(report)),
        tuple(exhibits),
        tuple(f"{note[:1].upper()}{note[1:]}." for note in report.notes),
    )


def _where_changed(found: Authentication) -> Exhibit:
    report, shown = found.report, found.picture
    thick = max(2, round(max(shown.shape[:2]) / 400))
    frames = (
        (
            report.bare_boxes,
            _ORANGE,
            "Blocks with an orange frame show what was sealed, but their seal was meddled with.",
        ),
        (report.changed_boxes, _RED, "Blocks with a red frame are not as they were sealed."),
    )
    for boxes, colour, _ in frames:
        shown = framed(shown, boxes, colour, thick)
    return Exhibit("Where it was changed", shown, " ".join(words for boxes, _, words in reversed(frames) if boxes))


def _tables(report: AuthenticityReport) -> list[Table]:
    if not report.key_id:
        return []
    rows = (
        ("Sealed by", report.signer or "a key you do not know"),
        ("Key", report.key_id),
        ("Authentication string", report.authentication),
        ("Blocks as they were", f"{report.intact} of {report.blocks}"),
    )
    tables = [Table("The seal", ("", ""), rows)]
    if report.classes:
        parts = tuple((one.name, f"{one.agreement:.0%}") for one in report.classes)
        words = "How far each lies where it lay when the picture was sealed."
        tables.append(Table("Segmentation map", ("Part", "Agrees"), parts, words))
    return tables
