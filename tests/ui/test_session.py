"""What one browser works at: its folder, its stop button, and when its files are removed."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from deepmask.errors import Cancelled
from deepmask.roster import Roster
from deepmask.vault import Vault
from ui.session import Register, Session, Workspace, purge_stale


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Session(folder)


@pytest.fixture
def upload(tmp_path):
    def make(name="photo.jpg"):
        folder = tmp_path / "uploads" / name.replace("/", "_")[:20]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "file"
        path.write_bytes(b"picture")
        return path

    return make


def test_two_sessions_share_no_folder_and_their_names_cannot_be_guessed(tmp_path):
    one, two = Session(tmp_path), Session(tmp_path)
    assert one.folder != two.folder
    assert len(one.token) >= 20
    assert one.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.png", "evil.png"),
        ("a:b?c.png", "a_b_c.png"),
        ("...", "photo"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
    ],
)
def test_uploads_move_into_the_session_under_a_plain_name(session, upload, given, kept):
    path = upload()
    work = session.take(path, given)
    assert work.path.name == kept
    assert work.path.is_relative_to(session.folder)
    assert work.path.read_bytes() == b"picture"
    assert not path.exists()


def test_photos_of_the_same_name_do_not_overwrite_each_other(session, upload):
    first, second = session.take(upload("a"), "x.jpg"), session.take(upload("b"), "x.jpg")
    assert first.path != second.path
    assert first.path.is_file()


def test_starting_over_removes_the_files(session, upload):
    work = session.take(upload(), "x.jpg")
    session.clear()
    assert not work.path.exists()
    assert session.work is None


def test_stopping_ends_the_work_that_has_begun_and_no_later_one(session):
    before = session.begin()
    session.go_on(before)
    session.stop()
    with pytest.raises(Cancelled):
        session.go_on(before)
    session.go_on(session.begin())


def test_the_same_picture_is_written_once(session):
    rgb = np.zeros((8, 8, 3), np.uint8)
    assert session.picture(rgb, "a") == session.picture(rgb.copy(), "a")
    assert session.picture(rgb, "a") != session.picture(rgb + 1, "a")


def test_files_outlive_a_closed_page_only_for_a_while(session, upload):
    register = Register(grace_seconds=0.2)
    work = session.take(upload(), "x.jpg")
    register.opened("page", session)
    register.closed("page")
    assert work.path.exists()
    time.sleep(0.7)
    assert not work.path.exists()


def test_a_page_that_came_back_keeps_its_files(session, upload):
    register = Register(grace_seconds=0.4)
    work = session.take(upload(), "x.jpg")
    register.opened("page", session)
    register.closed("page")
    for _ in range(6):
        time.sleep(0.1)
        session.touch()
    assert work.path.exists()


def test_workspaces_of_killed_apps_are_removed_and_those_of_running_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive, foreign = (tmp_path / f"deepmask-app-{who}" for who in ("4194999-x", f"{os.getpid()}-x", "notes"))
    for folder in (dead, alive, foreign):
        folder.mkdir()
    purge_stale()
    assert [p.exists() for p in (dead, alive, foreign)] == [False, True, True]
    own = Workspace()
    assert own.folder.parent == Path(tmp_path).resolve()
    own.close()
    assert not own.folder.exists()


def test_a_wrong_or_outdated_passphrase_locks_the_list_for_this_page_only(session, own_home):
    vault = Vault(own_home)
    roster = Roster().enrolled("Me", [np.zeros(128, np.float32)], None)
    roster.protected("correct horse").save(own_home)
    assert session.locked(vault)
    assert session.roster(vault).people == ()
    session.passphrase = "wrong horse"
    assert session.roster(vault).people == ()
    assert session.locked(vault)
    session.passphrase = "correct horse"
    assert [p.name for p in session.roster(vault).people] == ["Me"]
    assert not session.locked(vault)
