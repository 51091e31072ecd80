"""``deepmask detect`` as a user types it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from deepmask import engines
from tests.tiny.clips import even, make_clip
from tests.tiny.suspects import OneFace, Redness, cat_faced, collins
from ui.cli import main


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """The detector's own word is tested elsewhere."""
    real = engines.load
    own = {"face_finder": OneFace(), "fake_finder": Redness()}
    monkeypatch.setattr(engines, "load", lambda kind, name="auto": own.get(kind) or real(kind, name))


@pytest.fixture
def run(capfd):
    def run(*arguments):
        capfd.readouterr()
        code = main(["detect", *map(str, arguments)])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "collins.png"
    Image.fromarray(collins()).save(path)
    return path


@pytest.fixture
def fake(tmp_path):
    path = tmp_path / "cat.png"
    Image.fromarray(cat_faced()).save(path)
    return path


def test_a_genuine_photo(run, photo):
    code, said, complaints = run(photo)
    assert code == 0
    assert said.startswith(f"{photo}: ")
    assert "hint, no proof" in said
    assert not complaints


def test_a_fake_beside_its_original_ends_with_three_and_leaves_pictures_page_and_report(run, photo, fake, tmp_path):
    heat, page, report = tmp_path / "heat.png", tmp_path / "page.html", tmp_path / "report.json"
    code, said, _ = run(fake, "--original", photo, "--heat", heat, "--html", page, "--report", report, "--json")
    assert code == 3
    told = json.loads(said)[0]
    assert told == json.loads(report.read_text())[0]
    assert told["verdict"] == "fake"
    assert told["input"] == str(fake)
    assert told["reasons"][0]["kind"] == "original"
    assert np.asarray(Image.open(heat)).shape == (512, 512, 3)
    assert "<html" in page.read_text()


def test_nothing_is_overwritten_and_nothing_is_done_before_that_is_known(run, photo, tmp_path):
    heat = tmp_path / "heat.png"
    heat.write_bytes(b"mine")
    code, said, complaints = run(photo, "--heat", heat)
    assert (code, said) == (2, "")
    assert "--overwrite" in complaints
    assert heat.read_bytes() == b"mine"


def test_a_folder_with_photos_videos_and_something_else(run, photo, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    photo.rename(folder / "a.png")
    (folder / "b.jpg").write_bytes(b"no picture")
    make_clip(folder / "c.mp4", even(6))
    code, said, complaints = run(folder, "--html", out, "--heat", out, "--json")
    assert code == 2
    assert {entry["input"] for entry in json.loads(said)} == {str(folder / "a.png"), str(folder / "c.mp4")}
    assert "b.jpg" in complaints
    assert sorted(path.name for path in out.iterdir()) == ["a.png.html", "a.png.png", "c.mp4.html", "c.mp4.png"]


@pytest.mark.parametrize("name", ["x.png", "x.mp4", "x.gif", "x", "x.webm"])
def test_no_file_whatever_its_name_and_content_makes_it_crash(run, tmp_path, name):
    for content in (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x00" * 4000):
        path = tmp_path / name
        path.write_bytes(content)
        code, _, complaints = run(path)
        assert code == 2
        assert "Traceback" not in complaints
        assert complaints.strip()


def test_a_file_that_is_not_there(run, tmp_path):
    code, _, complaints = run(tmp_path / "no.png")
    assert code == 2
    assert "does not exist" in complaints


def test_a_still_animation_is_a_photo(run, tmp_path):
    path = tmp_path / "still.gif"
    Image.fromarray(collins()).save(path)
    _, said, _ = run(path, "--json")
    assert "faces" in json.loads(said)[0]


def test_an_original_belongs_to_one_photo(run, photo, fake, tmp_path):
    code, _, complaints = run(photo, fake, "--original", photo)
    assert code == 2
    assert "one photo" in complaints
    film = make_clip(tmp_path / "film.mp4", even(3))
    code, _, complaints = run(film, "--original", photo)
    assert code == 2
    assert "video" in complaints


def test_several_files_do_not_fit_into_one_picture(run, photo, fake, tmp_path):
    heat = tmp_path / "heat.png"
    heat.write_bytes(b"")
    code, _, complaints = run(photo, fake, "--heat", heat, "--overwrite")
    assert code == 2
    assert "folder" in complaints
