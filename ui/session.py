"""One browser's work, and the private folder in which every file it sees is kept.

<workspace>/                   one per running app, mode 700, removed at exit and, if the app was killed, at next start
  <random token>/              one per session: uploads, previews, results
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deepmask.errors import Cancelled, InputError
from deepmask.face_pose import FacePose
from deepmask.faces import RGBImage
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.plan import Action, Plan
from deepmask.report import Report
from deepmask.roster import Roster, is_encrypted
from deepmask.variation import Variation
from deepmask.vault import Vault
from pipelines.avatar import Draft
from ui import pictures
from ui.body_desk import BodyDesk
from ui.detect_desk import DetectDesk
from ui.pieces import discard
from ui.protect_desk import ProtectDesk
from ui.upload import Upload
from ui.video_desk import VideoDesk
from ui.voice_desk import VoiceDesk

GRACE_SECONDS = 600.0
"""How long files outlive a closed page: a phone that sleeps closes its connection, too."""

KEY_FOLDER = "key"
"""Where a session keeps the files of keys it hands out."""
_PREFIX = "deepmask-app-"


class Workspace:
    """The folder of a running app."""

    def __init__(self) -> None:
        purge_stale()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()

    def close(self) -> None:
        """Remove all files of all sessions."""
        shutil.rmtree(self.folder, ignore_errors=True)


def purge_stale() -> None:
    """Remove the workspaces of apps that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _may_be_running(int(pid), folder):
            shutil.rmtree(folder, ignore_errors=True)


def _may_be_running(pid: int, folder: Path) -> bool:
    if os.name != "posix":  # there os.kill would end the process; a day is longer than anybody works at one photo
        with contextlib.suppress(OSError):
            return time.time() - folder.stat().st_mtime < 86_400
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@dataclass
class Work(Upload[Plan, Report]):
    """One photo on the desk of the Photos tab."""


@dataclass
class Pointing:
    """The user is showing a face with two clicks on the picture."""

    region: str | None = None
    """The region that moves; None for a new one."""
    corner_xy: tuple[float, float] | None = None
    """The first click, in pixels of the photo."""


@dataclass
class Session:
    """All that one browser works at. Shared by reference between the events of a page."""

    workspace: Path
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    works: list[Work] = field(default_factory=list)
    current: int = 0
    selected: str | None = None
    """Region whose decision is being edited."""
    pointing: Pointing | None = None
    who: str | None = None
    """Value of the chooser 'who gets a persona'; None until the user has chosen."""
    bystanders: Action = "pixelate"
    swapper: str = "auto"
    """Engine that shows personas in photos."""
    look: Look = Look()
    """Detail and extent of their faces."""
    comparing: bool = False
    """Before and after is shown instead of the boxes."""
    drafts: list[Draft] = field(default_factory=list)
    draft: Draft | None = None
    """The chosen draft with all adjustments."""
    style: str = "painter"
    """Portrait painter that the next drafts are made by."""
    pose: FacePose | None = None
    """How painters that follow words hold the head."""
    painting: bool = False
    """Pictures are being made; the page shows how far they are."""
    variations: list[Variation] = field(default_factory=list)
    """New pictures of the persona that is being edited, none of them kept yet."""
    varied: int = 0
    """How many times this persona was varied: the seed of the next time."""
    variation: int | None = None
    """Which of them is chosen."""
    kept_variation: str | None = None
    """Id of the chosen picture among those that are kept."""
    voice: VoiceDesk = field(default_factory=VoiceDesk)
    """The recording that is being masked."""
    video: VideoDesk = field(default_factory=VideoDesk)
    """The video that is being masked."""
    bodies: BodyDesk = field(default_factory=BodyDesk)
    """The photos whose bodies are being masked."""
    provenance: bool | None = None
    """Whether results say that they are masked; None: as the settings say."""
    protect: ProtectDesk = field(default_factory=ProtectDesk)
    """The files that are being protected."""
    detect: DetectDesk = field(default_factory=DetectDesk)
    """The files that are being looked at for traces."""
    key_passphrase: str | None = field(default=None, repr=False)
    """That of the signing key, once it was given."""
    passphrase: str | None = field(default_factory=lambda: os.environ.get("DEEPMASK_PASSPHRASE"), repr=False)
    last_used: float = field(default_factory=time.monotonic)
    persona: str | None = None
    """Id of the kept persona that is being edited."""
    person: str | None = None
    """Id of the enrolled person that is being edited."""
    engine: str | None = None
    """Id of the offer that is shown in the Engines tab."""
    _stops: int = 0
    _files: int = 0
    _open: tuple[Path, Photo] | None = field(default=None, repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """A new session: Gradio gives each page a copy of a state's first value."""
        return Session(self.workspace)

    @property
    def folder(self) -> Path:
        """The session's folder, made on first use."""
        folder = self.workspace / self.token
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def work(self) -> Work | None:
        """The photo that is shown."""
        return self.works[self.current] if self.current < len(self.works) else None

    def mark_results(self, wanted: bool) -> None:
        """Results say, or do not say, that they are masked; those that were made otherwise are void."""
        self.provenance = wanted
        film, recording = self.video.film, self.voice.recording
        for work in (*self.works, *self.bodies.works, film, recording):
            if work is not None and work.plan is not None and work.masked is not None:
                work.changed(work.plan)  # type: ignore[arg-type]  # each has a plan of its own kind

    def adopt(self, upload: Path, name: str | None = None) -> Path:
        """Move an upload into the session's folder, where it is removed with all the rest."""
        self._files += 1
        folder = self.folder / f"upload-{self._files}"
        folder.mkdir()
        path = folder / _plain_name(name or upload.name)
        shutil.move(upload, path)
        with contextlib.suppress(OSError):
            upload.parent.rmdir()
        return path

    def take(self, upload: Path, name: str) -> Work:
        """Adopt an upload as a new photo on the desk."""
        work = Work(self.adopt(upload, name), name, self._files)
        self.works.append(work)
        return work

    def clear(self) -> None:
        """End all work, take all photos off the desk and delete their files."""
        self.stop()
        self.works, self.current, self.selected, self.pointing, self._open = [], 0, None, None, None
        self.comparing = False
        others = {*self.bodies.folders, *self.protect.folders, *self.detect.folders, self.folder / KEY_FOLDER}
        self._remove_all_but(others | set(filter(None, [self.voice.folder, self.video.folder])))

    def clear_bodies(self) -> None:
        """End all work, take all photos off the desk of the Bodies tab and delete their files."""
        self.stop()
        for folder in self.bodies.folders:
            shutil.rmtree(folder, ignore_errors=True)
        self.bodies = BodyDesk(options=self.bodies.options)

    def clear_protect(self) -> None:
        """End all work, take all files off the desk of the Protect tab and delete them."""
        self.stop()
        discard(self.protect.items)
        self.protect = replace(self.protect, items=[], current=0, look="picture")

    def clear_detect(self) -> None:
        """End all work, take all files off the desk of the Detect tab and delete them."""
        self.stop()
        discard(self.detect.pieces)
        self.detect = DetectDesk()

    def clear_video(self) -> None:
        """End all work, take the video off the desk and delete its files."""
        self.stop()
        self.remove_video()

    def remove_video(self) -> None:
        """Take the video off the desk and delete its files; what was chosen for videos stays."""
        folder = self.video.folder
        desk = self.video
        desk.film, desk.frame, desk.comparing, desk.paused = None, 0, False, False
        desk.unselect()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def clear_voice(self) -> None:
        """End all work, take the recording off the desk and delete its files."""
        self.stop()
        self.remove_recording()

    def remove_recording(self) -> None:
        """Take the recording off the desk and delete its files."""
        folder = self.voice.folder
        self.voice.recording = None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _remove_all_but(self, spared: set[Path]) -> None:
        if not spared:
            self.purge()
            return
        for path in self.folder.iterdir():
            if path in spared:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def photo(self, work: Work, max_megapixels: int) -> Photo:
        """The photo of ``work``; the last one is kept in memory."""
        if self._open is None or self._open[0] != work.path:
            self._open = work.path, self._opened(work.path, max_megapixels)
        return self._open[1]

    def body_photo(self, path: Path, max_megapixels: int) -> Photo:
        """A photo of the Bodies tab; the last one is kept in memory."""
        if self.bodies.open is None or self.bodies.open[0] != path:
            self.bodies.open = path, self._opened(path, max_megapixels)
        return self.bodies.open[1]

    @staticmethod
    def _opened(path: Path, max_megapixels: int) -> Photo:
        if not path.is_file():
            raise InputError("This page rested for a while and its photos were deleted; drop them here again.")
        return Photo.open(path, max_megapixels=max_megapixels)

    def picture(self, rgb: RGBImage, stem: str, folder: Path | None = None) -> str:
        """Path of a picture for the page in a folder of the session; the same pixels are written once."""
        digest = hashlib.blake2s(rgb.tobytes(), digest_size=8).hexdigest()
        path = (folder or self.folder) / f"{stem}-{digest}.jpg"
        if not path.is_file():
            pictures.write(rgb, path)
        return str(path)

    def roster(self, vault: Vault) -> Roster:
        """The enrolled people, or nobody while their list is locked.

        Raises:
            VaultError: the list is damaged.
        """
        if self.locked(vault):
            return Roster()
        try:
            return Roster.load(vault.folder, self.passphrase)
        except InputError:  # the passphrase of the environment is wrong, or another page changed it: ask again
            self.passphrase = None
            return Roster()

    def locked(self, vault: Vault) -> bool:
        """Whether the list of people asks for a passphrase this session has not given."""
        return self.passphrase is None and is_encrypted(vault.folder)

    def touch(self) -> None:
        """The page is in use."""
        self.last_used = time.monotonic()

    def begin(self) -> int:
        """A ticket for a piece of work that :meth:`stop` ends."""
        self.touch()
        return self._stops

    def stop(self) -> None:
        """End all work in progress at its next step."""
        self._stops += 1

    def stopped(self, ticket: int) -> bool:
        """Whether the work of this ticket is to end."""
        return ticket != self._stops

    def go_on(self, ticket: int) -> None:
        """Raise ``Cancelled`` if the user stopped the work of this ticket."""
        if self.stopped(ticket):
            raise Cancelled("Stopped; nothing was changed.")

    def purge(self) -> None:
        """Delete the session's files."""
        self._open = self.bodies.open = None
        shutil.rmtree(self.workspace / self.token, ignore_errors=True)


def _plain_name(name: str) -> str:
    """``name`` as a file name that no system stumbles over, its suffix kept."""
    plain = Path(name.replace("\\", "/")).name.strip(". ") or "photo"
    return "".join("_" if ord(c) < 32 or c in '<>:"/|?*' else c for c in plain)[-120:]


class Register:
    """Knows which page works in which session, so that closing a page removes its files after a while."""

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self._grace_seconds = grace_seconds
        self._sessions: dict[str, Session] = {}

    def opened(self, page: str | None, session: Session) -> None:
        """A page was loaded, or a script called."""
        if page is not None:
            self._sessions[page] = session

    def closed(self, page: str | None) -> None:
        """A page was closed, or its connection broke."""
        if page is not None and (session := self._sessions.get(page)):
            self._purge_later(page, session, self._grace_seconds)

    def _purge_later(self, page: str, session: Session, seconds: float) -> None:
        timer = threading.Timer(seconds, self._purge, (page, session))
        timer.daemon = True
        timer.start()

    def _purge(self, page: str, session: Session) -> None:
        idle = time.monotonic() - session.last_used
        if idle < self._grace_seconds:
            self._purge_later(page, session, self._grace_seconds - idle)
            return
        session.stop()
        session.purge()
        self._sessions.pop(page, None)
