"""The command line's side of variations and of styles that follow words."""

import json

import numpy as np
import pytest
from PIL import Image

from deepmask.vault import Vault
from tests.tiny import words
from ui.cli import main


@pytest.fixture
def deepmask(capfd):
    """Run a command; returns (exit code, stdout, stderr)."""

    def run(*arguments):
        capfd.readouterr()
        code = main([str(a) for a in arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_persona_is_varied_listed_exported_and_a_picture_removed(deepmask, tmp_path):
    assert deepmask("avatar", "bald man", "--name", "Max", "--style", "painter", "--size", 384)[0] == 0
    code, said, _ = deepmask("personas", "vary", "max", "red hoodie", "--kind", "clothing")
    assert code == 0
    assert "red hoodie: 001-clothing-red-hoodie. The recogniser takes it for the same person" in said
    assert "the same person is below 0.50" in said
    code, said, _ = deepmask("personas", "looks", "Max", "--json")
    assert [v["words"] for v in json.loads(said)] == ["red hoodie"]
    assert deepmask("personas", "export", "Max", "-o", tmp_path / "pictures")[0] == 0
    assert sorted(p.name for p in (tmp_path / "pictures").iterdir()) == ["max-001-clothing-red-hoodie.png", "max.png"]
    assert deepmask("personas", "vary", "Max", "--kind", "blue")[0] == 2
    assert deepmask("personas", "looks", "Max", "--remove", "001-clothing-red-hoodie")[0] == 0
    assert Vault().variations(Vault().persona("Max")) == []


def test_wishes_are_given_to_styles_that_follow_words_and_others_say_that_they_do_not(deepmask, tmp_path, monkeypatch):
    words.install(monkeypatch)
    for n, negative in enumerate(("hat", "scarf")):
        out = tmp_path / f"{n}.png"
        wishes = ("--negative", negative, "--steps", 3, "--pose", "front", "--no-fast")
        code, _, told = deepmask("avatar", "bald man", "-o", out, "--style", "diffusion", "--size", 160, *wishes)
        assert (code, told) == (0, "")
    assert (np.asarray(Image.open(tmp_path / "0.png")) != np.asarray(Image.open(tmp_path / "1.png"))).any()
    code, _, told = deepmask(
        "avatar", "bald man", "-o", tmp_path / "p.png", "--style", "painter", "--steps", 3, "--size", 160
    )
    assert code == 0
    assert told == "The style painter goes by attributes alone and pays no heed to --steps.\n"
    code, _, told = deepmask("avatar", "bald man", "-o", tmp_path / "q.png", "--style", "diffusion", "--pose", "upside")
    assert code == 2
    assert "There is no pose named 'upside'; known: " in told
    asked = ("avatar", "bald man", "-o", tmp_path / "q.png", "--style", "diffusion", "--pose-by", "openpose")
    assert "name that photo with --pose" in deepmask(*asked)[2]
    assert "there is no photo front" in deepmask(*asked, "--pose", "front")[2]


def test_without_weights_one_line_says_how_to_get_them(deepmask, tmp_path):
    code, _, told = deepmask("avatar", "bald man", "-o", tmp_path / "p.png", "--style", "diffusion")
    assert code == 2
    assert "lacks sd15; run: deepmask weights get sd15" in told
    assert "deepmask weights get sd15" in deepmask("avatar", "--help")[1]
    code, said, _ = deepmask("avatar", "bald man", "-o", tmp_path / "p.png", "--size", 160, "--json")
    assert json.loads(said)["engine"] == "painter", "auto never starts a download"
