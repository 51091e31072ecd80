"""What the Protect and Detect tabs do to a session: files that stay apart, results that belong to their options."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.config import Settings
from deepmask.errors import Cancelled, InputError
from deepmask.progress import silent
from deepmask.signing import Keyring
from ui import key_work
from ui.detect_work import DetectWork
from ui.protect_work import ProtectWork, unique
from ui.session import Session


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path / "home"))
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Session(folder)


@pytest.fixture
def upload(tmp_path):
    def make(name: str, rgb: np.ndarray | None = None) -> str:
        folder = tmp_path / "uploads" / f"{len(list(tmp_path.rglob('*')))}"
        folder.mkdir(parents=True)
        Image.fromarray(data.astronaut() if rgb is None else rgb).save(folder / name)
        return str(folder / name)

    return make


WORK = ProtectWork(Settings())
LOOK = DetectWork(Settings())


def files(session) -> set[str]:
    return {path.name for path in session.folder.rglob("*") if path.is_file()}


def test_starting_over_in_one_tab_leaves_the_files_of_the_others(session, upload):
    key_work.signer(session)
    WORK.open(session, [upload("mine.png")], silent)
    LOOK.open(session, [upload("theirs.png")], silent)
    LOOK.compare_with(session, upload("original.png"))
    public = key_work.public_file(session)
    session.clear()
    assert {"mine.png", "theirs.png", "original.png"} <= files(session)
    assert public is not None
    assert public.is_file()
    session.clear_protect()
    assert "mine.png" not in files(session)
    session.clear_detect()
    assert not {"theirs.png", "original.png"} & files(session)


def test_a_result_is_shown_with_the_options_it_was_made_with(session, upload):
    WORK.open(session, [upload("mine.png")], silent)
    desk = session.protect
    WORK.run(session, silent)
    first = desk.done
    assert first is not None
    assert first.file.name == "mine-sealed.png"
    desk.seal = replace(desk.seal, protect=())
    assert desk.done is None
    assert len(desk.waiting) == 1
    desk.seal = first.options
    assert desk.done is first
    desk.job = "tag"
    assert desk.done is None


def test_who_stops_keeps_what_is_finished(session, upload):
    WORK.open(session, [upload("one.png"), upload("two.png")], silent)

    def stop_at_the_second(fraction: float, message: str) -> None:
        if "Photo 2" in message:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        WORK.run(session, stop_at_the_second)
    assert [session.protect.done_with(item) is not None for item in session.protect.items] == [True, False]


def test_one_file_that_fails_does_not_stop_the_others(session, upload):
    WORK.open(session, [upload("small.png", data.astronaut()[:40, :40]), upload("mine.png")], silent)
    with pytest.raises(InputError, match=r"small\.png is 40 x 40 pixels"):
        WORK.run(session, silent)
    assert [session.protect.done_with(item) is not None for item in session.protect.items] == [False, True]


def test_files_that_were_purged_are_asked_for_again(session, upload):
    WORK.open(session, [upload("mine.png")], silent)
    session.purge()
    with pytest.raises(InputError, match="drop them here again"):
        WORK.run(session, silent)


def test_an_original_that_is_given_voids_the_finding_of_that_photo_only(session, upload):
    LOOK.open(session, [upload("one.png"), upload("two.png")], silent)
    one, two = session.detect.suspects
    LOOK.check(session, silent)
    assert one.filed is not None
    assert two.filed is not None
    LOOK.compare_with(session, upload("mine.png"))
    assert one.filed is None
    assert two.filed is not None
    text = upload("notes.png")
    with open(text, "w") as file:
        file.write("no picture")
    with pytest.raises(InputError, match=r"notes\.png is not a picture"):
        LOOK.compare_with(session, text)
    assert one.original is None


def test_a_locked_key_is_asked_for_and_a_wrong_passphrase_is_forgotten(session):
    key_work.signer(session)
    key_work.protect(session, "correct horse")
    session.key_passphrase = None
    with pytest.raises(InputError, match="Your key is locked"):
        key_work.signer(session)
    assert key_work.signer_if_open(session) is None
    with pytest.raises(InputError, match="passphrase of the signing key is wrong"):
        key_work.unlock(session, "wrong")
    key_work.unlock(session, "correct horse")
    Keyring().protect(key_work.signer(session), "battery staple")
    assert key_work.locked(session), "another page changed it"
    assert session.key_passphrase is None


def test_short_passphrases_and_missing_files_are_refused(session):
    key_work.signer(session)
    for action in (key_work.protect, key_work.export):
        with pytest.raises(InputError, match="at least 8 characters"):
            action(session, "short")
    with pytest.raises(InputError, match="Choose the file"):
        key_work.bring(session, None, "", False)
    with pytest.raises(InputError, match="Choose the file"):
        key_work.trust(None, "Maya")


def test_equal_names_are_numbered():
    assert unique(["a.png", "b.png", "a.png", "a.png"]) == ["a.png", "b.png", "a-2.png", "a-3.png"]
