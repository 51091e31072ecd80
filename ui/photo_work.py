"""What the buttons of the Photos tab do to a session; knows no widget."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deepmask import engines
from deepmask.config import Settings
from deepmask.errors import Cancelled, DeepmaskError, EngineError, InputError
from deepmask.faces import Box
from deepmask.files import replacing
from deepmask.look import FaceRegion, Look
from deepmask.media import Photo
from deepmask.media.formats import by_suffix
from deepmask.plan import Action, Decision, Plan, Region
from deepmask.progress import Progress, part
from deepmask.report_json import noted
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import avatar, photo
from pipelines.provenance import render_photo
from ui import pictures
from ui.choices import EVERYBODY, ROSTER, STARTER, Known, to_decision, to_value, who_choices
from ui.session import Pointing, Session, Work
from ui.upload import Upload
from ui.video_desk import VideoDesk

SMALLEST_PX = 8
"""A box whose clicks lie nearer together was a slip of the finger."""


@dataclass(frozen=True)
class PhotoWork:
    """The Photos tab's verbs, for one vault and its settings."""

    vault: Vault
    settings: Settings

    def open(self, session: Session, uploads: Sequence[tuple[Path, str]], progress: Progress) -> None:
        """Put uploads on the desk and find their faces. A file that cannot be used stays with its reason."""
        first = len(session.works)
        works = [session.take(path, name) for path, name in uploads]
        if not works:
            return
        session.current, session.selected, session.pointing = first, None, None
        for n, work in enumerate(works):
            try:
                self._analyse(session, work, counted(progress, n, len(works)))
            except Cancelled:
                session.works = [w for w in session.works if w.plan is not None or w.problem]
                session.current = max(0, min(session.current, len(session.works) - 1))
                raise
            except DeepmaskError as error:
                work.problem = str(error)
        usable = [n for n, w in enumerate(session.works) if n >= first and not w.problem]
        session.current = usable[0] if usable else first

    def _analyse(self, session: Session, work: Work, progress: Progress) -> None:
        progress(0.0, f"Opening {work.name}")
        source = self.source(session, work)
        pictures.write(pictures.preview(source.rgb), work.preview)
        work.plan = photo.analyze(source, self.recognised(session), progress=progress)
        self.decide(session, work)

    def source(self, session: Session, work: Work) -> Photo:
        """The photo behind ``work``."""
        return session.photo(work, self.settings.max_megapixels)

    # --------------------------------------------------------------------------------------------------- people
    def recognised(self, session: Session) -> Roster:
        """The enrolled people, or nobody while they cannot be recognised: then every face is a stranger's."""
        return Roster() if self.unrecognised(session) else session.roster(self.vault)

    def unrecognised(self, session: Session) -> str:
        """Why enrolled people are not recognised, in one sentence; empty when they are."""
        if session.locked(self.vault):
            return "Your list of people is locked, so nobody is recognised; unlock it in the People tab."
        roster = session.roster(self.vault)
        try:
            if roster.people:
                photo.matcher(roster)
        except EngineError as error:
            return str(error)
        return ""

    # ------------------------------------------------------------------------------------------------ decisions
    def known(self, session: Session) -> Known:
        """Personas and people, and who gets a persona: what the user chose, or the most sensible choice."""
        personas, roster = tuple(self.vault.personas()), self.recognised(session)
        values = [value for _, value in who_choices(personas, roster)]
        return Known(personas, roster, session.who if session.who in values else values[0])

    def decide(self, session: Session, work: Work, known: Known | None = None) -> None:
        """Bring the decisions of ``work`` in line with the choosers and the vault; those made by hand stay."""
        if work.plan is None:
            return
        known = known or self.known(session)
        work.by_hand -= {
            r.id for r in work.plan.regions if r.decision.persona and r.decision.persona not in known.names
        }
        who = known.who
        swapper, look = swapping(session)
        options = photo.PhotoOptions(
            persona=who.removeprefix(EVERYBODY) if who.startswith(EVERYBODY) else None,
            bystanders=session.bystanders,
            swapper=swapper,
            look=look,
        )
        roster = known.roster if who == ROSTER else Roster()
        plan = photo.decide(work.plan, roster, options, keep=work.by_hand)
        if plan != work.plan:
            work.changed(plan)

    def decide_all(self, session: Session) -> None:
        """:meth:`decide` for every photo."""
        known = self.known(session)
        for work in session.works:
            self.decide(session, work, known)

    def choose(self, session: Session, who: str, bystanders: Action) -> None:
        """The choosers were changed."""
        session.who, session.bystanders = who, bystanders
        self.decide_all(session)

    def swap_with(self, session: Session, swapper: str, detail_px: int, restore: float, region: FaceRegion) -> None:
        """The engine of personas' faces, or their look, was changed."""
        session.swapper, session.look = swapper, Look(detail_px, restore, region)  # type: ignore[arg-type]
        self.decide_all(session)

    def assign(self, session: Session, value: str) -> None:
        """Decide what happens to the selected face."""
        work, plan = _planned(session)
        if session.selected is None:
            raise InputError("Choose a face first: click on it.")
        if value == STARTER:  # not painted yet: the face follows the chooser again
            work.by_hand.discard(session.selected)
            self.choose(session, STARTER, session.bystanders)
            return
        work.by_hand.add(session.selected)
        work.changed(plan.with_region(plan.region(session.selected).decided(to_decision(value))))

    @staticmethod
    def value(known: Known, work: Work, region: Region) -> str:
        """The menu's value for what will happen to a face."""
        follows = region.id not in work.by_hand and known.who == STARTER
        return STARTER if follows else to_value(region.decision)

    # ---------------------------------------------------------------------------------------------------- boxes
    def click(self, session: Session, x: float, y: float, progress: Progress) -> None:
        """A click on the picture, in pixels of the photo: a corner while pointing out a face, else a choice."""
        work, plan = _planned(session)
        pointing = session.pointing
        if pointing is None:
            hits = [r for r in plan.regions if _holds(r.box_xyxy, x, y)]
            session.selected = min(hits, key=lambda r: _area(r.box_xyxy)).id if hits else None
        elif pointing.corner_xy is None:
            session.pointing = Pointing(pointing.region, (x, y))
        else:
            self._place(session, work, plan, pointing, (x, y), progress)

    def _place(
        self, session: Session, work: Work, plan: Plan, pointing: Pointing, end: tuple[float, float], progress: Progress
    ) -> None:
        (x1, y1), (x2, y2) = pointing.corner_xy or end, end
        session.pointing = Pointing(pointing.region)
        if abs(x2 - x1) < SMALLEST_PX or abs(y2 - y1) < SMALLEST_PX:
            raise InputError("These two corners lie too close together; click on opposite corners of the face.")
        box: Box = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
        source = self.source(session, work)
        progress(0.2, "Looking at the new box")
        if pointing.region is not None:
            work.changed(photo.move_box(plan, source, pointing.region, box))
            session.selected = pointing.region
        else:
            known = {r.id for r in plan.regions}
            work.changed(photo.add_box(plan, source, box, Decision(session.bystanders)))
            session.selected = next(r.id for r in work.plan.regions if r.id not in known) if work.plan else None
            self.decide(session, work)
        session.pointing = None

    def cover_missed(self, session: Session) -> None:
        """Add the faces that the check found uncovered to the plan; they are covered whatever others get."""
        work, plan = _planned(session)
        boxes = [f.missed_box_xyxy for f in work.report.findings if f.missed_box_xyxy] if work.report else []
        for box in boxes:
            id = plan.new_id()
            plan = photo.add_box(plan, self.source(session, work), box, Decision("pixelate"))
            if session.bystanders == "keep" and not (session.who or "").startswith(EVERYBODY):
                work.by_hand.add(id)
        if boxes:
            work.changed(plan)
            self.decide(session, work)
        session.comparing, session.selected = False, None

    def remove(self, session: Session) -> None:
        """Take the selected face out of the plan."""
        work, plan = _planned(session)
        if session.selected is not None:
            work.by_hand.discard(session.selected)
            work.changed(plan.without(session.selected))
        session.selected = session.pointing = None

    # ----------------------------------------------------------------------------------------------------- mask
    def mask(self, session: Session, progress: Progress) -> None:
        """Mask every photo on the desk that is not masked yet."""
        self.decide_all(session)
        if self.known(session).who == STARTER and _undecided(session):
            persona = avatar.starter(self.vault, progress=part(progress, 0.0, 0.3))
            self.choose(session, EVERYBODY + persona.id, session.bystanders)
            progress = part(progress, 0.3, 1.0)
        waiting = [w for w in session.works if w.plan is not None and w.masked is None]
        for n, work in enumerate(waiting):
            while work.plan is not None and work.masked is None:  # again if the plan was edited meanwhile
                self._mask_one(session, work, work.plan, counted(progress, n, len(waiting)))
        session.selected = session.pointing = None

    def _mask_one(self, session: Session, work: Work, plan: Plan, progress: Progress) -> None:
        source, version = self.source(session, work), work.version
        path = work.folder / f"masked-{version}" / masked_name(work.path, source)
        masked, report = render_photo(
            source, plan, self.vault, path.suffix, wanted=session.provenance, progress=progress
        )
        if work.version != version:  # what was rendered is void: the page must not show it as the plan's result
            return
        report = noted(report, masked.save(path))
        pictures.write(pictures.preview(masked.photo.rgb), work.after)
        work.masked, work.report = path, report


def swapping(session: Session | VideoDesk) -> tuple[str, Look]:
    """Engine and look of personas' faces: what the user chose, as far as it is still there."""
    ready = {row.name for row in photo.persona_swappers() if not row.missing()}
    look = session.look if restorer_ready() else replace(session.look, restore=0.0)
    return session.swapper if session.swapper in ready else "auto", look


def restorer_ready() -> bool:
    """Whether faces can be sharpened."""
    return any(not row.missing() for row in engines.rows("face_restorer"))


def masked_name(path: Path, source: Photo) -> str:
    """Name of the masked file: '-masked' behind the stem, and a suffix that tells the truth about the format."""
    row = by_suffix(path.suffix)
    suffix = path.suffix if row is not None and row.name == source.format else source.suffix
    return f"{path.stem}-masked{suffix}"


def all_safe(works: Sequence[Upload[Any, Any]]) -> bool:
    """Whether the check found nobody recognisable in any of these masked photos."""
    return all(work.report is not None and work.report.safe for work in works)


def zipped(works: Sequence[Upload[Any, Any]], path: Path) -> Path:
    """All masked photos in one file; equal names are numbered."""
    taken: set[str] = set()
    with replacing(path, mode=0o600) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for masked in (work.masked for work in works if work.masked is not None):
            names = (masked.name, *(f"{masked.stem}-{n}{masked.suffix}" for n in range(2, len(works) + 2)))
            name = next(n for n in names if n not in taken)
            taken.add(name)
            archive.write(masked, name)
    return path


def archive(session: Session, works: Sequence[Upload[Any, Any]]) -> str:
    """All masked photos as one file of the session, packed once for the same photos."""
    key = hashlib.blake2s("|".join(str(w.masked) for w in works).encode(), digest_size=8).hexdigest()
    path = session.folder / f"zip-{key}" / "masked-photos.zip"
    return str(path if path.is_file() else zipped(works, path))


def _undecided(session: Session) -> bool:
    """Whether a face follows the chooser."""
    return any(r.id not in w.by_hand for w in session.works if w.plan is not None for r in w.plan.regions)


def counted(progress: Progress, n: int, count: int) -> Progress:
    """For photo ``n`` of ``count``."""
    step = part(progress, n / count, (n + 1) / count)
    if count == 1:
        return step
    return lambda fraction, message: step(fraction, f"Photo {n + 1} of {count}: {message}")


def _planned(session: Session) -> tuple[Work, Plan]:
    work = session.work
    if work is None or work.plan is None:
        raise InputError("Drop a photo first.")
    return work, work.plan


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
