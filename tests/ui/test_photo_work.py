"""The verbs of the Photos tab on a session, without a browser."""

import zipfile

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.config import Settings
from deepmask.errors import InputError
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision, Plan, Region
from deepmask.progress import silent
from deepmask.provenance import known_credentials
from deepmask.report import Finding, Report
from deepmask.roster import Roster
from deepmask.vault import Vault
from ui.choices import (
    EVERYBODY,
    NOBODY,
    ROSTER,
    STARTER,
    photoreal_hint,
    swapper_choices,
    to_decision,
    to_value,
    who_choices,
)
from ui.panels.persona_adjust import to_hex
from ui.photo_work import PhotoWork, all_safe, masked_name, swapping, zipped
from ui.session import Pointing, Session, Work

FACE = (178.0, 68.0, 270.0, 190.0)


@pytest.fixture
def vault(own_home):
    return Vault(own_home)


def persona(vault, name):
    return vault.add(Persona("", name, "painter", np.zeros((8, 8, 3), np.uint8), attributes=Attributes()))


@pytest.fixture
def desk(tmp_path, vault):
    """A session with the astronaut, planned by hand."""
    session = Session(tmp_path)
    folder = session.folder / "photo-1"
    folder.mkdir()
    path = folder / "astronaut.png"
    Image.fromarray(data.astronaut()).save(path)
    photo = Photo.open(path)
    regions = (
        Region("face-1", FACE, Decision("pixelate")),
        Region("face-2", (400.0, 400.0, 450.0, 450.0), Decision("pixelate")),
    )
    plan = Plan("photo", photo.name, photo.fingerprint, photo.size_wh, regions)
    session.works.append(Work(path, photo.name, 1, plan=plan))
    return session, PhotoWork(vault, Settings())


def decisions(session):
    return [to_value(r.decision) for r in session.works[0].plan.regions]


def test_the_first_choice_is_the_sensible_one(vault):
    assert who_choices([], Roster())[0][1] == STARTER
    one = persona(vault, "One")
    assert who_choices([one], Roster())[0][1] == EVERYBODY + one.id
    known = Roster().enrolled("Me", [np.zeros(128, np.float32)], one.id)
    assert who_choices([one], known)[0][1] == ROSTER


def test_choosing_decides_all_faces_except_those_decided_by_hand(desk, vault):
    session, work = desk
    maya = persona(vault, "Maya")
    session.selected = "face-2"
    work.assign(session, "keep")
    work.choose(session, EVERYBODY + maya.id, "pixelate")
    assert decisions(session) == [EVERYBODY + maya.id, "keep"]
    work.choose(session, NOBODY, "solid")
    assert decisions(session) == ["solid", "keep"]


def test_another_engine_or_look_voids_what_was_rendered_and_stays_in_the_plan(desk, monkeypatch):
    session, work = desk
    photo = session.works[0]
    photo.masked = photo.path
    work.swap_with(session, "meshwarp", 512, 0.5, "head")
    assert photo.masked is None
    assert photo.plan.engines["face_swapper"] == "meshwarp"
    assert photo.plan.look == Look(512, 0.0, "head"), "nothing can sharpen here"
    monkeypatch.setattr("ui.photo_work.restorer_ready", lambda: True)
    work.decide_all(session)
    assert photo.plan.look.restore == 0.5


def test_an_engine_that_was_removed_gives_way_to_the_automatic_choice(desk):
    session, work = desk
    work.swap_with(session, "inswapper", 256, 0.0, "face")
    assert "face_swapper" not in session.works[0].plan.engines
    assert swapping(session)[0] == "auto"


def test_the_menu_has_what_is_ready_and_says_how_to_get_the_rest():
    assert swapper_choices() == [
        ("Automatic", "auto"), ("Fitted portrait (meshwarp)", "meshwarp"), ("Painted (painter)", "painter")
    ]  # fmt: skip
    assert photoreal_hint() == "For photoreal faces get inswapper in the Engines tab."


def test_people_known_by_an_engine_that_is_gone_are_strangers_and_the_page_says_so(desk, vault):
    session, work = desk
    Roster(recognizer="arcface").enrolled("Anna", [np.zeros(512, np.float32)], None).save(vault.folder)
    said = work.unrecognised(session)
    assert "enrolled with arcface" in said
    assert "Nobody is recognised" in said
    assert "deepmask weights get buffalo_l" in said
    assert "enrol them again" in said
    assert work.known(session).roster.people == ()
    work.decide_all(session)
    assert "keep" not in decisions(session)


def test_a_removed_persona_leaves_no_decision_behind(desk, vault):
    session, work = desk
    maya, other = persona(vault, "Maya"), persona(vault, "Other")
    session.selected = "face-1"
    work.assign(session, EVERYBODY + maya.id)
    vault.remove(maya)
    work.decide_all(session)
    assert decisions(session) == [EVERYBODY + other.id] * 2


def test_any_change_voids_what_was_rendered(desk, tmp_path):
    session, work = desk
    done = session.works[0]
    done.masked = tmp_path / "x.png"
    version = done.version
    session.selected = "face-1"
    work.assign(session, "solid")
    assert done.masked is None
    assert done.version > version


def test_an_edit_made_while_masking_is_carried_out(desk):
    session, work = desk
    work.choose(session, NOBODY, "keep")
    edits = iter([NOBODY])

    def edit_once(fraction, message):
        if "Checking" in message and (who := next(edits, None)):
            work.choose(session, who, "solid")

    work.mask(session, edit_once)
    done = session.works[0]
    assert [f.wanted for f in done.report.findings] == ["solid", "solid"]
    assert str(done.version) in done.masked.parent.name
    assert not np.array_equal(Photo.open(done.masked).rgb, data.astronaut())


def test_two_clicks_add_a_face_and_one_click_chooses_it(desk):
    session, work = desk
    session.pointing = Pointing()
    work.click(session, 320, 40, silent)
    assert session.pointing.corner_xy == (320, 40)
    work.click(session, 260, 120, silent)
    added = session.works[0].plan.regions[-1]
    assert added.box_xyxy == (260, 40, 320, 120)
    assert session.pointing is None
    session.selected = None
    work.click(session, 300, 100, silent)
    assert session.selected == added.id
    work.click(session, 10, 10, silent)
    assert session.selected is None


def test_two_clicks_move_a_face_and_keep_its_decision(desk):
    session, work = desk
    session.selected = "face-1"
    work.assign(session, "keep")
    session.pointing = Pointing("face-1")
    work.click(session, 10, 20, silent)
    work.click(session, 60, 90, silent)
    moved = session.works[0].plan.region("face-1")
    assert moved.box_xyxy == (10, 20, 60, 90)
    assert moved.decision == Decision("keep")


def test_corners_too_close_together_are_refused_and_can_be_clicked_again(desk):
    session, work = desk
    session.pointing = Pointing()
    work.click(session, 100, 100, silent)
    with pytest.raises(InputError, match="too close"):
        work.click(session, 102, 102, silent)
    assert session.pointing == Pointing()
    assert len(session.works[0].plan.regions) == 2


def test_faces_that_the_check_found_uncovered_are_added_by_one_click(desk, vault):
    session, work = desk
    maya = persona(vault, "Maya")
    missed = Finding("extra-1", "nothing", "none", "leak", None, missed_box_xyxy=(10.0, 10.0, 60.0, 70.0))
    session.works[0].report = Report("astronaut.png", (missed,), "dlib")
    work.cover_missed(session)
    assert session.works[0].plan.regions[-1].box_xyxy == (10, 10, 60, 70)
    assert decisions(session) == [EVERYBODY + maya.id] * 3
    assert session.works[0].report is None


@pytest.mark.parametrize(("bystanders", "mask"), [("keep", "pixelate"), ("solid", "solid")])
def test_covering_what_was_missed_covers_it_even_where_others_stay_visible(desk, bystanders, mask):
    session, work = desk
    work.choose(session, NOBODY, bystanders)
    missed = Finding("extra-1", "nothing", "none", "leak", None, missed_box_xyxy=(10.0, 10.0, 60.0, 70.0))
    session.works[0].report = Report("astronaut.png", (missed,), "dlib")
    work.cover_missed(session)
    assert decisions(session) == [bystanders, bystanders, mask]


def test_a_face_follows_the_chooser_again_when_given_the_new_persona(desk):
    session, work = desk
    done, region = session.works[0], session.works[0].plan.region("face-1")
    assert work.value(work.known(session), done, region) == STARTER
    session.selected = "face-1"
    work.assign(session, "keep")
    assert work.value(work.known(session), done, done.plan.region("face-1")) == "keep"
    work.assign(session, STARTER)
    assert work.value(work.known(session), done, done.plan.region("face-1")) == STARTER
    assert decisions(session)[0] == "pixelate"


def test_a_face_can_be_removed(desk):
    session, work = desk
    session.selected = "face-2"
    work.remove(session)
    assert [r.id for r in session.works[0].plan.regions] == ["face-1"]


def test_an_unusable_file_stays_with_its_reason_and_does_not_stop_the_others(tmp_path, vault):
    session, work = Session(tmp_path), PhotoWork(vault, Settings())
    bad, good = tmp_path / "bad", tmp_path / "good"
    bad.write_text("no picture")
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(good, "PNG")
    work.open(session, [(bad, "bad.jpg"), (good, "good.png")], silent)
    assert "bad.jpg" in session.works[0].problem
    assert session.works[1].plan.regions == ()
    assert session.current == 1


@pytest.mark.parametrize(
    ("name", "masked"), [("a.JPG", "a-masked.JPG"), ("a.jpg", "a-masked.jpg"), ("a", "a-masked.jpg")]
)
def test_results_keep_name_and_format(tmp_path, name, masked):
    path = tmp_path / name
    Image.fromarray(data.astronaut()).save(path, "JPEG")
    assert masked_name(path, Photo.open(path)) == masked


def test_a_wrong_suffix_is_put_right(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    Image.fromarray(data.astronaut()).save(path, "PNG")
    assert masked_name(path, Photo.open(path)) == "really-a-png-masked.png"


def test_photos_of_equal_names_are_numbered_in_the_zip(tmp_path):
    works = []
    for n in (1, 2):
        path = tmp_path / str(n) / "x-masked.jpg"
        path.parent.mkdir()
        path.write_bytes(bytes([n]))
        works.append(Work(tmp_path / "x.jpg", "x.jpg", n, masked=path))
    with zipfile.ZipFile(zipped(works, tmp_path / "all.zip")) as archive:
        assert sorted(archive.namelist()) == ["x-masked-2.jpg", "x-masked.jpg"]
        assert archive.read("x-masked-2.jpg") == b"\x02"


def test_several_photos_are_safe_only_if_each_of_them_is(tmp_path):
    def work(*verdicts):
        findings = tuple(Finding(f"face-{n}", "solid", "solid", v, None) for n, v in enumerate(verdicts))
        return Work(tmp_path / "x", "x", 1, report=Report("x", findings, "dlib"))

    assert all_safe([work("hidden"), work("kept"), work()])
    assert not all_safe([work("hidden"), work("hidden", "weak")])
    assert not all_safe([work("hidden"), Work(tmp_path / "x", "x", 2)]), "not checked yet"


@pytest.mark.parametrize("value", ["persona:maya", "pixelate", "keep"])
def test_menu_values_and_decisions_are_two_sides_of_one_thing(value):
    assert to_value(to_decision(value)) == value


@pytest.mark.parametrize(
    ("given", "colour"),
    [("#A1B2C3", "#a1b2c3"), ("rgba(161.4, 178, 195, 1)", "#a1b2c3"), ("rgb(0, 0, 300)", "#0000ff"), (None, None)],
)
def test_colours_of_the_picker_become_hex(given, colour):
    assert to_hex(given) == colour


def test_the_switch_for_provenance_voids_what_says_otherwise(desk):
    session, work = desk
    work.mask(session, silent)
    masked = session.works[0].masked
    assert known_credentials(masked) is not None
    assert any("tagged and signed" in note for note in session.works[0].report.notes)
    session.mark_results(False)
    assert session.works[0].masked is None
    work.mask(session, silent)
    assert known_credentials(session.works[0].masked) is None
    before, after = data.astronaut(), Photo.open(session.works[0].masked).rgb
    assert np.array_equal(after[200:380, :170], before[200:380, :170])
