"""What the buttons of the Detect tab do to a session; knows no widget."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepmask.config import Settings
from deepmask.errors import Cancelled, DeepmaskError, InputError
from deepmask.files import write_text
from deepmask.progress import Progress, silent
from deepmask.records import Ledger
from deepmask.signing import Keyring
from pipelines.verify.examining import WHOLE, Examination, examine, examine_clip
from ui import key_work
from ui.detect_desk import DetectDesk, Suspect
from ui.dossiers import filed, together
from ui.photo_work import counted
from ui.pieces import Piece, adopt, discard
from ui.session import Session


@dataclass(frozen=True)
class DetectWork:
    """The Detect tab's verbs."""

    settings: Settings

    def open(self, session: Session, uploads: Sequence[str], progress: Progress) -> None:
        """Put uploads on the desk. A file that cannot be used stays with its reason."""
        desk = session.detect
        suspects = adopt(session, uploads, Suspect, self.settings, progress)
        if not suspects:
            return
        first = len(desk.suspects)
        desk.suspects = [*desk.suspects, *suspects]
        desk.current = next((n for n, one in enumerate(desk.suspects) if n >= first and not one.problem), first)

    def compare_with(self, session: Session, upload: str | None) -> None:
        """The owner gave the original of the photo that is shown, or takes it away; what was found before is void.

        Raises:
            InputError: it is no photo, or there is nothing to compare it with.
        """
        suspect = session.detect.suspect
        if suspect is None:
            raise InputError("Drop a photo first.")
        if suspect.original is not None:
            discard([suspect.original])
            suspect.original = None
        suspect.filed = suspect.restored = None
        if upload is None:
            return
        (piece,) = adopt(session, [upload], Piece, self.settings, silent)
        if piece.clip is not None:
            piece.problem = "A photo can be compared with its original, a video cannot."
        if piece.problem:
            discard([piece])
            raise InputError(piece.problem)
        suspect.original = piece

    def check(self, session: Session, progress: Progress) -> None:
        """Look at every file on the desk that was not looked at yet; what fails is told at the end.

        Raises:
            InputError: it failed for some.
            Cancelled: the user stopped; what was finished before is kept.
        """
        desk, failures = session.detect, []
        waiting = desk.waiting
        for n, suspect in enumerate(waiting):
            try:
                self._check_one(session, suspect, counted(progress, n, len(waiting)))
            except Cancelled:
                raise
            except DeepmaskError as error:
                failures.append(f"{suspect.name}: {error}" if len(waiting) > 1 else str(error))
        if failures:
            raise InputError(" ".join(failures))

    def _check_one(self, session: Session, suspect: Suspect, progress: Progress) -> None:
        original = suspect.original
        found = self._examined(session, suspect, progress)
        if suspect.original is not original:  # given or taken away meanwhile
            return
        folder = suspect.new_folder()
        suspect.filed = filed(found.dossier(), found.report, folder, f"{suspect.path.stem}-findings")
        suspect.restored = _restored(found, suspect, folder)
        suspect.wholly = found.report.seal is not None and found.report.seal.verdict in WHOLE

    def _examined(self, session: Session, suspect: Suspect, progress: Progress) -> Examination:
        given: dict[str, Any] = {
            "signer": key_work.signer_if_open(session), "keys": Keyring().known(), "ledger": Ledger(),
            "progress": progress,
        }  # fmt: skip
        if suspect.clip is not None:
            return examine_clip(suspect.clip, **given)
        original = None if suspect.original is None else suspect.original.open_photo(self.settings)
        return examine(suspect.open_photo(self.settings), suspect.path, original=original, **given)


def _restored(found: Examination, suspect: Suspect, folder: Path) -> Path | None:
    """The original as a file, if the seal gave it back."""
    if found.restored is None:
        return None
    path = folder / f"{suspect.path.stem}-original{found.restored.suffix}"
    found.restored.save(path)
    return path


def page_of_all(desk: DetectDesk) -> Path:
    """One page with all findings on the desk."""
    found = _found(desk)
    path = desk.suspects[0].folder / f"findings-{_key(found)}" / "findings.html"
    if not path.is_file():
        together(f"{len(found)} files", [one.filed for one in found if one.filed is not None], path)
    return path


def report_of_all(desk: DetectDesk) -> Path:
    """All reports on the desk as one JSON file."""
    found = _found(desk)
    path = desk.suspects[0].folder / f"findings-{_key(found)}" / "findings.json"
    if not path.is_file():
        told = [json.loads(one.filed.report.read_text("utf-8")) for one in found if one.filed is not None]
        write_text(path, json.dumps(told, indent=2) + "\n")
    return path


def _found(desk: DetectDesk) -> list[Suspect]:
    return [suspect for suspect in desk.suspects if suspect.filed is not None]


def _key(found: Sequence[Suspect]) -> str:
    names = "|".join(str(one.filed.page) for one in found if one.filed is not None)
    return hashlib.blake2s(names.encode(), digest_size=8).hexdigest()
