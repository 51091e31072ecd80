"""Whole people covered in videos: in every frame, whoever they are, and nothing else.

People are discs on coats here and engines small fakes that know them; the last test has photographed ones.
"""

import hashlib
import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from benchmarks.video_bodies_truth import Walk, Walker, line, written
from deepmask import engines
from deepmask.errors import InputError, PlanError
from deepmask.media.clip import Clip
from deepmask.persona import Attributes, Persona
from deepmask.roster import Roster
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines import video
from pipelines.video import VideoOptions
from tests.tiny.clips import make_clip
from tests.tiny.discs import MASKS
from tests.tiny.scenes import FINE, SIZE_WH, TICKS
from tests.tiny.walkers import Segmenter, Walkers, person, scene

FRAMES = 24
SILHOUETTES, CELLS = VideoOptions(bodies="silhouette"), VideoOptions(bodies="pixelate")


def _red(n):
    return 50 + 4.0 * n, 60 + 1.0 * n


def _blue(n):
    return 260 - 1.0 * n, 90.0


BOTH = {"red": _red, "blue": _blue}


def made(path, people=BOTH, faceless=(), frames=FRAMES):
    stamps = [TICKS * n for n in range(frames)]
    return Clip.open(
        make_clip(path, stamps, size_wh=SIZE_WH, picture=lambda n: scene(people, n, faceless), options=FINE)
    )


@pytest.fixture(scope="module")
def reel(tmp_path_factory):
    return made(tmp_path_factory.mktemp("reel") / "film.mp4").path


@pytest.fixture
def film(reel):
    return Clip.open(reel)


@pytest.fixture
def use(monkeypatch):
    """Engines that know these people; some can be replaced."""

    def replacing(*arguments, **named):
        walkers = Walkers(*arguments, **named)
        monkeypatch.setattr(engines, "load", walkers.load)
        return walkers

    replacing()
    return replacing


@pytest.fixture(autouse=True)
def _walkers(use):
    """Always, unless a test says otherwise."""


@pytest.fixture
def vault(own_home):
    vault = Vault()
    vault.add(Persona("", "Maya", "painter", np.full((8, 8, 3), 128, np.uint8), 1, attributes=Attributes()))
    return vault


@pytest.fixture
def roster():
    """Anna is red and appears as Maya."""
    return Roster().enrolled("Anna", [np.array([0.79, 0.19, 0.19], np.float32)], "maya")


def covered(before, after, walk):
    """Share of somebody's pixels that show something else, frame by frame."""
    shares = {}
    for old, new in zip(before.pictures(), after.pictures(), strict=True):
        if (middle := walk(old.index)) is not None:
            inside = person(middle)
            shares[old.index] = float((np.abs(new.rgb.astype(int) - old.rgb).max(2) > 20)[inside].mean())
    return shares


def untouched(before, after, people):
    """Share of the pixels beyond 24 of everybody that are as they were, at least."""
    least = 1.0
    for old, new in zip(before.pictures(), after.pictures(), strict=True):
        near = np.zeros(old.rgb.shape[:2], bool)
        for walk in people:
            if (middle := walk(old.index)) is not None:
                x, y = (round(v) for v in middle)
                near[max(0, y - 50) : y + 148, max(0, x - 56) : x + 57] = True
        same = np.abs(new.rgb.astype(int) - old.rgb).max(2) < 24
        least = min(least, float(same[~near].mean()))
    return least


# ------------------------------------------------------------------------------------------------------- who is covered
@pytest.mark.parametrize("options", [SILHOUETTES, CELLS], ids=["silhouette", "pixelate"])
def test_everybody_is_covered_from_head_to_foot_in_every_frame(film, vault, tmp_path, options):
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4", options)
    for walk in (_red, _blue):
        shares = covered(film, result.clip, walk)
        assert len(shares) == FRAMES
        assert min(shares.values()) > (0.97 if options is SILHOUETTES else 0.6), "cells may have a colour of the coat"
    assert untouched(film, result.clip, (_red, _blue)) > 0.999
    assert result.report.safe
    assert [f.verdict for f in result.report.bodies] == ["hidden", "hidden"]
    assert "2 hidden" in result.report.summary().split("head to foot")[1]


def test_people_without_a_face_are_covered_too_if_bodies_are_asked_for(vault, tmp_path):
    film = made(tmp_path / "film.mp4", {"red": _red}, {("red", n) for n in range(FRAMES)})
    plan = video.analyze(film, Roster(), SILHOUETTES)
    assert not plan.tracks
    result = video.deliver(film, plan, vault, tmp_path / "out.mp4")
    assert min(covered(film, result.clip, _red).values()) > 0.97
    assert [(f.track, f.verdict) for f in result.report.bodies] == [("others", "hidden")]
    faces_alone = video.mask(film, vault, Roster(), tmp_path / "faces.mp4")
    assert max(covered(film, faces_alone.clip, _red).values()) < 0.1
    assert faces_alone.report.bodies == ()


def test_an_enrolled_person_keeps_their_body_and_wears_the_persona(film, vault, roster, tmp_path):
    result = video.mask(film, vault, roster, tmp_path / "out.mp4", SILHOUETTES)
    assert min(covered(film, result.clip, _blue).values()) > 0.97
    for old, new in zip(film.pictures(), result.clip.pictures(), strict=True):
        x, y = (round(v) for v in _red(old.index))
        coat = np.s_[y + 40 : y + 110, x - 24 : x + 25]
        assert np.abs(new.rgb[coat].astype(int) - old.rgb[coat]).mean() < 10
        assert np.abs(new.rgb[y - 3 : y + 4, x - 3 : x + 4].mean((0, 1)) - MASKS["painter"]).max() < 14
    wanted = {track.identity: track.body for track in result.plan.tracks}
    assert wanted == {"confirmed": None, "unknown": "silhouette"}


def test_who_stays_may_turn_away_for_a_moment_and_a_stranger_beside_may_not(vault, roster, tmp_path):
    away = {(name, n) for name in ("red", "blue") for n in range(10, 20)}
    film = made(tmp_path / "film.mp4", faceless=away)
    result = video.mask(film, vault, roster, tmp_path / "out.mp4", SILHOUETTES)
    assert min(covered(film, result.clip, _blue).values()) > 0.97
    open_parts = covered(film, result.clip, _red)
    assert max(open_parts[n] for n in range(13, 17)) < 0.35


def test_bodies_are_decided_track_by_track(film, vault, tmp_path):
    plan = video.analyze(film, Roster(), SILHOUETTES)
    (red,) = [t.id for t in plan.tracks if t.box_at(0) is not None and t.box_at(0)[0] < 100]
    plan = video.cover_body(plan, red, None)
    plan.save(tmp_path / "plan.json")
    plan = VideoPlan.load(tmp_path / "plan.json")
    result = video.deliver(film, plan, vault, tmp_path / "out.mp4")
    assert max(covered(film, result.clip, _red).values()) < 0.5, "the face is masked, and the coat is seen"
    assert min(covered(film, result.clip, _blue).values()) > 0.97
    assert result.report.safe
    nobody = video.cover_others(video.decide(plan, Roster()), None)
    assert not nobody.covers_bodies
    only = video.cover_body(nobody, red, "silhouette")
    again = video.deliver(film, only, vault, tmp_path / "again.mp4")
    assert min(covered(film, again.clip, _red).values()) > 0.97
    assert max(covered(film, again.clip, _blue).values()) < 0.5


def test_what_videos_cannot_do_is_a_sentence(film):
    with pytest.raises(InputError, match="removed and exchanged in photos only"):
        VideoOptions(bodies="remove")
    plan = video.analyze(film, Roster(), SILHOUETTES)
    with pytest.raises(PlanError, match="silhouette, pixelate, not 'remove'"):
        VideoPlan.from_json(plan.to_json().replace('"bodies": "silhouette"', '"bodies": "remove"'))


# --------------------------------------------------------------------------------------------------------- fail closed
def test_a_segmenter_that_sees_nobody_leaves_no_frame_without_cover(film, vault, use, tmp_path):
    use(Segmenter(blind_at=range(1000)))
    plan = video.analyze(film, Roster(), SILHOUETTES)
    masked = video.render(film, plan, vault, tmp_path / "out.mp4")
    for walk in (_red, _blue):
        assert min(covered(film, masked.clip, walk).values()) > 0.9, "a generous shape below each face"


def test_looks_in_which_somebody_is_missed_are_bridged(film, vault, use, tmp_path):
    use(Segmenter(blind_at=(2, 3)))
    plan = video.analyze(film, Roster(), SILHOUETTES)
    masked = video.render(film, plan, vault, tmp_path / "out.mp4")
    assert min(covered(film, masked.clip, _red).values()) > 0.93
    assert untouched(film, masked.clip, (_red, _blue)) > 0.95, "wider than somebody seen at every look"


class Failing:
    def tone(self, image, area):
        return np.zeros(3, np.uint8)

    def cover(self, *arguments, **named):
        raise RuntimeError("out of memory")


def test_coverings_that_fail_are_followed_by_plainer_ones(film, vault, use, tmp_path):
    use(maskers={"pixelate": Failing()})
    masked = video.render(film, video.analyze(film, Roster(), CELLS), vault, tmp_path / "out.mp4")
    assert min(covered(film, masked.clip, _red).values()) > 0.97
    assert all("pixelate failed" in body.note and "silhouette" in body.engines for body in masked.bodies)
    use(maskers={"pixelate": Failing(), "silhouette": Failing()})
    masked = video.render(film, video.analyze(film, Roster(), CELLS), Vault(), tmp_path / "grey.mp4")
    assert min(covered(film, masked.clip, _blue).values()) > 0.9


# --------------------------------------------------------------------------------------------------------------- check
def test_the_check_finds_bodies_that_are_open(film, vault, tmp_path):
    plan = video.analyze(film, Roster(), SILHOUETTES)
    masked = video.render(film, plan, vault, tmp_path / "out.mp4")
    pictures = list(masked.clip.pictures())
    for before in film.pictures(10, 16):
        pictures[before.index] = before
    stamps = [TICKS * n for n in range(FRAMES)]
    leaky = make_clip(tmp_path / "leaky.mp4", stamps, size_wh=SIZE_WH, picture=lambda n: pictures[n].rgb, options=FINE)
    report = video.check(film, Clip.open(leaky), plan)
    assert report.leaks
    assert {f.verdict for f in report.bodies} == {"leak"}
    assert all(10 <= first <= last < 16 for f in report.bodies for first, last in f.leaking)
    assert "STILL VISIBLE" in report.summary()


# ---------------------------------------------------------------------------------------------------- killed and shared
def run(film, out, home, *kill):
    done = subprocess.run(
        [sys.executable, "-m", "tests.tiny.walkers", str(film), str(out), *map(str, kill)],
        env=os.environ | {"DEEPMASK_HOME": str(home), "DEEPMASK_PROVENANCE": "false"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.split(), done.stderr


def test_a_killed_run_goes_on_and_the_result_is_the_same_to_the_bit(reel, tmp_path):
    code, whole, error = run(reel, tmp_path / "whole.mp4", tmp_path / "home")
    assert code == 0, error
    out, home = tmp_path / "out.mp4", tmp_path / "other"
    assert run(reel, out, home, "Looking for people", 4)[0] == -signal.SIGKILL
    assert run(reel, out, home, "Masking", 12)[0] == -signal.SIGKILL
    assert not out.exists()
    code, said, error = run(reel, out, home)
    assert code == 0, error
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (out, tmp_path / "whole.mp4")]
    assert sums[0] == sums[1]
    assert int(said[0]) < int(whole[0]), "people are not looked for where they were"


def test_only_stretches_that_an_edit_touches_are_looked_at_again(film, vault, use, monkeypatch, tmp_path):
    monkeypatch.setattr(video.sharing, "MOST_FRAMES", 8)
    walkers = use()
    plan = video.analyze(film, Roster(), SILHOUETTES)
    video.render(film, plan, vault, tmp_path / "out.mp4")
    first = walkers.segmenter.looks
    video.render(film, plan, vault, tmp_path / "again.mp4")
    assert walkers.segmenter.looks == first
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()


# ------------------------------------------------------------------------------------------------- photographed people
def test_a_photographed_person_who_walks_is_covered(own_home, monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setenv("DEEPMASK_HOME", str(own_home))
    walker = Walker("astronaut", line((0.2, 0.1, 0.9), (0.5, 0.1, 0.9)))
    truth = written(Walk("walking", 20, (walker,)), tmp_path / "film.mp4")
    film = Clip.open(tmp_path / "film.mp4")
    plan = video.analyze(film, Roster(), SILHOUETTES)
    masked = video.render(film, plan, Vault(), tmp_path / "out.mp4")
    for before, after, people in zip(film.pictures(), masked.clip.pictures(), truth.people, strict=True):
        change = np.abs(after.rgb.astype(int) - before.rgb).max(2) > 12
        (inside,) = people.values()
        assert change[inside].mean() > 0.95, f"frame {before.index}"
        assert change[~grown(inside, 40)].mean() < 0.01


def grown(mask, px):
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * px + 1, 2 * px + 1), np.uint8)) > 0
