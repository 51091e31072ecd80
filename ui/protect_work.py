"""What the buttons of the Protect tab do to a session; knows no widget."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deepmask.config import Settings
from deepmask.errors import Cancelled, DeepmaskError, InputError
from deepmask.files import replacing
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.media.clip_formats import CONTAINERS
from deepmask.media.formats import by_suffix
from deepmask.progress import Progress, part
from deepmask.records import Ledger
from pipelines.protect import cloaking, sealing, showing, tagging
from pipelines.protect.cloaking import Cloaked
from pipelines.protect.telling import tag_dossier
from ui import key_work, pictures
from ui.dossiers import Filed, filed, together
from ui.photo_work import counted
from ui.pieces import adopt, discard, lay_down
from ui.protect_desk import Cloaking, Done, Item, Job, Options, ProtectDesk
from ui.session import Session

ENDINGS: dict[Job, str] = {"seal": "sealed", "tag": "tagged", "cloak": "cloaked"}
"""What is put behind the names of files."""


@dataclass(frozen=True)
class ProtectWork:
    """The Protect tab's verbs."""

    settings: Settings

    def open(self, session: Session, uploads: Sequence[str], progress: Progress) -> None:
        """Put uploads on the desk. A file that cannot be used stays with its reason."""
        desk = session.protect
        items = adopt(session, uploads, Item, self.settings, progress)
        if not items:
            return
        first = len(desk.items)
        desk.items = [*desk.items, *items]
        desk.current = next((n for n, item in enumerate(desk.items) if n >= first and not item.problem), first)
        usable = [item for item in desk.items if not item.problem]
        if usable and all(item.clip is not None for item in usable):
            desk.job = "tag"

    # ------------------------------------------------------------------------------------------------------- work
    def run(self, session: Session, progress: Progress) -> None:
        """Do the chosen job with every file on the desk for which it was not done yet; what fails is told at the end.

        Raises:
            InputError: it failed for some.
            Cancelled: the user stopped; what was finished before is kept.
        """
        desk, failures = session.protect, []
        job, waiting = desk.job, desk.waiting
        for n, item in enumerate(waiting):
            try:
                item.done[job] = self._done(session, job, item, counted(progress, n, len(waiting)))
                desk.look = "findings"
            except Cancelled:
                raise
            except DeepmaskError as error:
                failures.append(f"{item.name}: {error}" if len(waiting) > 1 else str(error))
        if failures:
            raise InputError(" ".join(failures))

    def _done(self, session: Session, job: Job, item: Item, progress: Progress) -> Done:
        if item.clip is not None:
            return self._tagged_clip(session, item, item.clip, progress)
        source = item.open_photo(self.settings)
        doing = {"seal": self._sealed, "tag": self._tagged, "cloak": self._cloaked}[job]
        return doing(session, item, source, progress)

    def _sealed(self, session: Session, item: Item, source: Photo, progress: Progress) -> Done:
        options = session.protect.seal
        sealed = sealing.seal(source, key_work.signer(session), options, progress=progress)
        path = item.new_folder() / ending(item.path, sealed.photo, "seal")
        sealed.save(path)
        return _written(path, options, sealed.photo, filed(sealed.dossier(), sealed.report, path.parent, path.stem))

    def _tagged(self, session: Session, item: Item, source: Photo, progress: Progress) -> Done:
        options = session.protect.tag
        path = item.new_folder() / ending(item.path, source, "tag")
        tagged = tagging.tag(source, options, **records(session), path=item.path, suffix=path.suffix, progress=progress)
        tagged.photo.save(path)
        finding = filed(tag_dossier(tagged.report), tagged.report, path.parent, path.stem)
        return _written(path, options, tagged.photo, finding)

    def _tagged_clip(self, session: Session, item: Item, clip: Clip, progress: Progress) -> Done:
        options = session.protect.tag
        path = item.new_folder() / clip_ending(item.path)
        report = tagging.tag_clip(clip, path, options, **records(session), progress=progress)
        return Done(options, path, filed(tag_dossier(report), report, path.parent, path.stem))

    def _cloaked(self, session: Session, item: Item, source: Photo, progress: Progress) -> Done:
        options = session.protect.cloak
        made = cloaking.cloak(source, options, progress=progress)
        path = item.new_folder() / ending(item.path, source, "cloak")
        made.photo.save(path)
        before = path.with_name("before.jpg")
        pictures.write(pictures.preview(made.before.rgb), before)
        done = _written(path, options, made.photo, filed(made.dossier(), made.report, path.parent, path.stem))
        return replace(done, before=before, cloaking=Cloaking(made.report, made.faces))

    # ----------------------------------------------------------------------------------------------------- showing
    def picture(self, desk: ProtectDesk) -> str | None:
        """The photo as the page shows it, as it would be cloaked: with its filters."""
        item = desk.item
        if item is None or item.problem:
            return None
        used = desk.cloak.filters.used() if desk.job == "cloak" else {}
        if not used:
            return str(item.preview)
        key = hashlib.blake2s(repr(used).encode(), digest_size=8).hexdigest()
        path = item.folder / f"filtered-{key}.jpg"
        if not path.is_file():
            pictures.write(desk.cloak.filters.apply(pictures.read(item.preview)), path)
        return str(path)

    def show_me(self, session: Session, progress: Progress) -> None:
        """Swap the face of the photo before and after; the finding has both from then on.

        Raises:
            InputError: nothing was cloaked yet.
            EngineFailed: this face cannot be swapped.
        """
        desk = session.protect
        item, done = desk.item, desk.done
        if item is None or done is None or done.cloaking is None:
            raise InputError("Cloak a photo first.")
        source = item.open_photo(self.settings)
        filters = desk.cloak.filters
        before = source.edited(filters.apply(source.rgb)) if filters.used() else source
        after = Photo.open(done.file, max_megapixels=self.settings.max_megapixels)
        report, faces = done.cloaking.report, done.cloaking.faces
        swaps = showing.show(before.rgb, after.rgb, faces, progress=part(progress, 0.0, 0.95))
        dossier = Cloaked(before, after, report, faces, swaps).dossier()
        finding = filed(dossier, report, item.new_folder(), done.file.stem)
        item.done["cloak"] = replace(done, filed=finding, cloaking=replace(done.cloaking, shown=True))
        desk.look = "findings"

    def go_on(self, session: Session) -> None:
        """Make the protected photo the one that is worked on, for another job on top.

        Raises:
            InputError: nothing was done with it yet.
        """
        desk = session.protect
        if desk.item is None or desk.done is None:
            raise InputError("Seal, tag or cloak the photo first.")
        path = session.folder / f"upload-{secrets.token_hex(4)}" / desk.done.file.name
        path.parent.mkdir()
        shutil.copyfile(desk.done.file, path)
        item, before = Item(path, path.name), desk.item
        lay_down(item, self.settings)
        desk.items = [item if one is before else one for one in desk.items]
        discard([before])
        desk.look = "picture"


def ending(path: Path, photo: Photo, job: Job) -> str:
    """Name of the protected photo, with a suffix that tells the truth about the format."""
    row = by_suffix(path.suffix)
    suffix = path.suffix if row is not None and row.name == photo.format else photo.suffix
    return f"{path.stem}-{ENDINGS[job]}{suffix}"


def clip_ending(path: Path) -> str:
    """Name of the tagged video, of the same kind if that can be written."""
    suffix = path.suffix.lower()
    return f"{path.stem}-{ENDINGS['tag']}{suffix if suffix in CONTAINERS else '.mp4'}"


def records(session: Session) -> dict[str, Any]:
    """Who signs the records of tags, and where they are kept; a locked key signs none, and the report says so."""
    return {"signer": None if key_work.locked(session) else key_work.signer(session), "ledger": Ledger()}


def archive(desk: ProtectDesk) -> str:
    """All that the chosen job has made as one file, with a page of all findings."""
    done = [found for item in desk.items if (found := desk.done_with(item)) is not None]
    key = hashlib.blake2s("|".join(str(one.file) for one in done).encode(), digest_size=8).hexdigest()
    path = desk.items[0].folder / f"zip-{key}" / f"{ENDINGS[desk.job]}.zip"
    if not path.is_file():
        findings = together(
            f"{len(done)} files, {ENDINGS[desk.job]}", [one.filed for one in done], path.with_name("findings.html")
        )
        names = unique([one.file.name for one in done])
        with replacing(path, mode=0o600) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
            for one, name in zip(done, names, strict=True):
                packed.write(one.file, name)
            packed.write(findings, findings.name)
    return str(path)


def unique(names: Sequence[str]) -> list[str]:
    """Equal names numbered."""
    taken: list[str] = []
    for name in names:
        plain = Path(name)
        numbered = (name, *(f"{plain.stem}-{n}{plain.suffix}" for n in range(2, len(names) + 2)))
        taken.append(next(one for one in numbered if one not in taken))
    return taken


def _written(path: Path, options: Options, photo: Photo, finding: Filed) -> Done:
    after = path.with_name("after.jpg")
    pictures.write(pictures.preview(photo.rgb), after)
    return Done(options, path, finding, after)
