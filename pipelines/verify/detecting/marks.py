"""What marks say: a tag in the pixels, a seal, content credentials in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepmask.content_credentials import Credentials
from deepmask.errors import EngineError, InputError
from deepmask.faces import Box
from deepmask.media import Clip, Photo
from deepmask.progress import Progress, part, silent
from deepmask.provenance import known_credentials
from deepmask.records import Ledger
from deepmask.seal_report import AuthenticityReport
from deepmask.signing import Keyring, PublicKey, Signer
from deepmask.tag_report import TagReading
from pipelines.verify.authenticating import authenticate
from pipelines.verify.detecting.model import Evidence, Heat
from pipelines.verify.reading import MISSING_BELOW, SEEN_SHARE, Reading, read_tag

if TYPE_CHECKING:
    from pipelines.verify.reading_clips import ClipReading


@dataclass(frozen=True, eq=False)
class Marks:
    """Which marks a photo carries; None where one was not looked for or not found."""

    seal: AuthenticityReport | None = None
    tag: Reading | None = None
    credentials: Credentials | None = None


def find_marks(source: Photo, path: Path | None = None, *, progress: Progress = silent) -> Marks:
    """Look for all of them, with the keys and records of this machine.

    Args:
        path: its file, for what lies in the file and not in the pixels.
    """
    signer, keys = unlocked()
    seal = authenticate(source, keys, progress=part(progress, 0.0, 0.4)).report
    try:
        tag = read_tag(source, signer=signer, keys=keys, ledger=Ledger(), progress=part(progress, 0.4, 1.0))
    except EngineError:
        tag = None
    return Marks(seal, tag, None if path is None else known_credentials(path))


def evidence_of(marks: Marks, faces: Sequence[Box], size_wh: tuple[int, int]) -> list[Evidence]:
    """What the marks of a picture of ``size_wh`` with these faces say."""
    found = (of_seal(marks.seal, faces, size_wh), of_tag(marks.tag, faces), of_credentials(marks.credentials))
    return [one for one in found if one is not None]


@dataclass(frozen=True, eq=False)
class ClipMarks:
    """Which marks a video carries; None where one was not found."""

    tag: ClipReading | None = None
    credentials: Credentials | None = None


def find_clip_marks(clip: Clip, *, progress: Progress = silent) -> ClipMarks:
    """Look for them, with the keys and records of this machine."""
    from pipelines.verify.reading_clips import read_clip_tag

    signer, keys = unlocked()
    try:
        tag = read_clip_tag(clip, signer=signer, keys=keys, ledger=Ledger(), progress=progress)
    except EngineError:
        tag = None
    return ClipMarks(tag if tag is not None and tag.report.found else None, known_credentials(clip.path))


def of_clip_tag(report: TagReading, gaps: Sequence[float], presence: Sequence[float] = ()) -> Evidence:
    """What the tag of a video says.

    Args:
        gaps: :func:`missing_share` of the worst face of each frame that was looked at and shows a face.
        presence: share of the picture that has the tag, of other frames from all over the video.
    """
    name = _named(report)
    if report.fit == "other":
        return Evidence("tag", "fake", f"{name} belongs to another video: it was copied onto this one.")
    without = sum(gap >= REPLACED_SHARE for gap in gaps)
    told = f"{name} is missing on a face in {without} of {len(gaps)} frames"
    if without >= max(_CHANCE_FRAMES, LASTING_GAP * len(gaps)):
        return Evidence("tag", "fake", f"{told}: it was replaced after the tagging.")
    if report.made_up:
        return Evidence("tag", "fake", _declared(name, report))
    if without >= _CHANCE_FRAMES:
        words = (
            f"{told} ({_percent(without / len(gaps))}): it was replaced there, or motion and compression took the tag."
        )
        return Evidence("tag", "unsure", words)
    unseen = sum(share < SEEN_SHARE for share in presence)
    if unseen >= _CHANCE_FRAMES:
        words = (
            f"In {unseen} of {len(presence)} frames from all over the video {_lowered(name)} is not seen: they are not "
            "of the tagged video, or were compressed too much."
        )
        return Evidence("tag", "unsure", words)
    if (doubt := _doubt(name, report)) is not None:
        return doubt
    if not gaps or float(np.median(gaps)) >= WHOLE_SHARE:
        return Evidence("tag", None, f"{name} was read; whether a face was replaced since, it does not tell here.")
    return Evidence("tag", None, _untouched(name, report, f"on faces in {len(gaps) - without} of {len(gaps)} frames"))


LASTING_GAP = 0.15
"""Of the frames with a face: single ones lose the tag to motion and compression."""
_CHANCE_FRAMES = 2
"""Fewer frames than this tell nothing."""


def unlocked() -> tuple[Signer | None, list[PublicKey]]:
    """The user's key if it exists and needs no passphrase, and all keys they know; none is made."""
    keyring = Keyring()
    try:
        return (keyring.signer() if keyring.exists else None), keyring.known()
    except InputError:
        return None, keyring.known()


def of_seal(report: AuthenticityReport | None, faces: Sequence[Box], size_wh: tuple[int, int]) -> Evidence | None:
    """A seal tells block by block what was changed; that of a stranger says nothing of what was before."""
    if report is None or report.verdict == "not sealed":
        return None
    told = " ".join(report.reasons)
    if report.verdict == "authentic":
        return Evidence("seal", "likely real", f"Every pixel is as {report.signer or 'somebody you know'} sealed it.")
    if report.verdict == "changed" and report.changed_boxes:
        heat = np.zeros(size_wh[::-1], np.float32)
        for left, top, width, height in report.changed_boxes:
            heat[top : top + height, left : left + width] = 1
        hit = [face for face in faces if float(heat[_ovals(heat, [face], 0.45)].mean()) >= REPLACED_SHARE]
        if hit:
            of = "The face was" if len(faces) == 1 else f"{len(hit)} of {len(faces)} faces were"
            return Evidence("seal", "fake", f"{of} changed after the picture was sealed. {told}".strip(), heat)
        return Evidence("seal", "unsure", told, heat)
    return Evidence("seal", None if report.verdict == "unknown key" else "unsure", told)


def of_tag(reading: Reading | None, faces: Sequence[Box]) -> Evidence | None:
    """A tag's map is evidence: a face on which it is missing was put there since; None without a tag."""
    if reading is None or not reading.report.found or reading.intact is None:
        return None
    return judged_tag(reading.report, reading.intact, faces)


def judged_tag(report: TagReading, intact: NDArray[np.float32], faces: Sequence[Box]) -> Evidence:
    """What a tag that was read says.

    Args:
        intact: (H, W) as :meth:`deepmask.engines.protocols.Tagger.intact` gives it.
        faces: boxes. Only on them gaps are evidence: flat, dark and blown-out places lose the tag by themselves.
    """
    name, shares = _named(report), [missing_share(intact, face) for face in faces]
    replaced = [face for face, share in zip(faces, shares, strict=True) if share >= REPLACED_SHARE]
    if report.fit == "other":
        return Evidence("tag", "fake", f"{name} belongs to another picture: it was copied onto this one.")
    if replaced:
        of = "the face" if len(faces) == 1 else f"{len(replaced)} of {len(faces)} faces"
        words = f"{name} is missing on {of}: what is seen there came after the picture was tagged."
        return Evidence("tag", "fake", words, _holes(intact, replaced))
    if report.made_up:
        return Evidence("tag", "fake", _declared(name, report))
    missing, gaps = float((intact < MISSING_BELOW).mean()), (intact < MISSING_BELOW).astype(np.float32)
    partly = [share for share in shares if share >= WHOLE_SHARE]
    if partly or missing >= LARGE_GAP:
        where = f"{_percent(max(partly))} of a face" if partly else f"{_percent(missing)} of the picture"
        words = (
            f"{name} is missing in {where}: what is seen there came after the tagging, or is so flat, dark or "
            "compressed that no tag lasts."
        )
        return Evidence("tag", "unsure", words, gaps)
    if (doubt := _doubt(name, report)) is not None:
        return doubt
    return Evidence("tag", None, _untouched(name, report, f"in {_percent(1 - missing)} of the picture"))


def _doubt(name: str, report: TagReading) -> Evidence | None:
    """A tag of which it is not known what it was given to, or whether it was given to this."""
    if report.standing == "broken":
        words = f"{name} was read, but its record was changed after it was signed."
    elif report.standing not in ("yours", "known") and report.key == "private":
        words = "A tag of your key was read, but no signed record of somebody you know says what it was given to."
    elif report.standing not in ("yours", "known"):
        words = (
            "Deepmask's tag was read. Masked pictures have it, too, and no signed record of somebody you know says "
            "whether this is one."
        )
    elif report.retagged:
        words = f"{name} was read, and its record says that it was given to {report.what}: it may show a persona."
    elif report.fit != "fits":
        words = f"{name} was read, but whether this is what it was given to cannot be told."
    else:
        return None
    return Evidence("tag", "unsure", words)


def _declared(name: str, report: TagReading) -> str:
    return (
        f"{name} was read, and its record says that this is {report.what}: not all that is shown was seen by a camera."
    )


def _untouched(name: str, report: TagReading, where: str) -> str:
    """What a tag without gaps is worth: nothing, against somebody who knows it."""
    who = "who has one picture with it" if report.key == "private" else "everybody with Deepmask"
    return f"{name} is there {where}. That is no proof: {who} can lay it over a changed picture again."


def _percent(share: float) -> str:
    """Rounded so that 'all' is only said of all."""
    return f"{100 * share:.0f} %" if 0.01 <= share < 0.995 or share >= 1 else f"{100 * share:.1f} %"


REPLACED_SHARE = 0.3
"""Of a face: where so much of the tag is missing, the face was replaced. Swapped faces have .34 and more, untouched
ones .02 and less, after JPEG 50 and at half size."""
WHOLE_SHARE = 0.1
"""Of a face: where more is missing, something may have been replaced."""
LARGE_GAP = 0.05
"""Of a picture. Untouched ones miss up to .04 after JPEG 75; after JPEG 50 some miss three times as much."""


def missing_share(intact: NDArray[np.float32], face: Box) -> float:
    """Share of a face, 0..1, on which the tag is missing."""
    inside = _ovals(intact, [face], 0.42)
    return float((intact[inside] < MISSING_BELOW).mean()) if inside.any() else 0.0


def _holes(intact: NDArray[np.float32], faces: Sequence[Box]) -> Heat:
    """(H, W) 1 on the gaps of the tag that reach into ``faces``, which are closed."""
    import cv2

    near, size = _ovals(intact, faces, 0.9), max(int(max(box[2] - box[0] for box in faces)) // 8, 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1))
    gaps = cv2.morphologyEx(((intact < MISSING_BELOW) & near).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    gaps = cv2.morphologyEx(gaps, cv2.MORPH_OPEN, kernel)
    return np.asarray(cv2.GaussianBlur(gaps.astype(np.float32), (0, 0), size / 3 + 0.5), np.float32)


def _ovals(intact: NDArray[np.float32], faces: Sequence[Box], reach: float) -> NDArray[np.bool_]:
    """(H, W) the ovals within the boxes, ``reach`` of their sides in half axes."""
    import cv2

    mask = np.zeros(intact.shape, np.uint8)
    for x1, y1, x2, y2 in faces:
        centre, axes = (
            (round((x1 + x2) / 2), round((y1 + y2) / 2)),
            (round(reach * (x2 - x1)), round(reach * (y2 - y1))),
        )
        cv2.ellipse(mask, centre, axes, 0, 0, 360, (1,), -1)
    return mask > 0


def _named(report: TagReading) -> str:
    return {"yours": "Your tag", "known": f"The tag of {report.signer}"}.get(report.standing, "The tag")


def _lowered(name: str) -> str:
    """For the middle of a sentence."""
    return name[:1].lower() + name[1:]


def of_credentials(found: Credentials | None) -> Evidence | None:
    """Content credentials are a statement, signed by somebody who may call themselves anything."""
    if found is None:
        return None
    told = found.summary()
    if found.state == "changed":
        return Evidence("credentials", "unsure", told)
    if found.state == "intact" and found.made_up:
        return Evidence("credentials", "fake", told)
    return Evidence("credentials", None, told)
