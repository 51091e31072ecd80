"""Masked videos carry the tag in every frame, and say in their file that they are masked."""

import pickle

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.media.clip import Clip
from deepmask.plan import Decision
from deepmask.provenance import PixelTag, known_credentials
from deepmask.records import Ledger
from deepmask.roster import Roster
from deepmask.signing import Keyring
from deepmask.tag_keys import PUBLIC
from deepmask.vault import Vault
from pipelines import video
from pipelines.provenance.clips import STRENGTH, mark_clip
from pipelines.video import sharing
from tests.tiny.clips import even, make_clip

FRAMES, SIZE_WH = 24, (400, 300)
BOX = (60, 60, 160, 180)


def scene(n):
    """A camera that moves over a picture."""
    return np.ascontiguousarray(data.coffee()[n : n + 300, 2 * n : 2 * n + 400])


def filmed(path, frames=FRAMES, **more):
    return Clip.open(make_clip(path, even(frames), size_wh=SIZE_WH, picture=scene, options={"crf": "14"}, **more))


@pytest.fixture
def film(tmp_path):
    return filmed(tmp_path / "anna.mp4", sounds=["eng"])


def plan_of(film, action="solid"):
    plan = video.analyze(film, Roster())
    return video.add_track(plan, 0, len(film.timeline) - 1, BOX, Decision(action))


def delivered(film, out, plan=None, **more):
    return video.deliver(film, plan or plan_of(film), Vault(), out, **more)


def read(clip):
    """The tags of single frames; None where none is read."""
    tagger = engines.load("tagger")
    found = [tagger.read(picture.rgb, PUBLIC, thorough=False) for picture in clip.pictures()]
    return [None if one is None else one.tag_id for one in found]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webp"])
def test_a_masked_video_is_tagged_in_its_frames_and_signed(film, suffix, tmp_path):
    result = delivered(film, tmp_path / f"out{suffix}")
    assert result.clip is not None
    assert "tagged and signed as a masked video" in result.report.notes
    told = known_credentials(result.clip.path)
    assert told is not None
    assert (told.state, told.yours) == ("intact", True)
    assert "Faces covered" in told.summary()
    tags = read(result.clip)
    assert set(tags) == {told.tag_id} or set(tags) == {told.tag_id, None}
    together = engines.load("tagger").read_all([picture.rgb for picture in result.clip.pictures()], PUBLIC)
    assert together.tag_id == told.tag_id
    record = Ledger().find(told.tag_id or 0)
    assert record is not None
    assert (record.medium, record.what) == ("video", "a masked video")
    assert len(record.likenesses) > 3
    assert record.standing(Keyring().known())[0] == "yours"
    assert b"anna" not in result.clip.path.read_bytes()


def test_files_that_hold_no_credentials_are_tagged_alone(film, tmp_path):
    result = delivered(film, tmp_path / "out.mkv")
    assert result.clip is not None
    assert any("not signed, because .mkv files hold no" in note for note in result.report.notes)
    assert any(read(result.clip))


def test_tables_of_colours_are_signed_alone(film, tmp_path):
    result = delivered(film, tmp_path / "out.gif")
    assert result.clip is not None
    assert any("signed as a masked video, not tagged, because a table" in note for note in result.report.notes)
    assert not any(read(result.clip))


def test_an_edit_draws_anew_only_what_it_changes_though_all_frames_are_tagged(tmp_path, monkeypatch, own_home):
    monkeypatch.setattr(sharing, "MOST_FRAMES", 8)
    film = filmed(tmp_path / "film.mp4")
    plan = video.add_track(video.analyze(film, Roster()), 0, 5, BOX, Decision("pixelate"))
    delivered(film, tmp_path / "one.mp4", plan)
    before = {path.name for path in own_home.glob("work/*/*.mp4")}
    assert len(before) == 3
    delivered(film, tmp_path / "two.mp4", video.add_track(plan, 1, 4, (200, 60, 260, 120), Decision("solid")))
    assert len({path.name for path in own_home.glob("work/*/*.mp4")} - before) == 1
    bare = delivered(film, tmp_path / "bare.mp4", plan, provenance=False)
    assert bare.clip is not None
    assert len({path.name for path in own_home.glob("work/*/*.mp4")} - before) == 4, "frames without a tag are others"
    assert known_credentials(bare.clip.path) is None
    assert not any(read(bare.clip))


def test_the_tag_is_hardly_seen(film):
    mark = mark_clip(film, plan_of(film), ".mp4")
    assert mark.tag is not None
    frame = scene(0)
    moved = np.abs(mark.tag.laid(frame).astype(int) - frame)
    assert (moved.max(), mark.tag.strength) == (3, STRENGTH)


def test_a_video_in_which_nothing_was_done_is_as_it_was(film, tmp_path):
    plan = plan_of(film, "keep")
    assert mark_clip(film, plan, ".mp4").tag is None
    result = delivered(film, tmp_path / "out.mp4", plan)
    assert result.clip is not None
    assert known_credentials(result.clip.path) is None
    assert not any("tagged" in note or "signed" in note for note in result.report.notes)


def test_small_videos_are_signed_alone(tmp_path):
    film = Clip.open(make_clip(tmp_path / "small.mp4", even(5)))
    result = delivered(film, tmp_path / "out.mp4", video.add_track(
        video.analyze(film, Roster()), 0, 4, (10, 10, 50, 50), Decision("solid")
    ))  # fmt: skip
    assert any("not tagged, because A picture of 96 x 64 pixels is too small" in note for note in result.report.notes)


def test_what_travels_can_be_pickled():
    tag = PixelTag(5, STRENGTH)
    assert pickle.loads(pickle.dumps(tag)) == tag
