"""The verbs of the Video tab on a session, without a browser; people are discs and engines small fakes."""

import shutil

import numpy as np
import pytest

from deepmask import engines
from deepmask.config import Settings
from deepmask.errors import Cancelled, InputError, MediaError, PlanError
from deepmask.media.clip import Clip
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.progress import silent
from deepmask.vault import Vault
from deepmask.video_report import VideoFinding, VideoReport
from tests.tiny.clips import make_clip
from tests.tiny.discs import MASKS, Discs, drawn
from tests.tiny.scenes import FINE, SIZE_WH, TICKS
from ui.choices import EVERYBODY, NOBODY, STARTER, to_value
from ui.session import Session
from ui.video_pace import in_words, pausable, with_time_left
from ui.video_work import VideoWork, masked_name

FRAMES = 24


def red(n):
    return 60 + 4.0 * n, 90 + 1.0 * n


def blue(n):
    return 240 - 2.0 * n, 170.0


@pytest.fixture(autouse=True)
def discs(monkeypatch):
    fakes = Discs()
    monkeypatch.setattr(engines, "load", fakes.load)
    return fakes


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "party.mp4"
    people = {"red": red, "blue": blue}
    stamps = [TICKS * n for n in range(FRAMES)]
    return make_clip(path, stamps, size_wh=SIZE_WH, options=FINE, sounds=("eng",), picture=lambda n: drawn(people, n))


@pytest.fixture
def maya(own_home):
    return Vault().add(Persona("", "Maya", "painter", np.zeros((8, 8, 3), np.uint8), attributes=Attributes()))


@pytest.fixture
def desk(tmp_path, source, maya):
    """A session with an analysed video of two people."""
    session, work = Session(tmp_path), VideoWork(Vault(), Settings())
    upload = tmp_path / "upload"
    shutil.copy(source, upload)
    work.open(session, upload, "party.mp4", silent)
    return session, work


def decisions(session):
    return [to_value(track.decision) for track in session.video.film.plan.tracks]


def id_of(session, walk, frame=FRAMES // 2):
    x, y = walk(frame)
    boxes = [(t.id, t.box_at(frame)) for t in session.video.film.plan.tracks]
    return next(id for id, box in boxes if box and box[0] < x < box[2] and box[1] < y < box[3])


def colour_at(path, walk, frame):
    x, y = (round(v) for v in walk(frame))
    picture = next(Clip.open(path).pictures(frame, frame + 1))
    return picture.rgb[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3).mean(0)


def test_a_dropped_video_is_analysed_and_everybody_gets_the_latest_persona(desk, maya):
    session, _ = desk
    assert len(session.video.film.plan.tracks) == 2
    assert decisions(session) == [EVERYBODY + maya.id] * 2
    assert session.video.film.plan.tracks[0].box_at(session.video.frame) is not None, "the review begins at a face"


def test_what_is_no_video_is_told_and_leaves_nothing_behind(tmp_path, own_home):
    session, upload = Session(tmp_path), tmp_path / "upload"
    upload.write_text("no video")
    with pytest.raises(MediaError, match="party"):
        VideoWork(Vault(), Settings()).open(session, upload, "party.mp4", silent)
    assert session.video.film is None
    assert not list(session.folder.rglob("party.mp4"))


def test_choosing_decides_all_tracks_except_those_decided_by_hand(desk, maya):
    session, work = desk
    work.assign(session, id_of(session, red), "keep")
    work.choose(session, NOBODY, "solid")
    assert sorted(decisions(session)) == ["keep", "solid"]
    work.choose(session, EVERYBODY + maya.id, "solid")
    assert sorted(decisions(session)) == ["keep", EVERYBODY + maya.id]


def test_the_masked_video_has_what_was_decided_and_a_report(desk):
    session, work = desk
    work.choose(session, NOBODY, "solid")
    work.assign(session, id_of(session, blue), "keep")
    work.mask(session, silent)
    film = session.video.film
    assert film.masked.name == "party-masked.mp4"
    assert np.abs(colour_at(film.masked, red, 10) - MASKS["solid"]).max() < 14
    assert np.abs(colour_at(film.masked, blue, 10) - colour_at(film.path, blue, 10)).max() < 14
    assert {f.verdict for f in film.report.findings} == {"hidden", "kept"}
    assert session.video.comparing


def test_any_edit_voids_what_was_rendered_and_rendering_again_is_announced(desk):
    session, work = desk
    work.choose(session, NOBODY, "solid")
    work.mask(session, silent)
    version = session.video.film.version
    work.assign(session, id_of(session, red), "pixelate")
    film = session.video.film
    assert film.masked is None
    assert film.report is None
    assert film.version > version
    assert film.rendered


def test_whole_people_are_covered_on_request_all_or_one_by_one(desk):
    session, work = desk
    work.choose(session, NOBODY, "solid")
    work.cover_bodies(session, "silhouette")
    plan = session.video.film.plan
    assert (plan.bodies, {track.body for track in plan.tracks}) == ("silhouette", {"silhouette"})
    work.assign(session, id_of(session, red), "body:keep")
    work.cover_bodies(session, "pixelate")
    bodies = {track.id: track.body for track in session.video.film.plan.tracks}
    assert bodies == {id_of(session, red): None, id_of(session, blue): "pixelate"}
    assert set(decisions(session)) == {"solid"}, "faces are decided as before"
    work.cover_bodies(session, "keep")
    assert not session.video.film.plan.covers_bodies


def test_another_coding_voids_what_was_rendered(desk):
    session, work = desk
    work.choose(session, NOBODY, "solid")
    work.mask(session, silent)
    work.write_as(session, "small", "hevc", "none")
    assert session.video.film.masked is None
    work.mask(session, silent)
    assert Clip.open(session.video.film.masked).codec == "hevc"
    for wrong in (("best", "auto", "none"), ("good", "vp9", "nvenc")):
        with pytest.raises(MediaError):
            work.write_as(session, *wrong)
    assert (session.video.quality, session.video.codec) == ("small", "hevc")
    assert session.video.film.masked is not None


def test_an_edit_made_while_masking_is_carried_out(desk):
    session, work = desk
    work.choose(session, NOBODY, "solid")
    edits = iter(["pixelate"])

    def edit_once(fraction, message):
        if "Checking" in message and (action := next(edits, None)):
            work.choose(session, NOBODY, action)

    work.mask(session, edit_once)
    assert np.abs(colour_at(session.video.film.masked, red, 10) - MASKS["pixelate"]).max() < 14


def test_stopping_keeps_what_was_drawn_and_says_how_far_it_had_come(desk, discs):
    session, work = desk
    work.choose(session, NOBODY, "solid")

    def stop_late(fraction, message):
        if "Checking" in message:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        work.mask(session, stop_late)
    film = session.video.film
    assert film.masked is None
    assert film.kept > 0.5
    drawn_before = discs.swappers["solid"].calls
    work.mask(session, silent)
    trials = discs.swappers["solid"].calls - drawn_before
    assert trials < FRAMES, "finished stretches are not drawn again"
    assert film.kept == 0


def test_a_stopped_analysis_leaves_the_video_on_the_desk(tmp_path, source, maya):
    session, work, upload = Session(tmp_path), VideoWork(Vault(), Settings()), tmp_path / "upload"
    shutil.copy(source, upload)

    def stop(fraction, message):
        if "Looking" in message:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        work.open(session, upload, "party.mp4", stop)
    assert session.video.film.plan is None
    with pytest.raises(InputError, match="Find the faces"):
        work.mask(session, silent)
    work.analyse(session, silent)
    assert len(session.video.film.plan.tracks) == 2


def test_a_drawn_box_adds_a_face_for_a_while_which_gets_what_everybody_gets(desk, maya):
    session, work = desk
    session.video.frame, session.video.pointing = 5, ""
    work.draw(session, (10.0, 200.0, 40.0, 230.0))
    added = session.video.film.plan.track(session.video.selected)
    assert (added.first, added.last) == (5, FRAMES - 1), "two seconds, but not beyond the end"
    assert added.box_at(9) == (10, 200, 40, 230)
    assert added.decision == Decision("persona", maya.id)
    assert session.video.pointing is None


def test_a_drawn_box_moves_the_selected_face_in_this_frame_only(desk):
    session, work = desk
    id = id_of(session, red)
    before = session.video.film.plan.track(id)
    session.video.frame, session.video.pointing = 12, id
    work.draw(session, (200.0, 20.0, 250.0, 70.0))
    moved = session.video.film.plan.track(id)
    assert moved.box_at(12) == (200, 20, 250, 70)
    assert moved.box_at(0) == before.box_at(0)


def test_a_slip_of_the_finger_is_no_box(desk):
    session, work = desk
    session.video.pointing = ""
    with pytest.raises(InputError, match="too small"):
        work.draw(session, (10.0, 10.0, 12.0, 60.0))
    assert session.video.pointing == "", "it can be drawn again"
    with pytest.raises(PlanError, match="outside the picture"):
        work.draw(session, (1000.0, 10.0, 1100.0, 60.0))


def test_a_track_is_cut_or_made_longer_at_the_frame_that_is_shown(desk):
    session, work = desk
    id = session.video.selected = id_of(session, red)
    session.video.frame = 6
    work.begin_here(session)
    session.video.frame = 15
    work.end_here(session)
    track = session.video.film.plan.track(id)
    assert (track.first, track.last) == (6, 15)
    session.video.frame = 2
    work.begin_here(session)
    assert session.video.film.plan.track(id).first == 2
    session.video.frame = 20
    work.begin_here(session)
    track = session.video.film.plan.track(id)
    assert (track.first, track.last) == (20, 20), "a face that begins after its end is there in one frame"


def test_what_is_no_face_can_be_removed(desk):
    session, work = desk
    id = session.video.selected = id_of(session, red)
    work.remove(session)
    assert id not in [track.id for track in session.video.film.plan.tracks]
    assert session.video.selected is None


def test_faces_that_the_check_found_uncovered_are_covered_a_little_longer(desk):
    session, work = desk
    work.choose(session, NOBODY, "keep")
    missed = VideoFinding("extra-1", "nothing", "leak", 4, {}, None, ((8, 11),), "", (100.0, 100.0, 140.0, 140.0))
    session.video.film.report = VideoReport("party.mp4", FRAMES, 10, (missed,), ("dlib",))
    work.cover_missed(session)
    added = session.video.film.plan.tracks[-1]
    assert added.first < 8 < 11 < added.last
    box = added.box_at(9)
    assert box[0] < 100
    assert box[2] > 140
    assert added.decision == Decision("pixelate"), "covered even where others stay visible"


def test_a_saved_plan_is_used_as_it_was(desk, source, tmp_path):
    session, work = desk
    work.assign(session, id_of(session, red), "vector")
    kept = tmp_path / "plan.json"
    shutil.copy(work.written(session.video.film, "plan"), kept)
    upload = tmp_path / "again"
    shutil.copy(source, upload)
    work.open(session, upload, "party.mp4", silent)
    assert "vector" not in decisions(session)
    work.take_plan(session, kept)
    assert "vector" in decisions(session)
    work.choose(session, NOBODY, "solid")
    assert "vector" in decisions(session), "what was decided before is left alone"


def test_the_plan_of_another_video_is_refused(desk, tmp_path):
    session, work = desk
    other = make_clip(tmp_path / "other.mp4", [TICKS * n for n in range(6)])
    kept = tmp_path / "plan.json"
    shutil.copy(work.written(session.video.film, "plan"), kept)
    work.open(session, other, "other.mp4", silent)
    with pytest.raises(PlanError, match="another video"):
        work.take_plan(session, kept)


def test_without_a_persona_one_is_promised_and_a_face_can_follow_again(tmp_path, source, own_home):
    session, work, upload = Session(tmp_path), VideoWork(Vault(), Settings()), tmp_path / "upload"
    shutil.copy(source, upload)
    work.open(session, upload, "party.mp4", silent)
    film, known = session.video.film, work.known(session)
    assert {work.value(known, film, track) for track in film.plan.tracks} == {STARTER}
    id = id_of(session, red)
    work.assign(session, id, "keep")
    assert work.value(known, film, film.plan.track(id)) == "keep"
    work.assign(session, id, STARTER)
    assert work.value(known, film, film.plan.track(id)) == STARTER
    assert film.plan.track(id).decision == Decision("pixelate"), "until it is painted, the face is covered"


def test_a_removed_persona_leaves_no_decision_behind(desk, maya):
    session, work = desk
    work.assign(session, id_of(session, red), EVERYBODY + maya.id)
    Vault().remove(maya)
    work.decide(session)
    assert all(track.decision.persona is None for track in session.video.film.plan.tracks)


def test_taking_the_video_off_the_desk_removes_its_files_and_leaves_others(desk):
    session, _ = desk
    folder = session.video.film.folder
    session.clear()
    assert folder.is_dir(), "photos are cleared without the video"
    session.clear_video()
    assert not folder.exists()
    assert session.video.film is None


@pytest.mark.parametrize(
    ("name", "masked"),
    [("a.MP4", "a-masked.mp4"), ("a.gif", "a-masked.gif"), ("a.avi", "a-masked.mp4"), ("a", "a-masked.mp4")],
)
def test_results_keep_name_and_kind_where_it_can_be_written(tmp_path, name, masked):
    assert masked_name(tmp_path / name) == masked


def test_the_remaining_time_follows_the_pace_and_skips_what_was_done_before():
    now, told = [0.0], []
    report = with_time_left(lambda fraction, message: told.append(message), lambda: now[0])
    report(0.5, "Masking")  # half of it was kept from an earlier run
    assert told[-1] == "Masking"
    for step in range(1, 11):
        now[0] = 2.0 * step
        report(0.5 + 0.01 * step, "Masking")
    assert told[-1] == "Masking · about 80 s left"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(8, "a few seconds left"), (49, "about 50 s left"), (200, "about 3 min left"), (9000, "about 2.5 h left")],
)
def test_remaining_times_are_told_as_people_do(seconds, words):
    assert in_words(seconds) == words


def test_paused_work_waits_and_can_be_stopped(monkeypatch):
    waits = iter([True, True, False])
    monkeypatch.setattr("ui.video_pace.time.sleep", lambda seconds: None)
    told = []
    pausable(lambda fraction, message: told.append(message), lambda: next(waits))(0.4, "Masking")
    assert told == ["Masking", "Paused", "Paused"]

    def stopped(fraction, message):
        if message == "Paused":
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        pausable(stopped, lambda: True)(0.4, "Masking")
