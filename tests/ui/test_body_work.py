"""The verbs of the Bodies tab on a session, without a browser; engines are the fakes of the pipeline's tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepmask.area import Area
from deepmask.body_plan import BodyPlan
from deepmask.config import Settings
from deepmask.errors import Cancelled, InputError, PlanError, UnknownName
from deepmask.progress import silent
from deepmask.report import Finding
from tests.tiny.bodies import ANNA, BACK, PICTURE, SIZE, Selector, fakes, roster, vault  # noqa: F401
from tests.tiny.marks import only_tagged
from ui.body_choices import actions_for, caption, swap_hint
from ui.body_desk import BodyWork
from ui.body_work import BodiesWork
from ui.panels.bodies_view import BodiesView
from ui.photo_work import PhotoWork
from ui.session import Session

BAG = Area.of_box((200, 150, 250, 200), SIZE)


def opened(tmp_path, vault, *names):  # noqa: F811
    """A session with the pipeline's picture under some names, and the verbs."""
    session, work = Session(tmp_path), BodiesWork(PhotoWork(vault, Settings()))
    uploads = []
    for n, name in enumerate(names or ("noise.png",)):
        folder = tmp_path / f"temporary-{n}"
        folder.mkdir()
        exif = Image.Exif()
        exif[0x010F] = "SecretCam"
        Image.fromarray(PICTURE).save(folder / name, exif=exif)
        uploads.append((folder / name, name))
    work.open(session, uploads, silent)
    return session, work


@pytest.fixture
def desk(tmp_path, vault):  # noqa: F811
    return opened(tmp_path, vault)


def shown(session) -> tuple[BodyWork, BodyPlan]:
    """The photo on the desk and its plan."""
    work = session.bodies.work
    assert work is not None
    assert work.plan is not None
    return work, work.plan


def actions(session):
    return [region.decision.action for region in shown(session)[1].regions]


def test_everybody_is_found_and_gets_what_is_chosen_for_everybody_else(desk):
    session, work = desk
    assert actions(session) == ["silhouette"] * 3
    work.choose(session, "keep")
    assert actions(session) == ["keep"] * 3


def test_a_click_on_somebody_selects_them_and_what_is_decided_by_hand_stays(desk):
    session, work = desk
    work.click(session, 320, 150)
    assert session.bodies.work.selected == "person-3"
    assert session.bodies.outlining is None, "nothing has to be outlined"
    work.assign(session, "remove")
    work.choose(session, "keep")
    assert actions(session) == ["keep", "keep", "remove"]


def test_nothing_is_decided_for_nobody(desk):
    session, work = desk
    with pytest.raises(InputError, match="click on them"):
        work.assign(session, "remove")
    with pytest.raises(InputError, match="click on them"):
        work.mean(session, "less")


def test_who_was_clicked_away_is_gone_in_the_download_and_nothing_else_is_changed(desk):
    session, work = desk
    work.choose(session, "keep")
    work.click(session, 320, 150)
    work.assign(session, "remove")
    work.mask(session, silent)
    masked = session.bodies.work.masked
    assert masked is not None
    assert masked.name == "noise-masked.png"
    image = Image.open(masked)
    assert not image.getexif()
    changed = (np.asarray(image.convert("RGB")) != PICTURE).any(2)
    assert changed[BACK.window].mean() > 0.95
    around = ~BACK.grown(10).full()
    assert only_tagged(np.asarray(image.convert("RGB"))[around], PICTURE[around])
    report = session.bodies.work.report
    assert report.safe
    assert [f.verdict for f in report.findings] == ["kept", "kept", "hidden"]
    assert "Removed; the surroundings go on" in BodiesView(work).report(session.bodies.work, work.known(session))


def test_a_decision_voids_what_was_masked_before(desk):
    session, work = desk
    work.mask(session, silent)
    assert session.bodies.work.masked is not None
    work.click(session, 320, 150)
    work.assign(session, "pixelate")
    assert session.bodies.work.masked is None
    assert not session.bodies.comparing


def test_a_click_beside_everybody_outlines_something_new_that_is_hidden(desk, fakes):  # noqa: F811
    session, work = desk
    work.choose(session, "keep")
    fakes["area_selector"] = Selector(BAG)
    work.click(session, 225, 175)
    assert len(actions(session)) == 3, "it is outlined by the event that follows"
    work.outline(session, silent)
    added = session.bodies.work.plan.regions[3]
    assert (added.area.box_xyxy, added.decision.action) == (BAG.box_xyxy, "silhouette")
    assert session.bodies.work.selected == added.id
    work.choose(session, "face")
    assert actions(session)[3] == "silhouette", "it was pointed at by hand"


def test_points_refine_the_selected_outline(desk, fakes):  # noqa: F811
    session, work = desk
    fakes["area_selector"] = selector = Selector(ANNA.united(BAG))
    work.click(session, 60, 200)
    work.mean(session, "more")
    work.click(session, 225, 175)
    work.outline(session, silent)
    work.mean(session, "less")
    work.click(session, 130, 100)
    work.outline(session, silent)
    assert [click.inside for click in selector.asked[-1].clicks] == [True, False]
    assert session.bodies.work.plan.region("person-1").area.contains(225, 175)
    assert session.bodies.work.selected == "person-1"


def test_a_first_point_may_be_one_that_does_not_belong(desk, fakes):  # noqa: F811
    session, work = desk
    fakes["area_selector"] = selector = Selector(ANNA)
    work.click(session, 60, 200)
    work.mean(session, "less")
    work.click(session, 100, 100)
    work.outline(session, silent)
    assert selector.asked[0].box_xyxy == ANNA.box_xyxy


def test_two_clicks_make_a_box(desk):
    session, work = desk
    work.mean(session, "box")
    work.click(session, 260, 40)
    work.click(session, 200, 20)
    plate = session.bodies.work.plan.regions[3]
    assert (plate.thing, plate.area.box_xyxy, plate.decision.action) == ("other", (200, 20, 260, 40), "silhouette")
    assert [action for _, action in actions_for(plate)] == ["keep", "silhouette", "pixelate", "remove"]
    work.click(session, 10, 10)
    with pytest.raises(InputError, match="too close together"):
        work.click(session, 12, 12)


def test_undo_goes_back_step_by_step(desk, fakes):  # noqa: F811
    session, work = desk
    work.click(session, 320, 150)
    work.assign(session, "remove")
    fakes["area_selector"] = Selector(BAG)
    work.click(session, 225, 175)
    work.outline(session, silent)
    work.mean(session, "box")
    work.click(session, 10, 10)
    work.undo(session)
    assert session.bodies.corner_xy is None
    assert len(actions(session)) == 4
    work.undo(session)
    assert actions(session) == ["silhouette", "silhouette", "remove"]
    work.undo(session)
    assert actions(session) == ["silhouette"] * 3
    work.choose(session, "keep")
    assert actions(session) == ["keep"] * 3, "the decision by hand was taken back, too"
    work.undo(session)


def test_somebody_wrongly_found_is_taken_out(desk):
    session, work = desk
    work.click(session, 320, 150)
    work.remove(session)
    assert [region.id for region in session.bodies.work.plan.regions] == ["person-1", "person-2"]
    assert session.bodies.work.selected is None


def test_enrolled_people_keep_their_body_and_are_named(tmp_path, vault, roster):  # noqa: F811
    roster.save(vault.folder)
    session, work = opened(tmp_path, vault)
    assert actions(session) == ["face", "silhouette", "silhouette"]
    photo, plan = shown(session)
    assert caption(1, plan.regions[0], photo, work.known(session)) == "1 · Anna, keeps the body"


def test_a_face_gets_another_persona_or_mask(desk):
    session, work = desk
    work.click(session, 60, 200)
    work.assign(session, "face")
    work.face(session, "persona:maya")
    work.choose(session, "keep")
    plan = session.bodies.work.plan
    assert plan.faces.region(plan.regions[0].face).decision.persona == "maya"
    work.click(session, 320, 150)
    with pytest.raises(InputError, match="No face of theirs"):
        work.face(session, "solid")


def test_a_swap_names_a_persona_and_words_and_says_what_is_missing(desk, fakes):  # noqa: F811
    session, work = desk
    work.click(session, 60, 200)
    work.assign(session, "swap")
    work.dress(session, "maya", " a grey suit ")
    decision = session.bodies.work.plan.region("person-1").decision
    assert (decision.persona, decision.prompt) == ("maya", "a grey suit")
    assert "Engines tab" in swap_hint()
    fakes["ready"] = True
    assert swap_hint() == ""


def test_a_swap_with_a_persona_that_was_removed_is_decided_anew(desk):
    session, work = desk
    work.click(session, 60, 200)
    work.assign(session, "swap")
    work.dress(session, "maya", "")
    work.vault.remove(work.vault.persona("maya"))
    work.decide_all(session)
    assert actions(session)[0] == "silhouette"


def test_margins_and_shadows_reach_the_plan(desk):
    session, work = desk
    work.bound(session, False, 20, 5, True)
    edges = session.bodies.work.plan.edges
    assert (edges.grow_px, edges.feather_px, edges.shadows) == (20, 5, True)
    work.bound(session, True, 20, 5, False)
    assert session.bodies.work.plan.edges.grow_px is None


def test_writing_is_found_and_forgotten_without_losing_decisions(desk):
    session, work = desk
    work.click(session, 320, 150)
    work.assign(session, "remove")
    work.seek_text(session, True, silent)
    assert [r.thing for r in session.bodies.work.plan.regions] == ["person", "person", "person", "text"]
    assert actions(session) == ["silhouette", "silhouette", "remove", "silhouette"]
    work.seek_text(session, False, silent)
    assert actions(session) == ["silhouette", "silhouette", "remove"]


def test_a_plan_is_saved_and_used_again(desk, tmp_path, vault):  # noqa: F811
    session, work = desk
    work.click(session, 320, 150)
    work.assign(session, "pixelate")
    work.bound(session, False, 12, 3, False)
    file = Path(work.plan_file(session.bodies.work) or "")
    assert file.name == "noise-plan.json"
    other = Session(tmp_path)
    folder = tmp_path / "again"
    folder.mkdir()
    Image.fromarray(PICTURE).save(folder / "noise.png")
    work.open(other, [(folder / "noise.png", "noise.png")], silent)
    work.take_plan(other, file)
    assert actions(other) == ["silhouette", "silhouette", "pixelate"]
    assert shown(other)[1].edges.grow_px == 12
    work.choose(other, "keep")
    assert actions(other) == ["silhouette", "silhouette", "pixelate"], "a plan is a decision for everybody in it"


def test_a_plan_of_another_photo_or_for_an_unknown_persona_is_refused(desk, tmp_path):
    session, work = desk
    plan = session.bodies.work.plan
    text = plan.to_json()
    path = tmp_path / "plan.json"
    path.write_text(text.replace(plan.fingerprint, "0" * 64))
    with pytest.raises(PlanError, match="made for another photo"):
        work.take_plan(session, path)
    swapped = BodyPlan.from_json(text.replace('"action": "silhouette"', '"action": "swap"', 1))
    swapped.save(path)
    path.write_text(path.read_text().replace('"persona": null', '"persona": "nobody"', 1))
    with pytest.raises(UnknownName):
        work.take_plan(session, path)
    assert actions(session) == ["silhouette"] * 3


def test_several_photos_are_masked_at_once_and_broken_ones_say_why(tmp_path, vault):  # noqa: F811
    session, work = opened(tmp_path, vault, "a.png", "b.png")
    broken = tmp_path / "broken" / "c.png"
    broken.parent.mkdir()
    broken.write_text("no picture")
    work.open(session, [(broken, "c.png")], silent)
    assert "c.png" in session.bodies.works[2].problem
    work.mask(session, silent)
    assert [w.masked is not None for w in session.bodies.works] == [True, True, False]


def test_stopping_keeps_what_was_found_before(desk, tmp_path):
    session, work = desk
    second = tmp_path / "second" / "b.png"
    second.parent.mkdir()
    Image.fromarray(PICTURE).save(second)

    def stop(fraction, message):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        work.open(session, [(second, "b.png")], stop)
    assert [w.name for w in session.bodies.works] == ["noise.png"]


def test_starting_over_deletes_the_photos_of_this_tab_only(desk):
    session, _ = desk
    other = session.folder / "upload-9"
    other.mkdir()
    session.clear_bodies()
    assert session.bodies.work is None
    assert list(session.folder.iterdir()) == [other]


def test_clearing_the_photos_tab_leaves_the_bodies_alone(desk):
    session, _ = desk
    session.clear()
    assert session.bodies.work.path.is_file()
    assert session.bodies.work.preview.is_file()


def test_faces_that_the_check_found_uncovered_are_covered(desk):
    session, work = desk
    work.mask(session, silent)
    photo = session.bodies.work
    missed = Finding("missed-1", "nothing", "none", "leak", None, missed_box_xyxy=(200.0, 20.0, 240.0, 60.0))
    photo.report = replace(photo.report, faces=replace(photo.report.faces, findings=(missed,)))
    work.cover_missed(session)
    face = photo.plan.faces.regions[-1]
    assert (face.box_xyxy, face.decision.action) == (missed.missed_box_xyxy, "pixelate")
    assert photo.masked is None


def test_the_report_speaks_plainly_of_what_could_not_be_done(desk, fakes):  # noqa: F811
    session, work = desk
    fakes["why_not"] = "there is nothing like it nearby"
    work.click(session, 320, 150)
    work.assign(session, "remove")
    work.mask(session, silent)
    html = BodiesView(work).report(session.bodies.work, work.known(session))
    assert "Covered by one flat colour, because there is nothing like it nearby." in html
