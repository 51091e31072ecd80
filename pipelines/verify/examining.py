"""Everything that can be told about one photo or video, in one go.

found = examine(photo, path)
found.report.detection.verdict        # 'fake', 'unsure' or 'likely real'
found.restored                        # the original, if an unbroken seal gives it back
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deepmask.content_credentials import Credentials
from deepmask.dossier import Dossier, Table, Tone
from deepmask.examination_report import ExaminationReport
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.progress import Progress, part, silent
from deepmask.provenance import known_credentials
from deepmask.records import Ledger
from deepmask.seal_report import Verdict
from deepmask.signing import PublicKey, Signer
from pipelines.verify.authenticating import authenticate
from pipelines.verify.detecting import DetectOptions, detect, detect_clip
from pipelines.verify.detecting.marks import ClipMarks, Marks
from pipelines.verify.reading import read_tag
from pipelines.verify.reading_clips import read_clip_tag

WHOLE: tuple[Verdict, ...] = ("authentic", "unknown key")
"""Seals under which every pixel is as it was."""


@dataclass(frozen=True, eq=False)
class Examination:
    """What was found."""

    report: ExaminationReport
    finding: Dossier
    """Whether it was faked."""
    marks: tuple[Dossier, ...]
    """Seal, tag and content credentials, each by itself."""
    restored: Photo | None = None
    """The original, which a seal gives back; where blocks were changed, these as they are."""

    def dossier(self) -> Dossier:
        """All of it for people: the verdict, then the marks one by one."""
        first, *others = self.finding.exhibits
        return replace(self.finding, parts=self.marks, exhibits=(replace(first, wide=True), *others))


def examine(
    source: Photo,
    path: Path,
    *,
    original: Photo | None = None,
    signer: Signer | None = None,
    keys: Sequence[PublicKey] = (),
    ledger: Ledger | None = None,
    options: DetectOptions | None = None,
    progress: Progress = silent,
) -> Examination:
    """Look for faked pixels, a seal, a tag and content credentials of a photo.

    Args:
        path: its file, in which content credentials are looked for.
        original: the same picture as its owner has it; the two are compared then.
        signer: the user's key, for private tags; None: only public ones are found.
        keys: by which signers are recognised.
        ledger: the user's records of tags.

    Raises:
        EngineMissing: an engine that was asked for by name cannot be used.
    """
    sealed = authenticate(source, keys, progress=part(progress, 0.0, 0.2))
    tag = read_tag(source, signer=signer, keys=keys, ledger=ledger, progress=part(progress, 0.2, 0.4))
    progress(0.4, "Looking for content credentials")
    claims = known_credentials(path)
    found = detect(
        source,
        original=original,
        marks=Marks(sealed.report, tag, claims),
        options=options,
        progress=part(progress, 0.45, 1.0),
    )
    report = ExaminationReport(source.name, found.report, sealed.report, tag.report, claims)
    mapped = sealed.report.changed_boxes or sealed.report.bare_boxes
    seal = sealed.dossier() if mapped else replace(sealed.dossier(), exhibits=())
    marks = (seal, tag.dossier(), credentials_dossier(claims, source.name))
    return Examination(report, found.dossier(), marks, sealed.restored)


def examine_clip(
    source: Clip,
    *,
    signer: Signer | None = None,
    keys: Sequence[PublicKey] = (),
    ledger: Ledger | None = None,
    options: DetectOptions | None = None,
    progress: Progress = silent,
) -> Examination:
    """Look for faked faces, a tag and content credentials of a video; arguments and errors as for :func:`examine`."""
    tag = read_clip_tag(source, signer=signer, keys=keys, ledger=ledger, progress=part(progress, 0.0, 0.3))
    progress(0.3, "Looking for content credentials")
    claims = known_credentials(source.path)
    marks = ClipMarks(tag if tag.report.found else None, claims)
    found = detect_clip(source, marks=marks, options=options, progress=part(progress, 0.35, 1.0))
    report = ExaminationReport(source.path.name, found.report, None, tag.report, claims)
    told = (tag.dossier(), credentials_dossier(claims, source.path.name))
    return Examination(report, found.dossier(), told)


def credentials_dossier(found: Credentials | None, name: str) -> Dossier:
    """What a file says of its making, for people."""
    title = f"Content credentials of {name}"
    if found is None:
        return Dossier(
            title, "None in this file", "info",
            "Nothing tells who made it with what. That is no sign of a fake: platforms take them away.",
        )  # fmt: skip
    verdicts: dict[str, tuple[str, Tone]] = {
        "intact": ("Made by a machine, as it says itself", "warn") if found.by_machine else ("Intact", "good"),
        "changed": ("They do not hold", "bad"),
        "elsewhere": ("Kept on the net", "info"),
    }
    verdict, tone = verdicts[found.state]
    rows = tuple((one.action, one.words, one.program) for one in (*found.done, *found.earlier))
    tables = (Table("What it says was done", ("Action", "Words", "Program"), rows),) if rows else ()
    notes = () if found.yours else ("Anybody can put any name into a certificate: believe it as far as you know them.",)
    return Dossier(title, verdict, tone, found.summary(), tables=tables, notes=notes)
