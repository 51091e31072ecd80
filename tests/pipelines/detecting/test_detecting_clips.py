"""Videos: which frames are looked at, the curve, the verdict over all."""

from pathlib import Path

import numpy as np
import pytest

from deepmask import engines
from deepmask.detect_report import ClipDetectReport, FrameScore
from deepmask.errors import Cancelled, MediaError
from deepmask.media import Clip
from deepmask.signing import Keyring
from deepmask.tag_keys import PUBLIC, private
from pipelines.verify import detecting
from pipelines.verify.detecting import DetectOptions
from pipelines.verify.detecting.clips import clip_score
from pipelines.verify.detecting.curve import draw
from pipelines.verify.examining import examine_clip
from tests.tiny.clips import even, make_clip
from tests.tiny.suspects import OneFace, Redness, cat_faced, collins, replaced

UNMARKED = DetectOptions(marks=False)
FRAMES = 20


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    real = engines.load
    own = {"face_finder": OneFace(), "fake_finder": Redness()}
    monkeypatch.setattr(engines, "load", lambda kind, name="auto": own.get(kind) or real(kind, name))


def film(folder: Path, red: range) -> Clip:
    """Collins for FRAMES pictures; in those of ``red`` her face is painted over."""

    def picture(number: int) -> np.ndarray:
        out = collins().copy()
        if number in red:
            out[60:175, 180:270] = (240, 10, 10)
        return out

    return Clip.open(make_clip(folder / "film.mp4", even(FRAMES), size_wh=(512, 512), picture=picture))


def test_a_genuine_video_is_not_called_fake(tmp_path):
    found = detecting.detect_clip(film(tmp_path, range(0)), options=UNMARKED)
    assert found.report.verdict != "fake"
    assert [frame.index for frame in found.report.frames] == list(range(FRAMES))


def test_a_part_of_a_video_that_is_faked_is_found_and_shown(tmp_path):
    found = detecting.detect_clip(film(tmp_path, range(8, 16)), options=UNMARKED)
    assert found.report.verdict == "fake"
    assert found.report.top_frames[0] in range(8, 16)
    assert len(found.top) <= 4
    assert found.top[0].heat[117, 225] > 0.8
    scores = {frame.index: frame.score for frame in found.report.frames}
    assert scores[12] > 0.8 > scores[2]
    titles = [exhibit.title for exhibit in found.dossier().exhibits]
    assert titles[0] == "Score over time"
    assert titles[1] == f"Frame {found.report.top_frames[0]}"


def test_a_face_put_into_a_tagged_video_is_found_by_the_gap(tmp_path):
    tagged = engines.load("tagger").embed(collins(), 0x1234_5678_9ABC_DEF0, PUBLIC, strength=3.0)
    swapped = np.where(replaced()[..., None], cat_faced(), tagged)
    for name, picture, verdict in (("whole", tagged, "unsure"), ("swapped", swapped, "fake")):
        path = make_clip(tmp_path / f"{name}.mp4", even(8), size_wh=(512, 512), picture=lambda n, shown=picture: shown)
        found = detecting.detect_clip(Clip.open(path))
        assert found.report.verdict == verdict, found.report.summary()
        assert found.report.reasons[0].kind == "tag"


def test_an_examination_goes_by_a_private_tag_whose_key_it_was_given(tmp_path):
    signer = Keyring(tmp_path / "keys").signer("a passphrase")
    tagged = engines.load("tagger").embed(collins(), 0x1234_5678_9ABC_DEF0, private(signer), strength=3.0)
    swapped = np.where(replaced()[..., None], cat_faced(), tagged)
    path = make_clip(tmp_path / "swapped.mp4", even(8), size_wh=(512, 512), picture=lambda n: swapped)
    detection = examine_clip(Clip.open(path), signer=signer).report.detection
    assert detection.verdict == "fake"
    assert detection.reasons[0].kind == "tag"
    assert examine_clip(Clip.open(path)).report.detection.reasons[0].kind != "tag"


def test_one_frame_alone_is_chance(tmp_path):
    found = detecting.detect_clip(film(tmp_path, range(9, 10)), options=UNMARKED)
    assert found.report.verdict != "fake"


def test_long_videos_are_sampled_evenly(tmp_path):
    found = detecting.detect_clip(film(tmp_path, range(0)), options=DetectOptions(marks=False, most_frames=5))
    assert [frame.index for frame in found.report.frames] == [0, 5, 10, 14, 19]


def test_it_can_be_stopped(tmp_path):
    def stop(fraction, message):
        if "frame 3" in message:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        detecting.detect_clip(film(tmp_path, range(0)), options=UNMARKED, progress=stop)


def test_a_video_that_became_another_file_is_told(tmp_path):
    clip = film(tmp_path, range(0))
    clip.path.write_bytes(b"gone")
    with pytest.raises(MediaError):
        detecting.detect_clip(clip, options=UNMARKED)


def test_nobody_in_the_picture_is_nothing_known(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "bars.mp4", even(6)))
    found = detecting.detect_clip(clip, options=UNMARKED)
    assert found.report.verdict == "unsure"
    assert found.report.score is None
    assert "no face" in found.report.summary().lower()


@pytest.mark.parametrize(
    ("scores", "low", "high"),
    [
        ([0.1] * 50, 0.1, 0.1),
        ([0.1] * 49 + [0.99], 0.1, 0.1),
        ([0.1] * 40 + [0.9] * 10, 0.85, 0.9),
        ([None] * 9 + [0.4], 0.4, 0.4),
    ],
)
def test_a_tenth_of_the_frames_counts_and_one_alone_does_not(scores, low, high):
    assert low - 1e-6 <= clip_score(scores) <= high + 1e-6


def test_the_curve_is_broken_where_no_face_was_seen():
    frames = tuple(FrameScore(n, n / 10, None if 40 <= n < 60 else 0.2 + n / 200) for n in range(100))
    report = ClipDetectReport("film.mp4", "unsure", (), "unet", 0.8, 0.3, 0.6, frames, (99,))
    page = draw(report, 10.0)
    whole = draw(ClipDetectReport("film.mp4", "unsure", (), "unet", 0.8, 0.3, 0.6, frames[:40], ()), 10.0)
    assert page.shape == (360, 1200, 3)
    line = np.abs(page.astype(int) - (67, 56, 202)).max(2) < 40
    columns = np.flatnonzero(line.any(0))
    assert columns.min() < 90
    assert not line[:, 510:660].any()
    assert columns.max() > 1050
    assert not np.array_equal(page, whole)
