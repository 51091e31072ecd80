"""Seal, authenticate and restore real photos, with the real embedded engines."""

import json
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from deepmask.errors import Cancelled, DeepmaskError, EngineFailed, EngineMissing, InputError, MediaError
from deepmask.media import Photo
from deepmask.signing import PublicKey
from pipelines.protect import sealing
from pipelines.protect.sealing import SealOptions, seal
from pipelines.verify import authenticating
from pipelines.verify.authenticating import authenticate, restore
from pipelines.verify.detecting.marks import of_seal
from tests.tiny.seals import signer

ME, ANNA = signer(1), signer(2)
KEYS = [ME.public, PublicKey(ANNA.public.raw, "Anna")]


@pytest.fixture(scope="module")
def astronaut():
    return Photo.from_array(data.astronaut(), "astronaut.png")


@pytest.fixture(scope="module")
def sealed(astronaut):
    return seal(astronaut, ME)


@pytest.fixture
def somebody(monkeypatch):
    """Looking for faces takes time and is not what these tests are about: somebody stands always at one place."""
    names = ("background", "person", "skin")

    def mapped(image, parser="auto", faces=None, *, progress=None):
        from deepmask.sealing.regions import Regions

        parsed = np.zeros(image.shape[:2], np.uint8)
        parsed[40:, 100:300], parsed[60:160, 150:250] = 1, 2
        return sealing.Mapped(parsed, names, Regions.of(parsed, "mesh", names), ())

    monkeypatch.setattr(sealing, "mapped", mapped)
    monkeypatch.setattr(authenticating, "mapped", mapped)


def test_the_original_comes_back_bit_for_bit(sealed, astronaut, tmp_path):
    path = tmp_path / "sealed.png"
    sealed.save(path)
    read = Photo.open(path)
    found = authenticate(read, KEYS)
    assert found.report.verdict == "authentic"
    assert found.report.signer == "you"
    assert found.report.safe
    assert found.report.authentication == sealed.report.authentication
    assert found.report.fingerprint == astronaut.fingerprint
    assert np.array_equal(restore(read, KEYS).rgb, astronaut.rgb)


def test_the_report_says_what_was_measured(sealed, astronaut):
    report = sealed.report
    assert report.restores
    assert report.safe
    assert report.psnr_db > 55
    assert report.ssim > 0.99
    assert report.fine_blocks > 20, "the face"
    assert report.may_change > 0.3 * report.blocks / 3
    assert report.authentication.startswith("DM-")
    assert len(report.authentication) == 22
    assert json.loads(report.to_json())["fingerprint"] == astronaut.fingerprint
    assert report.authentication in report.summary()


def test_sealing_again_gives_the_same_file(sealed, astronaut):
    assert np.array_equal(seal(astronaut, ME).photo.rgb, sealed.photo.rgb)


def test_another_key_gives_another_string_and_is_named(astronaut, somebody):
    mine, theirs = seal(astronaut, ME), seal(astronaut, ANNA)
    assert theirs.report.authentication != mine.report.authentication
    assert authenticate(theirs.photo, KEYS).report.signer == "Anna"


def test_a_key_somebody_knows_is_no_proof(sealed):
    found = authenticate(sealed.photo, KEYS[1:])
    assert found.report.verdict == "unknown key"
    assert not found.report.safe
    assert found.report.signer == ""
    assert bytes.fromhex(found.report.public_key) == ME.public.raw
    assert "do not know" in found.report.summary()
    assert found.restored is not None


def test_a_replaced_face_is_told_with_its_place_and_parts(sealed, astronaut):
    changed = sealed.photo.rgb.copy()
    changed[60:210, 170:280] = changed[300:450, 170:280]
    found = authenticate(Photo.from_array(changed, "fake.png"), KEYS)
    assert found.report.verdict == "changed"
    assert found.report.signer == "you"
    shares = {one.name: one.agreement for one in found.report.classes}
    assert shares["skin"] < 0.5
    assert any("skin" in reason for reason in found.report.reasons)
    covered = np.zeros((512, 512), bool)
    for x, y, w, h in found.report.changed_boxes:
        covered[y : y + h, x : x + w] = True
    assert covered[60:210, 170:280].all()
    assert covered.mean() < 0.2
    restored = found.restored
    assert restored is not None
    assert np.array_equal(restored.rgb[~covered], astronaut.rgb[~covered])
    with pytest.raises(InputError, match="--partly"):
        restore(Photo.from_array(changed), KEYS)
    assert np.array_equal(restore(Photo.from_array(changed), KEYS, partly=True).rgb, restored.rgb)


def test_a_cropped_picture_is_never_authentic(sealed):
    found = authenticate(Photo.from_array(np.ascontiguousarray(sealed.photo.rgb[20:480, 30:500])), KEYS)
    assert found.report.verdict == "changed"
    assert found.report.cropped
    assert found.report.changed_boxes == ()
    assert "cropped" in found.report.summary()


def test_a_turned_picture_is_told_as_turned(sealed, astronaut):
    found = authenticate(Photo.from_array(np.ascontiguousarray(np.rot90(sealed.photo.rgb))), KEYS)
    assert found.report.verdict == "changed"
    assert "turned" in found.report.summary()
    assert found.restored is not None
    assert np.array_equal(found.restored.rgb, astronaut.rgb)


TURNED = {
    "mirrored": lambda rgb: rgb[:, ::-1],
    "turned left": np.rot90,
    "turned right": lambda rgb: np.rot90(rgb, -1),
    "upside down": lambda rgb: rgb[::-1, ::-1],
    "mirrored and turned": lambda rgb: np.rot90(rgb[:, ::-1]),
}


@pytest.mark.parametrize("how", TURNED)
def test_changes_of_a_turned_picture_are_told_where_they_are_seen(somebody, how):
    changed = seal(Photo.from_array(data.coffee(), "coffee.png"), ME).photo.rgb.copy()
    mark = np.zeros(changed.shape[:2], bool)
    mark[130:180, 470:560] = True
    changed[mark] = 0
    turn = TURNED[how]
    shown = np.ascontiguousarray(turn(changed))
    found = authenticate(Photo.from_array(shown), KEYS)
    covered = np.zeros(shown.shape[:2], bool)
    for x, y, w, h in found.report.changed_boxes:
        assert min(x, y) >= 0
        covered[y : y + h, x : x + w] = True
    assert covered[turn(mark)].all()
    assert covered.mean() < 0.1
    ys, xs = np.nonzero(turn(mark))
    face = float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)
    evidence = of_seal(found.report, [face], (shown.shape[1], shown.shape[0]))
    assert evidence is not None
    assert evidence.says == "fake"
    assert found.dossier().exhibits[0].image.shape == shown.shape


@pytest.mark.parametrize("suffix", [".tif", ".webp", ".bmp", ".png"])
def test_every_lossless_format_holds_a_seal(sealed, tmp_path, suffix):
    path = tmp_path / f"sealed{suffix}"
    sealed.save(path)
    assert authenticate(Photo.open(path), KEYS).report.verdict == "authentic"


@pytest.mark.parametrize("name", ["sealed.jpg", "sealed.heic", "sealed.gif", "sealed"])
def test_a_file_that_changes_pixels_is_refused(sealed, tmp_path, name):
    with pytest.raises(InputError, match="every pixel"):
        sealed.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_that_does_not_hold_the_seal(sealed, tmp_path, monkeypatch):
    def spoiling(self, path):
        spoilt = self.rgb.copy()
        spoilt[5, 5] ^= 1
        Image.fromarray(spoilt).save(path)

    monkeypatch.setattr(Photo, "save", spoiling)
    with pytest.raises(DeepmaskError, match="was not written"):
        sealed.save(tmp_path / "sealed.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("quality", "suffix"), [(95, ".jpg"), (80, ".webp")])
def test_saving_with_loss_takes_the_seal_away_and_is_told(sealed, tmp_path, quality, suffix):
    path = tmp_path / f"sent{suffix}"
    Image.fromarray(sealed.photo.rgb).save(path, quality=quality)
    found = authenticate(Photo.open(path), KEYS)
    assert found.report.verdict == "not sealed"
    assert found.restored is None
    assert "read-tag" in found.report.summary()
    with pytest.raises(InputError, match="cannot be restored"):
        restore(Photo.open(path), KEYS)


def test_a_jpeg_becomes_a_png_and_is_told_what_that_means(somebody, tmp_path):
    path = tmp_path / "party.jpg"
    Image.fromarray(data.coffee()).save(path, quality=88)
    done = seal(Photo.open(path), ME)
    assert done.photo.name == "party.png"
    assert done.photo.suffix == ".png"
    assert any("JPEG" in note for note in done.report.notes)
    assert any("messenger" in note for note in done.report.notes)
    done.save(tmp_path / "party.png")
    found = restore(Photo.open(tmp_path / "party.png"), KEYS)
    assert np.array_equal(found.rgb, Photo.open(path).rgb)


def test_greys_stay_grey_and_opacity_stays(somebody, tmp_path):
    grey = tmp_path / "grey.png"
    Image.fromarray(data.camera()).save(grey)
    seal(Photo.open(grey), ME).save(tmp_path / "sealed-grey.png")
    assert Image.open(tmp_path / "sealed-grey.png").mode == "L"
    assert authenticate(Photo.open(tmp_path / "sealed-grey.png"), KEYS).report.verdict == "authentic"

    clear = np.dstack([data.coffee(), np.tile(np.arange(600) % 256, (400, 1)).astype(np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    done = seal(Photo.open(tmp_path / "clear.png"), ME)
    for suffix in (".png", ".webp", ".tif"):
        path = tmp_path / f"sealed-clear{suffix}"
        done.save(path)
        read = Photo.open(path)
        assert authenticate(read, KEYS).report.verdict == "authentic"
        assert np.array_equal(restore(read, KEYS).original.alpha, clear[..., 3])
    with pytest.raises(InputError, match="BMP"):
        done.save(tmp_path / "clear.bmp")
    spoilt = np.asarray(Image.open(tmp_path / "sealed-clear.png")).copy()
    spoilt[200, 300, 3] ^= 255
    Image.fromarray(spoilt).save(tmp_path / "spoilt.png")
    assert authenticate(Photo.open(tmp_path / "spoilt.png"), KEYS).report.verdict == "changed"


def test_a_table_of_colours_becomes_full_colour(somebody, tmp_path):
    path = tmp_path / "few.gif"
    Image.fromarray(data.coffee()).quantize(64).save(path)
    done = seal(Photo.open(path), ME)
    assert any("full colour" in note for note in done.report.notes)
    done.save(tmp_path / "few.png")
    assert np.array_equal(restore(Photo.open(tmp_path / "few.png"), KEYS).rgb, Photo.open(path).rgb)


def test_the_colour_profile_is_part_of_what_is_sealed(somebody, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "profile.png"
    Image.fromarray(data.coffee()).save(path, icc_profile=profile)
    done = seal(Photo.open(path), ME)
    done.save(path)
    assert authenticate(Photo.open(path), KEYS).report.verdict == "authentic"
    Image.open(path).save(tmp_path / "without.png", icc_profile=None)
    found = authenticate(Photo.open(tmp_path / "without.png"), KEYS)
    assert found.report.verdict == "changed"
    assert "profile" in found.report.summary()
    with pytest.raises(InputError, match="BMP"):
        done.save(tmp_path / "profile.bmp")


def _with_chunk(path, name, content):
    raw = path.read_bytes()
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    path.write_bytes(raw[:33] + chunk + raw[33:])
    return Photo.open(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"gAMA", struct.pack(">I", 250_000)),
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 15000, 6000, 64000, 33000, 30000, 60000)),
    ],
    ids=["gamma", "HDR", "swapped primaries"],
)
def test_colours_that_are_shown_otherwise_are_a_change(sealed, tmp_path, name, content):
    sealed.save(tmp_path / "sealed.png")
    found = authenticate(_with_chunk(tmp_path / "sealed.png", name, content), KEYS)
    assert found.report.verdict == "changed"
    assert "look different" in found.report.summary()
    assert found.report.notes == ()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        (b"tIME", bytes([7, 228, 1, 1, 0, 0, 0]), "date"),
        (b"pHYs", struct.pack(">IIB", 1, 40, 0), "print size"),
        (b"caBX", b"credentials of somebody", "content credentials"),
        (b"tEXt", b"Comment\0Taken in Kyiv by Anna", "text"),
        (b"zzZz", b"whatever", "other data"),
    ],
    ids=["date", "size", "credentials", "text", "other"],
)
def test_what_was_put_beside_the_pixels_is_told_as_unsigned(sealed, tmp_path, name, content, kind):
    sealed.save(tmp_path / "sealed.png")
    report = authenticate(_with_chunk(tmp_path / "sealed.png", name, content), KEYS).report
    assert report.verdict == "authentic"
    assert report.notes == (f"not covered by the seal, so anybody can have added it since: {kind}",)


def test_pictures_added_to_the_file_are_told(somebody, tmp_path):
    done = seal(Photo.from_array(data.coffee(), "coffee.png"), ME)
    pages = [Image.fromarray(done.photo.rgb), Image.fromarray(data.coffee()[::-1])]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    found = authenticate(Photo.open(tmp_path / "two.tif"), KEYS)
    assert found.report.verdict == "changed"
    assert "more pictures" in found.report.summary()


def test_a_seal_of_another_picture_is_not_authentic(somebody):
    from deepmask.sealing.laying import lay
    from tests.tiny.seals import statement

    other = np.ascontiguousarray(data.coffee()[::-1])
    copied = lay(other, statement(data.coffee(), ME.public), ME, grey=False).rgb
    found = authenticate(Photo.from_array(copied), KEYS)
    assert found.report.verdict == "not authentic"
    assert found.restored is None
    assert "another picture" in found.report.summary()


def test_many_small_blocks_of_it_do_not_make_another_picture_that_of_a_signer(somebody, astronaut):
    from deepmask.sealing import expansion
    from deepmask.sealing.finding import Found, find, read_share

    mine = seal(astronaut, ME, SealOptions(protect=("people",))).photo.rgb
    known = find(mine)
    assert isinstance(known, Found)
    other = np.ascontiguousarray(np.rot90(data.rocket()[:427, :427]))
    other = np.pad(other, ((0, 85), (0, 85), (0, 0)), mode="reflect")
    small = [block.box for block in known.statement.layout.blocks if block.fine][:48]
    for block in known.statement.layout.blocks:
        x, y, w, h = block.box
        found = read_share(mine, block.box)
        if block.box in small:
            other[y : y + h, x : x + w] = mine[y : y + h, x : x + w]
        elif found is not None:
            expansion.write(other, block.box, found[0].to_bits(), grey=False)
    found = authenticate(Photo.from_array(other), KEYS)
    assert found.report.intact > 40
    assert found.report.verdict == "not authentic"


def test_no_changed_picture_is_headed_authentic(sealed):
    changed = sealed.photo.rgb.copy()
    changed[400:430, 30:60] = 0
    verdict = authenticate(Photo.from_array(changed), KEYS).dossier().verdict
    assert verdict == "Changed since it was sealed"


def test_plain_areas_prove_nothing(somebody):
    from deepmask.sealing.laying import lay
    from tests.tiny.seals import statement

    mine, other = (np.full((384, 384, 3), 200, np.uint8) for _ in range(2))
    mine[:128], other[:128] = data.astronaut()[:128, :384], data.coffee()[200:328, 100:484]
    copied = lay(other, statement(mine, ME.public), ME, grey=False).rgb
    assert authenticate(Photo.from_array(copied), KEYS).report.verdict == "not authentic"


def test_a_scribble_on_plain_paper_is_a_change(somebody):
    paper = np.full((320, 320, 3), 255, np.uint8)
    scribbled = seal(Photo.from_array(paper, "paper.png"), ME).photo.rgb.copy()
    scribbled[100:110, 100:220] = 0
    found = authenticate(Photo.from_array(scribbled), KEYS)
    assert found.report.verdict == "changed"
    assert len(found.report.changed_boxes) < 12


def test_a_forged_signature_is_not_authentic():
    from deepmask.sealing.laying import lay
    from tests.tiny.seals import statement

    forged = lay(data.coffee(), statement(data.coffee(), ME.public), ANNA, grey=False).rgb
    found = authenticate(Photo.from_array(forged), KEYS)
    assert found.report.verdict == "not authentic"
    assert "forged" in found.report.summary()
    with pytest.raises(InputError, match="forged"):
        restore(Photo.from_array(forged), KEYS, partly=True)


def _with_false_shares(rgb, boxes):
    """What is laid into these blocks is something else, though its checks fit."""
    from deepmask.sealing import expansion
    from deepmask.sealing.finding import read_share

    changed = rgb.copy()
    for x, y in boxes:
        found = read_share(rgb, (x, y, 64, 64))
        if found is not None:
            share, changed[y : y + 64, x : x + 64] = found
            wrong = replace(share, parts=tuple(bytes(len(part)) for part in share.parts))
            assert expansion.write(changed, (x, y, 64, 64), wrong.to_bits(), grey=False)
    return changed


@pytest.fixture(scope="module")
def coffee():
    from tests.tiny.seals import sealed as laid

    return laid(data.coffee(), ME)


@pytest.mark.parametrize("count", [1, 8])
def test_false_shares_are_told_and_take_nothing_away(coffee, count):
    photo = Photo.from_array(_with_false_shares(coffee, [(64 * n, 0) for n in range(count)]))
    found = authenticate(photo, KEYS)
    assert found.report.verdict == "changed"
    assert found.report.signer == "you"
    assert found.report.bare_boxes == tuple((64 * n, 0, 64, 64) for n in range(count))
    assert found.report.changed_boxes == ()
    assert f"{count} of 54 blocks show what was sealed" in found.report.summary()
    assert "orange" in found.dossier().exhibits[0].words
    assert np.array_equal(restore(photo, KEYS, partly=True).rgb, data.coffee())


def test_where_the_seal_was_taken_out_is_told(coffee):
    changed = coffee.copy()
    changed[256:] = data.coffee()[256:]
    found = authenticate(Photo.from_array(np.ascontiguousarray(changed[:, ::-1])), KEYS)
    assert found.report.verdict == "changed"
    assert found.report.changed_boxes == ()
    evidence = of_seal(found.report, [(100, 260, 220, 380)], (600, 400))
    assert evidence is not None
    assert evidence.says == "unsure", "what is seen there is the original"
    assert {y for _, y, _, _ in found.report.bare_boxes} == {256, 320}
    assert {x for x, _, _, _ in found.report.bare_boxes} == {0, 88, 152, 216, 280, 344, 408, 472, 536}


def test_parts_that_contradict_each_other_are_not_believed(coffee):
    changed = _with_false_shares(coffee, [(x, y) for x in range(0, 512, 64) for y in range(0, 256, 64)])
    found = authenticate(Photo.from_array(changed), KEYS)
    assert found.report.verdict == "not authentic"
    assert found.restored is None


def test_what_cannot_be_sealed_is_told_in_a_sentence(tmp_path):
    with pytest.raises(MediaError, match="64 a side"):
        seal(Photo.from_array(np.ascontiguousarray(data.coffee()[:63]), "small.png"), ME)
    import cv2

    cv2.imwrite(str(tmp_path / "deep.png"), data.coffee().astype(np.uint16) * 257)
    with pytest.raises(MediaError, match="16 bits"):
        seal(Photo.open(tmp_path / "deep.png"), ME)
    assert authenticate(Photo.open(tmp_path / "deep.png"), KEYS).report.verdict == "not sealed"
    with pytest.raises(EngineMissing, match="bisenet"):
        seal(Photo.from_array(data.coffee(), "coffee.png"), ME, SealOptions(parser="bisenet"))


def test_noise_without_room_is_told_with_the_name_of_the_file(somebody):
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    with pytest.raises(EngineFailed, match=r"noise\.png cannot be sealed"):
        seal(Photo.from_array(noise, "noise.png"), ME)


def test_people_can_be_protected_as_a_whole_or_nothing(astronaut, somebody):
    faces, everybody, nothing = (
        seal(astronaut, ME, SealOptions(protect=protect)) for protect in (("faces",), ("people",), ())
    )
    assert everybody.report.fine_blocks > faces.report.fine_blocks > nothing.report.fine_blocks == 0
    assert everybody.report.psnr_db < faces.report.psnr_db < nothing.report.psnr_db


def test_work_is_stopped_on_request(astronaut, somebody):
    def stop(fraction, message):
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        seal(astronaut, ME, progress=stop)


def test_findings_are_laid_out_for_people(sealed, somebody):
    page = sealed.dossier().html()
    assert sealed.report.authentication in page
    changed = sealed.photo.rgb.copy()
    changed[400:430, 30:60] = 0
    page = authenticate(Photo.from_array(changed, "<b>.png"), KEYS).dossier().html()
    assert "Changed since it was sealed" in page
    assert "<b>.png" not in page
    plain = authenticate(Photo.from_array(data.coffee()), KEYS).dossier()
    assert plain.verdict == "Not sealed"
    assert plain.tone == "info"
