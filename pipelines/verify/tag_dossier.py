"""A tag that was read, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.dossier import Dossier, Exhibit, Table, Tone
from deepmask.faces import RGBImage
from deepmask.tag_keys import in_words
from deepmask.tag_report import GAP_SHARE, TagReading

MISSING_BELOW = 0.4
"""Of the intact map: below it pixels were replaced since the tag was laid."""
_MISSING_COLOUR = (214, 40, 40)
_SOFT_EDGE = 0.15
_SHOWN_PX = 1280
_COPIES = {
    "public": "Everybody with Deepmask can read a public tag, remove it, and lay it again, also over a changed copy of "
    "this picture: the record only tells when it lies on something that looks different.",
    "private": "Only who has your signing key can read this tag. Who has one picture with it can see that there is "
    "one, and copy it onto others, also onto a changed copy of this picture.",
}


def dossier_of(
    report: TagReading,
    image: RGBImage | None = None,
    intact: NDArray[np.float32] | None = None,
    frames: Sequence[tuple[float, float]] = (),
) -> Dossier:
    """All that a reading tells.

    Args:
        image: the picture, or of a video the one with the least of the tag.
        intact: (H, W) where the tag is in ``image``.
        frames: of a video: seconds, and the share of the picture that has the tag.
    """
    exhibits = (_map(image, intact),) if image is not None and intact is not None else ()
    tables = (*_tables(report), *([_frames(frames)] if frames else []))
    notes = ([_COPIES[report.key]] if report.key else []) + [f"{note[:1].upper()}{note[1:]}." for note in report.notes]
    return Dossier(
        f"The tag of {report.source_name}", report.verdict(), _tone(report), report.summary(),
        tuple(_reasons(report)), tables, exhibits, tuple(notes),
    )  # fmt: skip


def _tone(report: TagReading) -> Tone:
    if not report.found:
        return "info"
    if not report.safe:
        return "bad"
    whole = report.intact_share is None or report.intact_share >= 1 - GAP_SHARE
    return "good" if whole and report.fit != "unsure" else "warn"


def _reasons(report: TagReading) -> Iterator[str]:
    if not report.found:
        yield "Pictures that are smaller than 128 pixels, heavily compressed or cut to a small part lose their tag."
        return
    fits = {
        "fits": "The picture agrees with the rough likeness in the record: it is the one the tag was given to, or a "
        "changed copy of that.",
        "other": "The picture does not agree with the rough likeness in the record: the tag was copied onto it.",
        "unsure": "The picture agrees with the likeness in the record only in part.",
        "": "",
    }
    if fits[report.fit]:
        yield fits[report.fit]
    if report.intact_share is not None and report.intact_share < 1 - GAP_SHARE:
        yield (
            f"In {1 - report.intact_share:.0%} of the picture the tag is missing: it was replaced there, or is so "
            "flat, dark or compressed that no tag lasts."
        )
    yield from {
        "unsigned": ["The record is not signed: it proves nothing to others."],
        "stranger": [f"The record was signed by a key you do not know ({report.signer})."],
        "broken": ["The record was changed after it was signed."],
    }.get(report.standing, [])


def _tables(report: TagReading) -> Iterator[Table]:
    if not report.found:
        return
    rows = [("Id", in_words(int(report.tag_id, 16))), ("Key", report.key)]
    rows += [("Stands out by", f"{report.confidence:.0f} deviations (from 5 on it is believed)")]
    if report.standing:
        who = {"yours": "you", "unsigned": "nobody", "broken": "not told: it was tampered with"}
        rows += [("Given to", report.what), ("When", report.created_at.replace("T", " ").replace("+00:00", " UTC"))]
        rows += [("Signed by", who.get(report.standing, report.signer))]
    if report.agreement is not None:
        rows += [("Agreement with the record", f"{max(report.agreement, 0.0):.0%}")]
    yield Table("The tag", ("", ""), tuple(rows))
    if since := list(_since(report)):
        yield Table("What happened to the picture since", ("", ""), tuple(since))


def _since(report: TagReading) -> Iterator[tuple[str, str]]:
    if report.resized is not None and abs(report.resized - 1) > 0.01:
        yield "Resized to", f"{report.resized:.0%}"
    if report.shown_share is not None and report.shown_share < 0.98:
        yield "Cropped to", f"{report.shown_share:.0%} of its area"
    if abs(report.angle_degrees) > 0.1:
        yield "Turned by", f"{report.angle_degrees:.1f}°"
    if report.mirrored:
        yield "Mirrored", "yes"
    if abs(report.stretched - 1) > 0.01:
        yield "Widened more than heightened by", f"{report.stretched - 1:+.0%}"


def _frames(frames: Sequence[tuple[float, float]]) -> Table:
    rows = tuple((f"{seconds:.1f} s", f"{share:.0%}") for seconds, share in frames)
    words = "Share of each picture in which the tag is as it was laid."
    return Table("Pictures that were looked at", ("At", "Has the tag"), rows, words)


def _map(image: RGBImage, intact: NDArray[np.float32]) -> Exhibit:
    """The picture, red where the tag is missing."""
    height, width = image.shape[:2]
    shrink = min(1.0, _SHOWN_PX / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    there = cv2.resize(intact, size, interpolation=cv2.INTER_AREA)
    missing = np.clip((MISSING_BELOW - there) / _SOFT_EDGE + 0.5, 0.0, 1.0)[..., None] * 0.6
    grey = small.mean(2, keepdims=True) * 0.6 + small * 0.4
    shown = grey * (1 - missing) + np.array(_MISSING_COLOUR, np.float32) * missing
    words = "Red: the tag is missing there. Elsewhere the picture is as it was tagged."
    return Exhibit("Where the tag is", np.rint(shown).astype(np.uint8), words)
