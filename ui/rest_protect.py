"""The REST door for protecting and verifying; :mod:`ui.rest` adds these endpoints to its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

import gradio as gr

from deepmask.dossier import Dossier
from deepmask.errors import InputError
from deepmask.filters import Filters
from deepmask.look import FaceRegion
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.records import Ledger
from deepmask.report_json import Saved
from deepmask.signing import Keyring
from pipelines.protect import cloaking, sealing, tagging
from pipelines.protect.cloaking import CloakOptions
from pipelines.protect.sealing import PROTECTIONS, SealOptions
from pipelines.protect.tagging import TagOptions
from pipelines.protect.telling import tag_dossier
from pipelines.verify.authenticating import authenticate, restore
from pipelines.verify.examining import Examination, examine, examine_clip
from pipelines.verify.reading import read_tag
from pipelines.verify.reading_clips import read_clip_tag
from ui import key_work
from ui.events import BAR, guarded, progress_of
from ui.panels.shared import App
from ui.pieces import is_video
from ui.protect_work import clip_ending, ending, records
from ui.session import Session

Event = tuple[Callable[..., Any], list[Any], Any]
"""What is called, with which inputs, for which outputs."""


class ProtectEndpoints:
    """Photos are sealed, tagged and cloaked; seals and tags are read; fakes are looked for."""

    def __init__(self, app: App) -> None:
        self._app = app

    def events(self) -> dict[str, Event]:
        """Endpoints by name; called where components may be made that nobody sees."""
        state = self._app.state
        photo, video, file = gr.File(label="photo"), gr.File(label="video"), gr.File(label="file")
        original = gr.File(label="original")
        protect = gr.JSON(list(SealOptions.protect), label="protect")
        tag_strength = gr.Number(TagOptions.strength, label="strength")
        private = gr.Checkbox(TagOptions.private, label="private")
        cloak_strength = gr.Number(CloakOptions.strength, label="strength")
        region = gr.Dropdown(list(get_args(FaceRegion)), value=CloakOptions.region, label="region")
        filters = gr.JSON({}, label="filters")
        engine, show = gr.Textbox("auto", label="engine"), gr.Checkbox(CloakOptions.show, label="show")
        out, data, page = gr.File(label="protected"), gr.JSON(label="report"), gr.File(label="page")
        return {
            "seal_photo": (self.seal_photo, [state, photo, protect], [out, data, page]),
            "verify_photo": (self.verify_photo, [state, photo], [data, page]),
            "restore_photo": (self.restore_photo, [state, photo], out),
            "tag_photo": (self.tag_photo, [state, photo, tag_strength, private], [out, data, page]),
            "tag_video": (self.tag_video, [state, video, tag_strength, private], [out, data, page]),
            "read_tag": (self.read_tag, [state, file], [data, page]),
            "cloak_photo": (
                self.cloak_photo, [state, photo, cloak_strength, region, filters, engine, show], [out, data, page],
            ),
            "detect_photo": (self.detect_photo, [state, photo, original], [data, page]),
            "detect_video": (self.detect_video, [state, video], [data, page]),
        }  # fmt: skip

    # ---------------------------------------------------------------------------------------------------- protect
    @guarded
    def seal_photo(
        self,
        session: Session,
        file: str,
        protect: list[str] | None,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict, str]:
        """The sealed photo, its report, and the finding as a page.

        'protect' lists what gets more protection: "faces", "people".
        """
        path, source = self._photo(session, file, request)
        if unknown := set(protect or ()) - set(PROTECTIONS):
            raise InputError(
                f"More protection is for {' and '.join(PROTECTIONS)}, not for {', '.join(map(str, unknown))}."
            )
        options = SealOptions(tuple(name for name in PROTECTIONS if name in (protect or ())))
        sealed = sealing.seal(source, key_work.signer(session), options, progress=progress_of(session, bar))
        out = path.parent / "out" / ending(path, sealed.photo, "seal")
        sealed.save(out)
        return str(out), *_told(sealed.report, sealed.dossier(), out)

    @guarded
    def tag_photo(
        self,
        session: Session,
        file: str,
        strength: float,
        private: bool,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict, str]:
        """The tagged photo, its report, and the finding as a page. A 'private' tag is read with your key only."""
        options = TagOptions(strength, private=private)
        path, source = self._photo(session, file, request)
        out = path.parent / "out" / ending(path, source, "tag")
        given, watched = records(session), progress_of(session, bar)
        tagged = tagging.tag(source, options, **given, path=path, suffix=out.suffix, progress=watched)
        tagged.photo.save(out)
        return str(out), *_told(tagged.report, tag_dossier(tagged.report), out)

    @guarded
    def tag_video(
        self,
        session: Session,
        file: str,
        strength: float,
        private: bool,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict, str]:
        """The tagged video, its report, and the finding as a page. A 'private' tag is read with your key only."""
        options = TagOptions(strength, private=private)
        path, clip = self._clip(session, file, request)
        out = path.parent / "out" / clip_ending(path)
        report = tagging.tag_clip(clip, out, options, **records(session), progress=progress_of(session, bar))
        return str(out), *_told(report, tag_dossier(report), out)

    @guarded
    def cloak_photo(
        self,
        session: Session,
        file: str,
        strength: float,
        region: FaceRegion,
        request: gr.Request,
        filters: dict | None = None,
        engine: str = "auto",
        show: bool = False,
        bar: gr.Progress = BAR,
    ) -> tuple[str, dict, str]:
        """The cloaked photo, its report, and the finding as a page.

        'filters' are applied first: {"warmth": 0.3}; 'show' swaps the face before and after for the page.
        """
        chosen = Filters.parse(f"{name}={value}" for name, value in (filters or {}).items())
        options = CloakOptions(int(strength), region or CloakOptions.region, engine or "auto", chosen, show=show)
        path, source = self._photo(session, file, request)
        cloaked = cloaking.cloak(source, options, progress=progress_of(session, bar))
        out = path.parent / "out" / ending(path, source, "cloak")
        cloaked.photo.save(out)
        return str(out), *_told(cloaked.report, cloaked.dossier(), out)

    # ----------------------------------------------------------------------------------------------------- verify
    @guarded
    def verify_photo(
        self, session: Session, file: str, request: gr.Request, bar: gr.Progress = BAR
    ) -> tuple[dict, str]:
        """What the seal of a photo says, and the finding as a page."""
        path, source = self._photo(session, file, request)
        found = authenticate(source, Keyring().known(), progress=progress_of(session, bar))
        return _told(found.report, found.dossier(), path)

    @guarded
    def restore_photo(self, session: Session, file: str, request: gr.Request, bar: gr.Progress = BAR) -> str:
        """The original of a sealed photo, bit for bit."""
        path, source = self._photo(session, file, request)
        original = restore(source, Keyring().known(), progress=progress_of(session, bar))
        out = path.parent / "out" / f"{path.stem}-original{original.suffix}"
        sealing.save_exactly(original, out)
        return str(out)

    @guarded
    def read_tag(self, session: Session, file: str, request: gr.Request, bar: gr.Progress = BAR) -> tuple[dict, str]:
        """The tag of a photo or video, whose it is, and the finding as a page."""
        known = self._known(session, bar)
        if file and is_video(Path(file)):
            path, clip = self._clip(session, file, request)
            found = read_clip_tag(clip, **known)
        else:
            path, source = self._photo(session, file, request)
            found = read_tag(source, **known)
        return _told(found.report, found.dossier(), path)

    @guarded
    def detect_photo(
        self,
        session: Session,
        file: str,
        request: gr.Request,
        original: str | None = None,
        bar: gr.Progress = BAR,
    ) -> tuple[dict, str]:
        """Whether a photo was faked, with its seal, tag and content credentials, and the finding as a page with the
        heat map. 'original' is the same photo as its owner has it.
        """
        path, source = self._photo(session, file, request)
        mine = self._photo(session, original, request)[1] if original else None
        return _examined(examine(source, path, original=mine, **self._known(session, bar)), path)

    @guarded
    def detect_video(
        self, session: Session, file: str, request: gr.Request, bar: gr.Progress = BAR
    ) -> tuple[dict, str]:
        """Whether a video was faked and when, with its tag and content credentials, and the finding as a page."""
        path, clip = self._clip(session, file, request)
        return _examined(examine_clip(clip, **self._known(session, bar)), path)

    # ------------------------------------------------------------------------------------------------------ files
    def _photo(self, session: Session, file: str | None, request: gr.Request) -> tuple[Path, Photo]:
        if not file:
            raise InputError("Give a photo: upload it and name the upload.")
        path = self._adopted(session, file, request)
        try:
            return path, Photo.open(path, max_megapixels=self._app.settings.max_megapixels)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _clip(self, session: Session, file: str | None, request: gr.Request) -> tuple[Path, Clip]:
        if not file:
            raise InputError("Give a video: upload it and name the upload.")
        path = self._adopted(session, file, request)
        try:
            return path, Clip.open(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _adopted(self, session: Session, file: str, request: gr.Request) -> Path:
        self._app.register.opened(request.session_hash, session)
        return session.adopt(Path(file), Path(file).name)

    @staticmethod
    def _known(session: Session, bar: gr.Progress) -> dict[str, Any]:
        """By what tags are read and signers recognised, and the progress."""
        signer, keys = key_work.signer_if_open(session), Keyring().known()
        return {"signer": signer, "keys": keys, "ledger": Ledger(), "progress": progress_of(session, bar)}


def _examined(found: Examination, path: Path) -> tuple[dict, str]:
    return _told(found.report, found.dossier(), path)


def _told(report: Saved, dossier: Dossier, path: Path) -> tuple[dict, str]:
    """The report as JSON, and the finding as a page beside ``path``."""
    page = path.with_name(f"{path.stem}-findings.html")
    dossier.save(page)
    return cast("dict", json.loads(report.to_json())), str(page)
