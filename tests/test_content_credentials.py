"""Content credentials: what other programs read, what nobody may read, and what happens to strange files."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.content_credentials import Claim, Identity, Step, credentials, holds_credentials, sign
from deepmask.errors import EngineFailed
from deepmask.media import Photo, Sound, SoundWriter
from deepmask.media.clip import Clip
from tests.tiny.clips import even, make_clip

CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
SECRET, OTHER = b"s" * 32, b"o" * 32
NUMBER = 0x0123_4567_89AB_CDEF
CLAIM = Claim((Step("Faces replaced by generated ones", "trained", ("inswapper",)), Step("Faces pixelated")), NUMBER)


@pytest.fixture(scope="module")
def pixels():
    return np.ascontiguousarray(data.astronaut()[:200, :240])


def photo(path, pixels):
    Photo.from_array(pixels, path.name).save(path)
    return path


@pytest.fixture(scope="module")
def signed(tmp_path_factory, pixels):
    folder = tmp_path_factory.mktemp("signed")
    sign(photo(folder / "plain.jpg", pixels), folder / "signed.jpg", CLAIM, Identity(SECRET, NUMBER))
    return folder / "signed.jpg"


def found(path):
    """What the library itself thinks of a file: its state, and the codes of all that fails."""
    import c2pa

    with c2pa.Reader(str(path)) as reader:
        failures = reader.get_validation_results()["activeManifest"]["failure"]
        return reader.get_validation_state(), {one["code"] for one in failures}


# ------------------------------------------------------------------------------------------------------ what is written
@pytest.mark.parametrize("suffix", [".jpg", ".jfif", ".png", ".webp", ".tif", ".gif", ".avif", ".heic"])
def test_pictures_are_valid_for_others_and_their_pixels_are_as_they_were(suffix, pixels, tmp_path):
    plain, out = photo(tmp_path / f"plain{suffix}", pixels), tmp_path / f"signed{suffix}"
    sign(plain, out, CLAIM, Identity(SECRET, NUMBER))
    assert np.array_equal(Photo.open(out).rgb, Photo.open(plain).rgb)
    assert found(out) == ("Valid", {"signingCredential.untrusted"}), "no list of trust knows a certificate made at home"
    told = credentials(out, [SECRET])
    assert told is not None
    assert (told.state, told.yours, told.tag_id, told.by_machine) == ("intact", True, NUMBER, True)


def test_sixteen_bits_stay(tmp_path):
    import cv2

    deep = np.random.default_rng(1).integers(0, 65_536, (40, 60, 3), dtype=np.uint16)
    for suffix in (".png", ".tif"):
        plain = tmp_path / f"deep{suffix}"
        cv2.imwrite(str(plain), deep)
        Photo.open(plain).save(tmp_path / f"written{suffix}")
        sign(tmp_path / f"written{suffix}", tmp_path / f"signed{suffix}", CLAIM, Identity(SECRET, NUMBER))
        assert np.array_equal(cv2.imread(str(tmp_path / f"signed{suffix}"), cv2.IMREAD_UNCHANGED), deep)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".flac"])
def test_recordings_are_heard_as_before(suffix, tmp_path):
    plain, out = tmp_path / f"plain{suffix}", tmp_path / f"signed{suffix}"
    with SoundWriter(plain, 16_000, 1) as writer:
        writer.write(np.sin(np.arange(16_000) / 20).astype(np.float32)[:, None] * 0.3)
    sign(plain, out, Claim((Step("Voices converted", "synthetic"),)), Identity(SECRET, NUMBER))
    before, after = (np.concatenate(list(Sound.open(path).blocks())) for path in (plain, out))
    assert np.array_equal(before, after)
    assert found(out) == ("Valid", {"signingCredential.untrusted"})
    told = credentials(out, [SECRET])
    assert told is not None
    assert (told.yours, told.tag_id, told.by_machine) == (True, None, False)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_videos_play_as_before_from_the_start_on(suffix, tmp_path):
    plain = make_clip(
        tmp_path / f"plain{suffix}", even(20), sounds=["eng"], container_options={"movflags": "faststart"}
    )
    out = tmp_path / f"signed{suffix}"
    sign(plain, out, CLAIM, Identity(SECRET, NUMBER))
    before, after = Clip.open(plain), Clip.open(out)
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(before.pictures(), after.pictures(), strict=True))
    assert np.array_equal(before.timeline.pts, after.timeline.pts)
    whole = out.read_bytes()
    assert whole.find(b"moov") < whole.find(b"mdat"), "a player can begin before it has all"
    assert found(out) == ("Valid", {"signingCredential.untrusted"})


def test_other_files_hold_none_and_nothing_is_written(pixels, tmp_path):
    assert not any(holds_credentials(suffix) for suffix in (".bmp", ".mkv", ".webm", ".ogg", ""))
    with pytest.raises(EngineFailed, match="bmp files hold no content credentials"):
        sign(photo(tmp_path / "plain.bmp", pixels), tmp_path / "signed.bmp", CLAIM, Identity(SECRET, NUMBER))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(EngineFailed, match="cannot hold content credentials"):
        sign(tmp_path / "broken.png", tmp_path / "signed.png", CLAIM, Identity(SECRET, NUMBER))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.png", "plain.bmp"]


def test_what_would_fill_the_memory_is_not_signed(pixels, tmp_path, monkeypatch):
    monkeypatch.setattr("deepmask.content_credentials.writing.LARGEST_MB", 0)
    with pytest.raises(EngineFailed, match="takes as much memory"):
        sign(photo(tmp_path / "plain.png", pixels), tmp_path / "signed.png", CLAIM, Identity(SECRET, NUMBER))
    assert not (tmp_path / "signed.png").exists()


def test_a_file_is_signed_in_its_place(pixels, tmp_path):
    path = photo(tmp_path / "one.png", pixels)
    sign(path, path, CLAIM, Identity(SECRET, NUMBER))
    assert credentials(path) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


# ----------------------------------------------------------------------------------------------- what nobody may read
def test_nothing_in_the_file_leads_to_the_original_a_time_or_a_person(signed, pixels):
    whole = signed.read_bytes()
    manifest = whole[: whole.find(b"\xff\xdb")]
    text = manifest.decode("latin-1")
    assert b"JFIF" in whole[:32]
    assert manifest.count(b"\xff\xd8") == 1, "no thumbnail"
    assert b"\x89PNG" not in whole
    now = datetime.now(UTC)
    for word in (
        "signed.jpg",
        "plain.jpg",
        f"{now:%Y-%m-%d}",
        f"{now:%y%m%d}",
        os.uname().nodename,
        "thumbnail",
        "xmp:",
    ):
        assert word not in text, word
    assert "2025-" not in text
    assert "Original, not disclosed" in text
    assert not Image.open(signed).getexif()


def test_two_outputs_of_one_person_have_nothing_in_common(pixels, tmp_path):
    from cryptography import x509

    def certificates(number):
        chain = x509.load_pem_x509_certificates(Identity(SECRET, number).chain_pem.encode())
        leaf, authority = chain
        names = leaf.subject.rfc4514_string()
        keys = [one.public_key().public_bytes_raw() for one in chain]
        dates = {(one.not_valid_before_utc, one.not_valid_after_utc) for one in (leaf, authority)}
        return names, keys, leaf.serial_number, dates, leaf.issuer.rfc4514_string()

    one, two = certificates(1), certificates(2)
    assert one[0] != two[0]
    assert not set(one[1]) & set(two[1])
    assert one[2] != two[2]
    assert (one[3], one[4]) == (two[3], two[4]), "what is the same is the same for everybody"
    again = certificates(1)
    assert again == one


def test_a_name_is_told_if_its_owner_wants_it(pixels, tmp_path):
    path = photo(tmp_path / "one.png", pixels)
    sign(path, path, CLAIM, Identity(SECRET, NUMBER, "Studio Ypsilon"))
    told = credentials(path, [SECRET])
    assert told is not None
    assert (told.signer, told.yours) == ("Studio Ypsilon", True)


# --------------------------------------------------------------------------------------------------------- what is read
def test_only_the_owner_is_recognised(signed):
    for secrets, yours in (((), False), ((OTHER,), False), ((OTHER, SECRET), True)):
        told = credentials(signed, secrets)
        assert told is not None
        assert (told.safe, told.yours) == (True, yours)
    told = credentials(signed)
    assert told is not None
    assert "somebody who calls themselves 'Deepmask user" in told.summary()
    assert "Faces replaced by generated ones; Faces pixelated" in told.summary()


def test_who_copies_the_number_is_not_taken_for_the_owner(pixels, tmp_path):
    path = photo(tmp_path / "one.png", pixels)
    sign(path, path, CLAIM, Identity(OTHER, NUMBER))
    told = credentials(path, [SECRET])
    assert told is not None
    assert (told.safe, told.yours) == (True, False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda whole: whole[:-900] + bytes([whole[-900] ^ 1]) + whole[-899:], "the file was changed"),
        (lambda whole: whole.replace(b"Faces pixelated", b"Faces untouched"), "what it says of its making was changed"),
        (lambda whole: whole.replace(b"Deepmask user", b"Deepmask loser"), "does not fit|broken|changed|certificate"),
    ],
    ids=["pixels", "claim", "name"],
)
def test_a_change_is_told(signed, tmp_path, change, told):
    path = tmp_path / "changed.jpg"
    whole = change(signed.read_bytes())
    assert whole != signed.read_bytes()
    path.write_bytes(whole)
    found = credentials(path, [SECRET])
    assert found is not None
    assert (found.state, found.safe, found.yours) == ("changed", False, False)
    assert found.faults
    assert re.search(told, found.summary())


def test_credentials_of_another_file_do_not_fit(signed, pixels, tmp_path):
    """A whole manifest copied onto another picture."""
    whole = signed.read_bytes()
    other = photo(tmp_path / "other.jpg", np.ascontiguousarray(pixels[::-1])).read_bytes()
    start, end = whole.find(b"\xff\xeb"), whole.find(b"\xff\xdb")
    path = tmp_path / "forged.jpg"
    path.write_bytes(other[:20] + whole[start:end] + other[20:])
    told = credentials(path, [SECRET])
    assert told is not None
    assert told.state == "changed"


def edited(source, path, relationship="parentOf"):
    """What an editor that knows of content credentials makes of a file: its own on top, which tell of no machine."""
    import c2pa

    from deepmask.content_credentials import library

    taken = {"action": "c2pa.opened" if relationship == "parentOf" else "c2pa.placed"}
    begun = [] if relationship == "parentOf" else [{"action": "c2pa.created", "digitalSourceType": CAPTURED}]
    actions = [*begun, {**taken, "parameters": {"ingredientIds": ["before"]}}, {"action": "c2pa.resized"}]
    done = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    manifest = {"claim_version": 2, "claim_generator_info": [{"name": "Editor"}], "assertions": done}
    somebody = Identity(OTHER, NUMBER + 1, "Editor")
    signer = c2pa.Signer.from_callback(somebody.leaf_key.sign, c2pa.C2paSigningAlg.ED25519, somebody.chain_pem)
    builder = c2pa.Builder(manifest, context=library.context())
    with builder, source.open("rb") as before, source.open("rb") as read, path.open("w+b") as written:
        builder.add_ingredient({"label": "before", "relationship": relationship, "title": "x"}, "image/jpeg", before)
        builder.sign(signer, "image/jpeg", read, written)
    return path


@pytest.mark.parametrize("relationship", ["parentOf", "componentOf"])
def test_what_a_machine_made_stays_so_however_often_it_was_edited_since(signed, tmp_path, relationship):
    once = edited(signed, tmp_path / "once.jpg", relationship)
    for path in (once, edited(once, tmp_path / "twice.jpg")):
        told = credentials(path)
        assert told is not None
        assert (told.state, told.by_machine, told.made_up, told.program) == ("intact", True, True, "Editor")
        assert "Faces replaced by generated ones" in told.summary()
        assert not any(one.trained for one in told.done), "not what the last editor did"


def test_files_made_of_one_another_in_a_circle_or_without_end_are_read():
    from deepmask.content_credentials.reading import _ancestors

    def of(*labels):
        return {"ingredients": [{"relationship": "parentOf", "active_manifest": label} for label in labels]}

    circle = {"active_manifest": "a", "manifests": {"a": of("b"), "b": of("a", "b", "c", "gone"), "c": of()}}
    assert list(_ancestors(circle, circle["manifests"]["a"])) == [circle["manifests"]["b"], circle["manifests"]["c"]]
    chain = {"active_manifest": "0", "manifests": {str(n): of(str(n + 1)) for n in range(5000)}}
    assert 50 < len(list(_ancestors(chain, chain["manifests"]["0"]))) < 500


def test_words_of_strangers_do_not_drive_the_terminal(pixels, tmp_path):
    words = "\x1b[2K\x1b[1Agenuine\x9b8m \u202egnp.exe\u2066\u200b\x7f\nsecond line"
    path = photo(tmp_path / "one.png", pixels)
    sign(path, path, Claim((Step(words, "trained"),)), Identity(OTHER, NUMBER, "Bob"))
    told = credentials(path)
    assert told is not None
    assert told.summary().isprintable()
    assert "[2K[1Agenuine8m gnp.exe second line" in told.summary()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.mp4", "a.txt", "a", "a.pdf", "a.wav"])
def test_strange_files_have_none(name, signed, tmp_path):
    path = tmp_path / name
    assert credentials(path) is None, "not there"
    for junk in (b"", b"text", os.urandom(3000), signed.read_bytes()[:5000], b"RIFF\xff\xff\xff\xffWAVE"):
        path.write_bytes(junk)
        told = credentials(path)
        assert told is None or not told.safe
    assert credentials(tmp_path) is None


def test_nothing_is_asked_of_the_net(pixels, tmp_path):
    page = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"
    dcterms:provenance="http://127.0.0.1:{}/manifest.c2pa"/></rdf:RDF></x:xmpmeta>"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        Image.fromarray(pixels).save(tmp_path / "one.jpg", xmp=page.format(server.getsockname()[1]).encode())
        told = credentials(tmp_path / "one.jpg")
        with pytest.raises(TimeoutError):
            server.accept()
    assert told is not None
    assert (told.state, told.safe) == ("elsewhere", False)
    assert "nobody was asked" in told.summary()


def test_the_library_is_not_loaded_before_it_is_needed():
    code = "import sys, deepmask.content_credentials, deepmask.provenance; print('c2pa' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_a_claim_tells_no_more_than_asked():
    bare = replace(CLAIM, tag_id=None).manifest("image/png")
    assert [one["label"] for one in bare["assertions"]] == ["c2pa.actions.v2"]
    assert bare["ingredients"][0]["format"] == "image/png", "that of the output, whatever the original was"
