"""Tracks: boxes at key frames, edited by people, small for long videos."""

from __future__ import annotations

import numpy as np
import pytest

from deepmask.errors import PlanError
from deepmask.plan import Decision
from deepmask.track import Key, Span, Track, simplified
from deepmask.video_plan import VideoPlan

HIDE = Decision("pixelate")


def track(*keys, id="face-1", **more):
    return Track(id, tuple(Key(frame, box) for frame, box in keys), HIDE, **more)


def test_between_two_keys_a_box_moves_in_a_straight_line():
    moving = track((10, (0, 0, 20, 20)), (20, (100, 50, 120, 70)))
    assert moving.box_at(15) == (50, 25, 70, 45)
    assert moving.box_at(10) == (0, 0, 20, 20)
    assert moving.box_at(20) == (100, 50, 120, 70)
    assert moving.box_at(9) is None
    assert moving.box_at(21) is None


def test_a_box_is_changed_in_one_frame_and_beyond_the_ends():
    moving = track((10, (0, 0, 20, 20)), (20, (100, 50, 120, 70)))
    edited = moving.moved(15, (60, 30, 80, 50)).moved(25, (100, 50, 130, 80))
    assert [key.frame for key in edited.keys] == [10, 15, 20, 25]
    assert edited.box_at(15) == (60, 30, 80, 50)
    assert edited.last == 25
    assert edited.moved(15, (1, 1, 2, 2)).box_at(15) == (1, 1, 2, 2), "an edit replaces the edit before"


def test_a_track_is_made_longer_with_the_box_at_its_end_and_cut_without_moving():
    moving = track((10, (0, 0, 20, 20)), (20, (100, 50, 120, 70)), doubts=(Span(10, 12, "edge"),), shown=(11, 18))
    longer = moving.reaching(4, 30)
    assert longer.box_at(4) == (0, 0, 20, 20)
    assert longer.box_at(30) == (100, 50, 120, 70)
    assert longer.box_at(15) == moving.box_at(15)
    cut = moving.reaching(14, 18)
    assert (cut.first, cut.last) == (14, 18)
    assert cut.box_at(16) == pytest.approx(moving.box_at(16))
    assert cut.doubts == ()
    assert cut.shown == (18,)
    assert moving.reaching(12, 12).box_at(12) == moving.box_at(12)
    with pytest.raises(PlanError, match="cannot end"):
        moving.reaching(8, 7)


def test_few_keys_follow_every_box_within_the_tolerance():
    frames = np.arange(600)
    x = 300 + 200 * np.sin(frames / 60) + np.random.default_rng(1).normal(0, 0.3, 600)
    boxes = np.stack([x, x * 0.2, x + 80, x * 0.2 + 90], axis=1)
    keys = simplified(1000, boxes)
    assert len(keys) < 60
    followed = Track("face-1", keys, HIDE)
    off = [np.abs(np.subtract(followed.box_at(1000 + n), boxes[n])).max() for n in frames]
    assert max(off) <= 0.02 * 90 + 0.1
    assert simplified(7, boxes[:1])[0].frame == 7


def test_a_plan_of_a_video_is_the_same_after_saving_and_loading(tmp_path):
    tracks = (
        track((0, (1, 2, 30, 40)), (9, (5, 2, 34, 40)), doubts=(Span(3, 5, "lost"),), shown=(4,)),
        track((2, (50, 2, 80, 40)), id="face-2"),
    )
    plan = VideoPlan("a.mp4", "abc", (100, 60), 10, 0.4, (0, 5), tracks, {"face_finder": "fast"})
    plan.save(tmp_path / "plan.json")
    again = VideoPlan.load(tmp_path / "plan.json")
    assert again.to_json() == plan.to_json()
    assert [t.id for t in again.at(2)] == ["face-1", "face-2"]
    assert again.new_id() == "face-3"
    assert again.without("face-1").at(0) == []


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda text: text.replace('"frames": 10', '"frames": 5'), "ends in frame 9"),
        (lambda text: text.replace('"medium": "video"', '"medium": "photo"'), "for a photo"),
        (lambda text: text.replace('"version": 2', '"version": 99'), "newer Deepmask"),
        (lambda text: text.replace('"action": "pixelate"', '"action": "delete"'), "must be one of"),
        (lambda text: text[:-30], "not a Deepmask plan"),
        (lambda text: "[]", "not a Deepmask plan"),
        (lambda text: text.replace("30.5", "1e999"), "x1 < x2"),
        (lambda text: text.replace('"shots": [\n  0', '"shots": [\n  3'), "shots"),
    ],
)
def test_a_damaged_plan_is_one_sentence(edit, sentence):
    plan = VideoPlan("a.mp4", "abc", (100, 60), 10, 0.4, (0, 5), (track((0, (1, 2, 30.5, 40)), (9, (5, 2, 34, 40))),))
    text = edit(plan.to_json())
    assert text != plan.to_json()
    with pytest.raises(PlanError, match=sentence):
        VideoPlan.from_json(text)
