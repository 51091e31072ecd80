"""Tags in pixels: an id comes back after what happens to pictures, and only then."""

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.engines.tiles import coding
from deepmask.engines.tiles.geometry import Lay
from deepmask.errors import EngineFailed

ID = 0x1F3A09C277B0E4D1
KEY, OTHER = b"a key", b"another key"
TILES = engines.load("tagger", "tiles")


def photo(side=720):
    return cv2.resize(data.astronaut(), (side, side), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def tagged():
    return TILES.embed(photo(), ID, KEY)


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image[..., ::-1], [1, quality])[1], 1)[..., ::-1].copy()


def resized(image, across, down=None):
    return cv2.resize(image, None, fx=across, fy=down or across, interpolation=cv2.INTER_AREA)


def cropped(image, share, right=0.3, below=0.6):
    height, width = image.shape[:2]
    tall, wide = round(height * share), round(width * share)
    top, left = round((height - tall) * below), round((width - wide) * right)
    return image[top : top + tall, left : left + wide].copy()


def turned(image, degrees):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC)


HAPPENINGS = {
    "nothing": lambda image: image,
    "JPEG 50": lambda image: jpeg(image, 50),
    "JPEG 30": lambda image: jpeg(image, 30),
    "half size": lambda image: resized(image, 0.5),
    "half size, JPEG 75": lambda image: jpeg(resized(image, 0.5), 75),
    "twice as large": lambda image: resized(image, 2.0),
    "cropped to 80 %": lambda image: cropped(image, 0.8),
    "cropped to half of its area": lambda image: cropped(image, 0.71),
    "cropped to half of its side": lambda image: cropped(image, 0.5),
    "cropped, smaller, JPEG 75": lambda image: jpeg(resized(cropped(image, 0.8), 0.7), 75),
    "blurred": lambda image: cv2.GaussianBlur(image, (0, 0), 1.5),
    "turned by 1°": lambda image: turned(image, 1),
    "turned by -3°, JPEG 75": lambda image: jpeg(turned(image, -3), 75),
    "cropped, turned by 2°, JPEG 75": lambda image: jpeg(turned(cropped(image, 0.7), 2), 75),
    "mirrored, JPEG 75": lambda image: jpeg(image[:, ::-1], 75),
    "on its side": lambda image: np.rot90(image).copy(),
    "on its head": lambda image: image[::-1, ::-1].copy(),
    "widened by a tenth": lambda image: resized(image, 1.1, 1.0),
    "within a frame": lambda image: np.pad(image, ((60, 60), (100, 20), (0, 0))),
}


@pytest.mark.parametrize("happens", HAPPENINGS.values(), ids=HAPPENINGS.keys())
def test_an_id_comes_back(tagged, happens):
    found = TILES.read(happens(tagged), KEY)
    assert found is not None
    assert found.tag_id == ID


def test_what_happened_is_told(tagged):
    found = TILES.read(turned(cropped(tagged, 0.8), 2)[:, ::-1].copy(), KEY)
    assert found.mirrored
    assert found.angle_degrees == pytest.approx(2, abs=0.1)
    assert found.scale == pytest.approx(512 / 720, rel=0.004)


def test_a_quick_look_finds_whole_pictures_only(tagged):
    assert TILES.read(jpeg(resized(tagged, 0.6), 75), KEY, thorough=False).tag_id == ID
    assert TILES.read(cropped(tagged, 0.8), KEY, thorough=False) is None


def test_nothing_is_read_without_a_tag_or_with_another_key(tagged):
    pictures = [photo(), data.coffee(), data.chelsea(), np.stack([data.brick()] * 3, -1), photo()[:200, :300]]
    pictures += [np.zeros((400, 400, 3), np.uint8), np.full((300, 500, 3), 255, np.uint8)]
    pictures += [np.random.default_rng(1).integers(0, 256, (400, 500, 3)).astype(np.uint8)]
    assert [TILES.read(picture, KEY) for picture in pictures] == [None] * len(pictures)
    assert TILES.read(tagged, OTHER) is None


def test_a_tag_is_hardly_seen_and_stronger_ones_more(tagged):
    change = np.abs(tagged.astype(int) - photo())
    assert change.max() <= 5
    assert cv2.PSNR(photo(), tagged) > 39
    assert cv2.PSNR(photo(), TILES.embed(photo(), ID, KEY, strength=4.0)) < cv2.PSNR(photo(), tagged) - 5


def test_colours_stay(tagged):
    inside = (photo().min(-1) > 6) & (photo().max(-1) < 249)
    change = (tagged.astype(int) - photo())[inside]
    assert (change == change[:, :1]).all()


def test_the_same_tag_is_the_same_bits(tagged):
    assert np.array_equal(tagged, TILES.embed(photo(), ID, KEY))
    assert not np.array_equal(tagged, TILES.embed(photo(), ID + 1, KEY))


def test_the_pattern_of_a_key_never_changes():
    """Tags that were laid with another version must be read: whoever changes the pattern gives it a new name."""
    grey = np.full((256, 256, 3), 128, np.uint8)
    signs = (TILES.embed(grey, ID, KEY, strength=8.0)[::16, ::16, 0] > 128).astype(int)
    assert [int("".join(map(str, row)), 2) for row in signs[:4]] == PATTERN


PATTERN = [18761, 21331, 61937, 29298]


def test_small_pictures_hold_a_tag_and_tiny_ones_are_refused():
    small = TILES.embed(cv2.resize(photo(), (150, 130), interpolation=cv2.INTER_AREA), ID, KEY)
    assert TILES.read(small, KEY).tag_id == ID
    with pytest.raises(EngineFailed, match="too small"):
        TILES.embed(photo()[:100, :500], ID, KEY)


def test_many_weak_pictures_say_together_what_none_says_alone():
    rng = np.random.default_rng(2)
    frames = [
        np.clip(TILES.embed(photo(400), ID, KEY, strength=0.7) + rng.normal(0, 14, (400, 400, 3)), 0, 255)
        for _ in range(10)
    ]
    frames = [frame.astype(np.uint8) for frame in frames]
    assert TILES.read(frames[0], KEY) is None
    assert TILES.read_all(frames, KEY).tag_id == ID


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("crop", [1.0, 0.8])
def test_where_something_was_put_over_it_the_tag_is_missing(tagged, quality, crop):
    faked = tagged.copy()
    cv2.ellipse(faked, (315, 180), (75, 95), 0, 0, 360, (170, 140, 120), -1)
    put = cropped((faked != tagged).any(-1), crop)
    faked = np.where((faked != tagged).any(-1)[..., None], cv2.GaussianBlur(photo()[::-1], (0, 0), 1), tagged)
    seen = cropped(faked, crop)
    seen = seen if quality is None else jpeg(seen, quality)
    found = TILES.read(seen, KEY)
    missing = TILES.intact(seen, found, KEY) < 0.4
    assert (missing & put).sum() / (missing | put).sum() > 0.55
    assert (missing & ~put).sum() / (~put).sum() < 0.02


def test_nothing_is_missing_in_a_whole_picture(tagged):
    for seen in (tagged, jpeg(tagged, 75), turned(tagged, 2)[40:-40, 40:-40].copy()):
        there = TILES.intact(seen, TILES.read(seen, KEY), KEY)
        assert (there < 0.4).mean() < 0.03
        assert np.median(there) == pytest.approx(1, abs=0.2)


def test_a_picture_that_has_no_tag_as_a_whole_misses_it_everywhere(tagged):
    there = TILES.intact(photo()[::-1].copy(), TILES.read(tagged, KEY), KEY)
    assert (there < 0.4).mean() > 0.9


def test_panoramas_are_searched_and_their_maps_lie_right():
    wide = cv2.resize(data.rocket(), (2400, 400))
    seen = TILES.embed(wide, ID, KEY)[20:380, 200:2100].copy()
    seen[100:250, 1500:1800] = cv2.GaussianBlur(seen, (0, 0), 2)[::-1][100:250, 1500:1800]
    found = TILES.read(seen, KEY)
    assert found.tag_id == ID
    missing = TILES.intact(seen, found, KEY) < 0.4
    assert missing[120:230, 1530:1770].mean() > 0.9
    assert missing[:, :1400].mean() < 0.01


def test_a_large_face_over_half_of_the_picture_does_not_hide_the_id(tagged):
    seen = tagged.copy()
    seen[:, 200:620] = cv2.GaussianBlur(photo()[::-1], (0, 0), 1)[:, 200:620]
    assert TILES.read(jpeg(seen, 75), KEY).tag_id == ID


def test_a_coded_id_survives_noise_and_never_becomes_another():
    rng = np.random.default_rng(3)
    right = wrong = 0
    for _ in range(40):
        tag_id = int(rng.integers(0, 1 << 63)) * 2 + 1
        soft = coding.encoded(tag_id) + rng.normal(0, 0.8, coding.CODED_BITS)
        right += coding.decoded(soft) == tag_id
        wrong += coding.decoded(rng.normal(0, 1, coding.CODED_BITS)) is not None
    assert right == 40
    assert wrong == 0


def test_a_lay_is_undone_by_its_matrix():
    matrix = Lay(0.5, 90.0).matrix
    assert matrix @ [10, 0] == pytest.approx([0, 5])
    assert Lay(2.0, mirrored=True).matrix @ [1, 1] == pytest.approx([-2, 2])
