"""deepmask seal, verify, restore and key, as somebody at a terminal or a script uses them."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.media import Photo
from deepmask.signing import PASSPHRASE, Keyring
from pipelines.protect import sealing
from tests.tiny.seals import sealed, signer
from ui.cli import main


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """Maps take time and are not what these tests are about."""
    monkeypatch.delenv(PASSPHRASE, raising=False)

    def mapped(image, parser="auto", faces=None, *, progress=None):
        from deepmask.sealing.regions import Regions

        parsed = np.zeros(image.shape[:2], np.uint8)
        return sealing.Mapped(parsed, ("background",), Regions.of(parsed, "mesh", ("background",)), ())

    monkeypatch.setattr(sealing, "mapped", mapped)
    monkeypatch.setattr("pipelines.verify.authenticating.mapped", mapped)


@pytest.fixture
def coffee(tmp_path):
    path = tmp_path / "coffee.png"
    Image.fromarray(data.coffee()).save(path)
    return path


@pytest.fixture
def copy(coffee, tmp_path, capsys):
    path = tmp_path / "sealed.png"
    assert main(["seal", str(coffee), "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def _changed(copy, name="changed.png"):
    spoilt = np.asarray(Image.open(copy)).copy()
    spoilt[10, 10] ^= 255
    path = copy.with_name(name)
    Image.fromarray(spoilt).save(path)
    return path


def test_seal_verify_restore(coffee, tmp_path, capsys):
    copy, back = tmp_path / "copy.png", tmp_path / "back.png"
    assert main(["seal", str(coffee), "-o", str(copy)]) == 0
    told = capsys.readouterr()
    assert "Sealed as DM-" in told.out
    assert "Your signing key was made" in told.err
    assert main(["verify", str(copy)]) == 0
    assert "authentic" in capsys.readouterr().out
    assert main(["restore", str(copy), "-o", str(back)]) == 0
    assert np.array_equal(Photo.open(back).rgb, data.coffee())


def test_scripts_go_by_the_exit_code(copy, coffee, tmp_path, capsys):
    changed = _changed(copy)
    text = tmp_path / "no-picture.txt"
    text.write_text("hello")
    assert main(["verify", str(copy)]) == 0
    assert main(["verify", str(coffee)]) == 4
    assert main(["verify", str(text)]) == 2
    assert main(["verify", str(changed)]) == 3
    assert main(["verify", str(copy), str(coffee), str(text)]) == 2
    assert main(["verify", str(copy), str(coffee), str(text), str(changed)]) == 3
    assert "1 of 54 blocks" in capsys.readouterr().out


def test_findings_are_written_as_json_and_pages(copy, tmp_path, capsys):
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    assert main(["verify", str(_changed(copy)), "--report", str(report), "--html", str(page), "--json"]) == 3
    [entry] = json.loads(report.read_text())
    assert json.loads(capsys.readouterr().out) == [entry]
    assert entry["verdict"] == "changed"
    assert entry["changed_boxes"] == [[0, 0, 64, 64]]
    assert "Changed since it was sealed" in page.read_text("utf-8")
    assert main(["verify", str(copy), "--html", str(page)]) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_a_folder_is_sealed_with_names_that_say_what_the_files_are(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.png", "b.jpg", "c.jpg", "c.png"):
        Image.fromarray(data.coffee()).save(folder / name)
    (folder / "broken.png").write_bytes(b"no picture")
    Image.fromarray(data.coffee()[:40]).save(folder / "flat.png")
    assert main(["seal", str(folder), "-o", str(out), "--html", str(tmp_path / "pages")]) == 2
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "c.jpg.png", "c.png"]
    told = capsys.readouterr()
    assert "broken.png" in told.err
    assert "flat.png" in told.err
    assert len(list((tmp_path / "pages").iterdir())) == 4
    assert main(["verify", str(out)]) == 0


def test_a_file_that_was_named_is_written_and_no_other(tmp_path, capsys):
    photo, other, named = tmp_path / "v.jpg", tmp_path / "v.png", tmp_path / "v.jpg.png"
    Image.fromarray(data.coffee()).save(photo)
    other.write_bytes(b"precious")
    assert main(["seal", str(photo), "-o", str(named), "--overwrite"]) == 0
    assert other.read_bytes() == b"precious"
    assert main(["verify", str(named)]) == 0


def test_nothing_is_replaced_and_nothing_lossy_written(copy, coffee, tmp_path, capsys):
    assert main(["seal", str(coffee), "-o", str(copy)]) == 2
    assert main(["seal", str(coffee), "-o", str(copy), "--overwrite"]) == 0
    capsys.readouterr()
    for command in ("seal", "restore"):
        assert main([command, str(copy), "-o", str(tmp_path / "out.jpg")]) == 2
        assert "every pixel" in capsys.readouterr().err
    assert main(["restore", str(copy), "-o", str(coffee)]) == 2


def test_what_is_protected_is_named(coffee, tmp_path, capsys):
    out = str(tmp_path / "o.png")
    assert main(["seal", str(coffee), "-o", out, "--protect", "hats"]) == 2
    assert "hats" in capsys.readouterr().err
    assert main(["seal", str(coffee), "-o", out, "--protect", "nothing"]) == 0
    assert main(["seal", str(coffee), "-o", out, "--protect", "faces,people", "--overwrite"]) == 0


def test_changed_blocks_stay_if_the_rest_is_wanted(copy, tmp_path, capsys):
    changed, back = _changed(copy), tmp_path / "back.png"
    assert main(["restore", str(changed), "-o", str(back)]) == 2
    assert "--partly" in capsys.readouterr().err
    assert main(["restore", str(changed), "-o", str(back), "--partly"]) == 0
    assert np.array_equal(Photo.open(back).rgb[64:], data.coffee()[64:])


def test_others_are_recognised_once_their_key_is_trusted(tmp_path, capsys):
    anna, theirs = signer(7), tmp_path / "theirs.png"
    Image.fromarray(sealed(data.coffee(), anna)).save(theirs)
    assert main(["verify", str(theirs)]) == 3
    assert "do not know" in capsys.readouterr().out
    pub = tmp_path / "anna.pub"
    pub.write_bytes(anna.public.to_pem())
    assert main(["key", "trust", str(pub), "Anna"]) == 0
    assert main(["verify", str(theirs)]) == 0
    assert "when Anna sealed" in capsys.readouterr().out
    assert main(["key", "forget", "Anna"]) == 0
    assert main(["verify", str(theirs)]) == 3


def test_keys_are_shown_given_and_moved(tmp_path, capsys, monkeypatch):
    assert main(["key"]) == 0
    assert "no key yet" in capsys.readouterr().out
    public, private = tmp_path / "me.pub", tmp_path / "me.pem"
    assert main(["key", "public", "-o", str(public)]) == 0
    assert main(["key", "export", "-o", str(private)]) == 2
    assert PASSPHRASE in capsys.readouterr().err
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert main(["key", "export", "-o", str(private)]) == 0
    assert b"ENCRYPTED" in private.read_bytes()
    assert main(["key", "protect"]) == 0
    assert main(["key", "show", "--json"]) == 0
    mine = Keyring().own()
    assert mine is not None
    assert '"locked": true' in capsys.readouterr().out
    monkeypatch.delenv(PASSPHRASE)
    assert main(["seal", str(public), "-o", str(tmp_path / "o.png")]) == 2
    assert PASSPHRASE in capsys.readouterr().err
    assert main(["key", "bring", str(private), "--replace"]) == 2
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert main(["key", "bring", str(private)]) == 0
    theirs = Keyring().own()
    assert theirs is not None
    assert theirs.key_id == mine.key_id
    assert main(["key", "protect", "--off"]) == 0
    assert not Keyring().locked


def test_verify_stumbles_over_no_file(copy, tmp_path, capsys):
    rng = np.random.default_rng(3)
    whole = copy.read_bytes()
    files = {"empty.png": b"", "random.png": rng.bytes(5000), "text.jpg": b"hello" * 99}
    files |= {f"cut{n}.png": whole[:n] for n in (8, 33, 700, len(whole) // 2)}
    for n in range(12):
        spoilt = bytearray(whole)
        for at in rng.integers(0, len(whole), 4):
            spoilt[at] ^= int(rng.integers(1, 256))
        files[f"bits{n}.png"] = bytes(spoilt)
    files["film.mp4"] = b"\0\0\0\x20ftypisom" + rng.bytes(400)
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        if main(["verify", str(path)]) == 0:
            assert np.array_equal(Photo.open(path).rgb, Photo.open(copy).rgb), "what was spoilt is no pixel"
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        assert told.out or told.err
    empty = tmp_path / "nothing"
    empty.mkdir()
    for path in (empty, tmp_path / "absent.png"):
        assert main(["verify", str(path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
