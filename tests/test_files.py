import errno
import os
from pathlib import Path

import pytest

from deepmask.errors import DeepmaskError
from deepmask.files import Hold, move, replacing, write_text


def test_a_file_is_replaced_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeepmaskError, match="is full; free some space"):
        write_text(tmp_path / "a.txt", "new")
    assert os.listdir(tmp_path) == []


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepmaskError, match="choose another"):
        write_text(tmp_path / "file" / "a.txt", "new")


def test_mode_is_kept(tmp_path):
    write_text(tmp_path / "secret", "x", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_what_the_users_umask_keeps_from_others_stays_so(tmp_path):
    before = os.umask(0o077)
    try:
        write_text(tmp_path / "mine", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600


def test_a_folder_knows_whether_somebody_else_holds_it(tmp_path):
    pytest.importorskip("fcntl")
    first = Hold(tmp_path)
    assert first.was_alone
    assert not Hold(tmp_path).was_alone
    del first
    assert Hold(tmp_path).was_alone


def test_a_file_is_moved_to_another_disk_whole(tmp_path, monkeypatch):
    real = os.replace

    def other_disk(source, target):
        if Path(source).name == "made":
            raise OSError(errno.EXDEV, "another disk")
        real(source, target)

    monkeypatch.setattr(os, "replace", other_disk)
    (tmp_path / "made").write_text("whole")
    move(tmp_path / "made", tmp_path / "there" / "out")
    assert (tmp_path / "there" / "out").read_text() == "whole"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["out"]
