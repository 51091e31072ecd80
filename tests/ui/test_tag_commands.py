"""deepmask tag and read-tag, as somebody at a terminal or a script uses them."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.media.clip import Clip
from deepmask.records import Ledger
from deepmask.signing import PASSPHRASE, Keyring
from tests.tiny.clips import even, make_clip
from ui.cli import main


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.delenv(PASSPHRASE, raising=False)


@pytest.fixture
def coffee(tmp_path):
    path = tmp_path / "coffee.png"
    Image.fromarray(data.coffee()).save(path)
    return path


@pytest.fixture
def tagged(coffee, tmp_path, capsys):
    path = tmp_path / "tagged.jpg"
    assert main(["tag", str(coffee), "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def test_a_tag_is_given_and_read(coffee, tagged, capsys):
    assert main(["read-tag", str(tagged)]) == 0
    said = capsys.readouterr().out
    tag_id = f"{next(Ledger().all()).tag_id:016x}"
    assert tag_id in said
    assert "this is the picture it was given to" in said
    assert main(["read-tag", str(coffee)]) == 4
    assert "No tag was found" in capsys.readouterr().out


def test_what_was_measured_is_said_and_written(coffee, tmp_path, capsys):
    out, report = tmp_path / "out.png", tmp_path / "report.json"
    assert main(["tag", str(coffee), "-o", str(out), "--strength", "3", "--report", str(report), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(report.read_text())
    assert printed[0]["strength"] == 3
    assert printed[0]["psnr_db"] > 35
    assert all(trial["read"] for trial in printed[0]["trials"])


def test_a_page_shows_where_the_tag_is(tagged, tmp_path):
    page = tmp_path / "page.html"
    assert main(["read-tag", str(tagged), "--html", str(page)]) == 0
    assert "data:image/jpeg" in page.read_text()
    assert "Your tag" in page.read_text()


def test_a_copied_tag_has_an_exit_code_of_its_own(tagged, tmp_path, capsys):
    from deepmask.media import Photo
    from pipelines.protect.tagging import TagOptions, tag

    record = next(Ledger().all())
    forged = tag(Photo.from_array(data.chelsea()), TagOptions(tag_id=record.tag_id)).photo
    forged.save(tmp_path / "forged.png")
    assert main(["read-tag", str(tmp_path / "forged.png"), str(tagged)]) == 3
    assert "not the picture it was given to" in capsys.readouterr().out


def test_private_tags_need_the_key(coffee, tmp_path, capsys, monkeypatch):
    out = tmp_path / "private.png"
    assert main(["tag", str(coffee), "-o", str(out), "--private"]) == 0
    assert main(["read-tag", str(out)]) == 0
    keyring = Keyring()
    keyring.protect(keyring.signer(), "open sesame")
    assert main(["read-tag", str(out)]) == 4
    assert "locked" in capsys.readouterr().err
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    assert main(["read-tag", str(out)]) == 0


def test_a_locked_key_does_not_stop_tagging(coffee, tmp_path, capsys):
    keyring = Keyring()
    keyring.protect(keyring.signer(), "open sesame")
    assert main(["tag", str(coffee), "-o", str(tmp_path / "out.png")]) == 0
    assert "not signed" in capsys.readouterr().out
    assert main(["tag", str(coffee), "-o", str(tmp_path / "private.png"), "--private"]) == 2
    assert PASSPHRASE in capsys.readouterr().err


def test_a_folder_of_everything_gives_sentences_and_no_crash(coffee, tmp_path, capsys):
    box = tmp_path / "box"
    box.mkdir()
    picture = Image.open(coffee)
    picture.save(box / "a.png")
    picture.convert("L").save(box / "grey.jpg")
    picture.convert("P").save(box / "palette.gif")
    picture.resize((90, 60)).save(box / "tiny.png")
    (box / "junk.jpg").write_bytes(b"no picture")
    (box / "junk.mp4").write_bytes(b"no video")
    assert main(["tag", str(box), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"a.png", "grey.jpg"}
    assert "tiny.png: A picture of 90 x 60 pixels is too small" in said.err
    assert "junk.jpg" in said.err
    assert "junk.mp4" in said.err
    assert main(["read-tag", str(box)]) == 2
    assert main(["read-tag", str(tmp_path / "out" / "a.png"), str(tmp_path / "out" / "grey.jpg")]) == 0


def test_videos_are_tagged_and_read(tmp_path, capsys):
    picture = lambda number: np.ascontiguousarray(data.astronaut()[40:280, 2 * number : 2 * number + 320])  # noqa: E731
    film = make_clip(tmp_path / "film.mp4", even(8), picture=picture, size_wh=(320, 240))
    assert main(["tag", str(film), "-o", str(tmp_path / "out.mp4")]) == 0
    assert len(Clip.open(tmp_path / "out.mp4").timeline) == 8
    assert main(["read-tag", str(tmp_path / "out.mp4"), "--html", str(tmp_path / "page.html")]) == 0
    assert "given to a video" in capsys.readouterr().out
    assert main(["read-tag", str(film)]) == 4


def test_nothing_is_replaced_unasked(coffee, tagged, capsys):
    assert main(["tag", str(coffee), "-o", str(tagged)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["tag", str(coffee), "-o", str(tagged), "--overwrite"]) == 0


@pytest.mark.parametrize("arguments", [["tag"], ["tag", "x.png"], ["read-tag"], ["tag", "no.png", "-o", "out.png"]])
def test_what_is_wrong_with_a_call_is_said(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err
