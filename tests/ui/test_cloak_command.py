"""``deepmask cloak`` as a user types it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.engines.cloak import attack
from ui.cli import main


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Few steps: what they reach is tested elsewhere."""
    monkeypatch.setattr(attack, "STEPS", 2)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "collins.png"
    Image.fromarray(data.astronaut()[:300, 80:380]).save(path)
    return path


@pytest.fixture
def run(capfd):
    def run(*arguments):
        capfd.readouterr()
        code = main(["cloak", *map(str, arguments)])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


def test_a_photo_is_cloaked_and_the_table_is_told(run, photo, tmp_path):
    out, report, page = tmp_path / "out.png", tmp_path / "report.json", tmp_path / "page.html"
    code, said, _ = run(photo, "-o", out, "--strength", "2", "--filter", "vignette=0.2", "--show",
                        "--report", report, "--html", page)  # fmt: skip
    assert code == 0
    assert all(word in said for word in ("attacked", "never seen", "dlib", "BlazeFace", "JPEG 75", "no cloak stops it"))
    assert np.asarray(Image.open(out)).shape == (300, 300, 3)
    told = json.loads(report.read_text())[0]
    assert told["strength"] == 2
    assert told["filters"] == {"vignette": 0.2}
    assert "Swap after" in page.read_text()


def test_a_folder_with_a_file_that_is_no_photo_and_one_without_a_face(run, photo, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    photo.rename(folder / "a.png")
    (folder / "b.png").write_bytes(b"no picture")
    Image.fromarray(data.coffee()).save(folder / "c.png")
    code, said, complaints = run(folder, "-o", tmp_path / "out", "--json")
    assert code == 2
    assert [one["input"] for one in json.loads(said)] == [str(folder / "a.png")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
    assert "b.png" in complaints
    assert "c.png: No face" in complaints


def test_nothing_is_overwritten_unasked(run, photo, tmp_path):
    for option in ("-o", "--report", "--html"):
        there = tmp_path / "there.png"
        there.write_text("mine")
        out = () if option == "-o" else ("-o", tmp_path / "out.png")
        code, _, complaint = run(photo, *out, option, there)
        assert code == 2
        assert "--overwrite" in complaint
        assert there.read_text() == "mine"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--filter", "glitter=1"), "glitter"),
        (("--filter", "warmth=7"), "warmth"),
        (("--strength", "6"), "6"),
        (("--engine", "arcface"), "deepmask weights get buffalo_l"),
        (("--region", "body"), "region"),
    ],
)
def test_what_cannot_be_is_a_sentence(run, photo, tmp_path, wrong, told):
    code, _, complaint = run(photo, "-o", tmp_path / "out.png", *wrong)
    assert code == 2
    assert told in complaint
    assert "Traceback" not in complaint
    assert not (tmp_path / "out.png").exists()


def test_ctrl_c_leaves_nothing_half_written(run, photo, tmp_path, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(attack, "published", stop)
    code, _, _ = run(photo, "-o", tmp_path / "out" / "x.png")
    assert code == 130
    assert not (tmp_path / "out").exists()
