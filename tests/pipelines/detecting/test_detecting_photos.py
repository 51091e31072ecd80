"""Whole photos: marks, the original, the shipped network, and what people are shown."""

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.content_credentials import Claim, Identity, Step, sign
from deepmask.errors import UnknownName
from deepmask.media import Photo
from deepmask.records import Ledger, Record
from deepmask.signing import Keyring
from deepmask.tag_keys import PUBLIC
from pipelines.tag_likeness import likeness_of
from pipelines.verify import detecting
from pipelines.verify.detecting import DetectOptions, forensics
from pipelines.verify.detecting.drawing import overlay
from tests.tiny.suspects import OneFace, Redness, cat_faced, collins, compressed, replaced

UNMARKED = DetectOptions(marks=False)
TAG = 0x1234_5678_9ABC_DEF0


@pytest.fixture
def fakes(monkeypatch):
    """A face finder that knows the place, and a detector for which red is fake."""
    real = engines.load
    own = {"face_finder": OneFace(), "fake_finder": Redness()}
    monkeypatch.setattr(engines, "load", lambda kind, name="auto": own.get(kind) or real(kind, name))


@pytest.fixture(scope="module")
def tagged():
    return engines.load("tagger").embed(collins(), TAG, PUBLIC)


@pytest.mark.parametrize(
    "history",
    [
        lambda rgb: rgb,
        lambda rgb: compressed(rgb, 75),
        lambda rgb: compressed(compressed(rgb, 85), 50),
        lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda rgb: cv2.resize(rgb, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC),
        lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    ],
    ids=["as it is", "JPEG 75", "twice compressed", "half size", "enlarged", "mirrored"],
)
def test_a_genuine_photo_is_never_called_fake(history):
    found = detecting.detect(Photo.from_array(history(collins())), options=UNMARKED)
    assert found.report.verdict != "fake"
    assert found.report.safe
    assert found.report.faked_share == 0
    assert len(found.report.faces) == 1


def test_a_score_is_the_median_over_three_versions(fakes):
    face = detecting.detect(Photo.from_array(collins()), options=UNMARKED).report.faces[0]
    assert set(face.versions) == {"as it is", "JPEG 75", "× 0.7"}
    assert face.score == pytest.approx(np.median(list(face.versions.values())), abs=1e-3)


def test_the_detector_decides_where_there_is_nothing_else(fakes):
    red = collins().copy()
    red[60:175, 180:270] = (230, 20, 20)
    found = detecting.detect(Photo.from_array(red), options=UNMARKED)
    assert found.report.verdict == "fake"
    assert found.heat[117, 225] > 0.9
    assert found.heat[20, 350] < 0.2
    assert 0 < found.report.faked_share < 0.5
    assert "seams" in found.report.summary()


def test_without_a_face_nobody_can_tell():
    found = detecting.detect(Photo.from_array(np.ascontiguousarray(data.chelsea()[:64, :64])), options=UNMARKED)
    assert found.report.verdict == "unsure"
    assert "no face" in found.report.summary().lower()


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3, 5), (700, 33)])
def test_pictures_of_any_size_are_looked_at(size):
    found = detecting.detect(Photo.from_array(np.full((*size, 3), 127, np.uint8)))
    assert found.report.verdict == "unsure"
    assert found.heat.shape == size
    assert found.dossier().exhibits


def test_the_original_shows_what_was_changed(fakes):
    mine = Photo.from_array(collins(), "mine.png")
    found = detecting.detect(Photo.from_array(compressed(cat_faced(), 75)), original=mine, options=UNMARKED)
    assert found.report.verdict == "fake"
    assert found.report.reasons[0].kind == "original"
    assert found.report.faked_share == pytest.approx(replaced().mean(), rel=0.5)
    assert (found.heat[replaced()] >= 0.5).mean() > 0.6


def record(what, likeness=None):
    """The user's own, of the tag."""
    signer, size = Keyring().signer(), (512, 512)
    likenesses = [likeness or likeness_of(collins())]
    Ledger().add(Record.now(TAG, what, "photo", size, "public", likenesses).signed(signer))


def test_a_whole_tag_of_ones_own_leaves_the_verdict_to_the_detector(fakes, tagged):
    record("a photo")
    found = detecting.detect(Photo.from_array(compressed(tagged, 75)))
    alone = detecting.detect(Photo.from_array(compressed(tagged, 75)), options=UNMARKED)
    assert found.report.verdict == alone.report.verdict
    told = next(reason for reason in found.report.reasons if reason.kind == "tag")
    assert told.says is None
    assert "everybody with Deepmask can lay it over a changed picture again" in told.words


def test_a_tag_laid_again_over_another_face_makes_nothing_real(fakes, tagged):
    """The id is read by everybody, and the public key is in the source."""
    record("a photo")
    red = tagged.copy()
    red[60:175, 180:270] = (150, 60, 60)
    laid_again = engines.load("tagger").embed(red, TAG, PUBLIC, strength=2.0)
    found = detecting.detect(Photo.from_array(laid_again))
    assert found.report.verdict != "likely real", found.report.summary()


def test_a_third_of_a_picture_replaced_beside_the_face_is_told_with_its_share(fakes, tagged):
    record("a photo")
    changed = tagged.copy()
    changed[350:] = cv2.resize(data.coffee(), (512, 512))[350:]
    found = detecting.detect(Photo.from_array(changed))
    assert found.report.verdict == "unsure"
    told = found.report.reasons[0]
    assert told.kind == "tag"
    share = int(told.words.partition(" %")[0].rpartition(" ")[2])
    assert 25 <= share <= 36, told.words
    assert found.heat[400:, 100:400].mean() > 0.8 > 0.2 > found.heat[:200].mean()


@pytest.mark.parametrize("what", ["a photo that was tagged before by somebody else", "a photo"])
def test_a_tag_of_which_it_is_not_known_what_it_was_given_to_is_doubtful(fakes, tagged, what):
    record(what, likeness_of(np.ascontiguousarray(collins()[:, ::-1])) if what == "a photo" else None)
    found = detecting.detect(Photo.from_array(tagged))
    assert found.report.verdict != "likely real"
    assert {reason.says for reason in found.report.reasons if reason.kind == "tag"} <= {"unsure", "fake"}


def test_a_tag_of_a_masked_photo_says_that_it_shows_a_persona(fakes, tagged):
    record("a masked photo")
    found = detecting.detect(Photo.from_array(tagged))
    assert found.report.verdict == "fake"
    assert "this is a masked photo" in found.report.summary()


def test_a_strangers_tag_may_be_that_of_a_masked_picture(fakes, tagged):
    found = detecting.detect(Photo.from_array(tagged))
    assert found.report.verdict == "unsure"
    assert {reason.says for reason in found.report.reasons if reason.kind == "tag"} == {"unsure"}


def test_a_face_put_in_after_the_tag_is_found_by_the_gap(fakes, tagged):
    swapped = np.where(replaced()[..., None], cat_faced(), tagged)
    found = detecting.detect(Photo.from_array(compressed(swapped, 75)))
    assert found.report.verdict == "fake"
    assert found.report.reasons[0].kind == "tag"
    marked = found.heat >= 0.5
    assert (marked & replaced()).sum() / (marked | replaced()).sum() > 0.5


def test_content_credentials_that_tell_of_a_persona_are_believed(fakes, tmp_path):
    plain, path = tmp_path / "plain.png", tmp_path / "signed.png"
    source = Photo.from_array(collins(), "signed.png")
    source.save(plain)
    sign(plain, path, Claim((Step("Faces replaced by drawn ones", "synthetic"),)), Identity(b"k" * 32, 7))
    found = detecting.detect(Photo.open(path), path=path)
    assert found.report.verdict == "fake"
    assert found.report.reasons[0].kind == "credentials"
    assert "Faces replaced" in found.report.reasons[0].words
    assert not any("copy" in note for note in found.report.notes), "nothing is copied by looking"


def test_marks_can_be_left_out(tagged):
    found = detecting.detect(Photo.from_array(tagged), options=UNMARKED)
    assert {reason.kind for reason in found.report.reasons} == {"detector"}


def test_an_unknown_engine_is_an_error_and_gives_way_to_no_other():
    with pytest.raises(UnknownName, match="unet"):
        detecting.detect(Photo.from_array(collins()), options=DetectOptions(engine="oracle"))


def test_what_people_are_shown(fakes):
    dossier = detecting.detect(Photo.from_array(collins(), "party.jpg"), options=UNMARKED).dossier()
    assert dossier.title == "Faked pixels in party.jpg"
    titles = [exhibit.title for exhibit in dossier.exhibits]
    assert titles == ["Heat map of the detector", "Error level", "Noise", "Earlier compression", "Grid of blocks"]
    assert any("no part in the verdict" in note for note in dossier.notes)
    assert any("made as a whole" in note for note in dossier.notes)
    assert dossier.tables[0].rows[0][0] == "1"
    assert "party.jpg" in dossier.html()


def test_a_heat_map_leaves_what_is_not_suspicious_as_it_was():
    heat = np.zeros((512, 512), np.float32)
    heat[100:200, 100:200] = 1
    shown = overlay(collins(), heat)
    assert np.array_equal(shown[300:], collins()[300:])
    assert np.abs(shown[150, 150].astype(int) - collins()[150, 150]).max() > 30


def test_a_place_with_another_compression_stands_out_in_the_exhibits():
    mixed = compressed(collins(), 60)
    mixed[200:360, 200:360] = collins()[200:360, 200:360]
    grid = forensics.block_grid(mixed)
    level = forensics.error_level(mixed)
    inside, around = np.s_[220:340, 220:340], np.s_[40:180, 280:420]
    assert grid[inside].mean() < 0.5 * grid[around].mean()
    assert level[inside].mean() > 2 * level[around].mean()
