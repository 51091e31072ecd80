"""Names of files come from strangers: what a terminal would obey does not reach it."""

import json
import unicodedata

import pytest
from PIL import Image
from skimage import data

from deepmask.printable import printable
from ui.cli import main
from ui.commands.shared import print_json, table

NAME = "\x1b[2K\x1b[1A\x9b8m\u202egnp\u2066.exe\n\rother.png: likely real\u200b.png"
"""Clears lines, hides what follows, turns the direction of writing, and pretends to be a line of ours."""


def harmless(said):
    assert all(one == "\n" or unicodedata.category(one) not in ("Cc", "Cf") for one in said), ascii(said)
    assert not any(line.lstrip().startswith("other.png") for line in said.splitlines()), said


@pytest.fixture
def named(tmp_path):
    path = tmp_path / NAME
    Image.fromarray(data.coffee()[:200, :300]).save(path)
    return path


@pytest.mark.parametrize("command", ["detect", "read-tag", "verify"])
def test_names_cannot_drive_the_terminal(command, named, tmp_path, capsys):
    broken = tmp_path / f"broken{NAME}"
    broken.write_bytes(b"no picture")
    main([command, str(named), str(broken)])
    said = capsys.readouterr()
    assert "gnp.exe" in said.out
    assert "gnp.exe" in said.err
    harmless(said.out)
    harmless(said.err)


def test_nor_in_errors_about_arguments_or_in_what_was_written(named, tmp_path, capsys):
    assert main(["photo", str(tmp_path / f"no{NAME}"), "-o", str(tmp_path / "out.png")]) == 2
    harmless(capsys.readouterr().err)
    assert main(["detect", f"--{NAME.replace(chr(10), '')}"]) == 2
    harmless(capsys.readouterr().err)
    assert main(["tag", str(named), "-o", str(tmp_path / f"out{NAME}")]) == 0
    harmless(capsys.readouterr().out)


def test_json_is_read_as_it_was_and_drives_no_terminal(capsys):
    print_json([{"input": NAME, "größe": "ü → 𝄞"}])
    said = capsys.readouterr().out
    assert json.loads(said) == [{"input": NAME, "größe": "ü → 𝄞"}]
    assert "größe" in said
    harmless(said)


def test_tables_stay_tables():
    assert len(table([("a", NAME), ("b", "c")]).splitlines()) == 2


def test_what_people_write_stays():
    for text in ("Straße 7, café, naïve", "日本語のファイル.png", "Ω → ½ × 0.7 · … “x”", "😀.jpg"):
        assert printable(text) == text
