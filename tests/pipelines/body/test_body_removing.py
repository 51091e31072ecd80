"""People go, and whatever breaks nobody is left to be seen."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask.area import Area
from deepmask.body_plan import Edges
from deepmask.errors import Cancelled, EngineFailed
from deepmask.roster import Roster
from pipelines import body
from pipelines.body import BodyOptions
from tests.tiny.bodies import (
    ANNA,
    ANNAS_FACE,
    BACK,
    BACKGROUND,
    BEN,
    BENS_FACE,
    FACE,
    FLAT,
    NEW,
    PICTURE,
    SIZE,
    Filler,
    Idle,
    Judge,
    Masker,
    Segmenter,
    Sloppy,
    drawn,
    engines_of,
    margin,
    patch,
)


def test_removed_people_are_filled_with_what_is_around_all_who_are_left(source, vault, roster, fakes):
    result, changed = drawn(source, vault, roster, bystanders="remove")
    assert engines_of(result) == ["none", "patchmatch", "patchmatch"]
    asked = fakes["patchmatch"].asked
    assert len(asked) == 2
    for fill, own, others in ((asked[0], BEN, (ANNA, BACK)), (asked[1], BACK, (ANNA,))):
        assert fill["hole"].overlap(own) == own.pixels
        assert all(fill["avoid"].overlap(other) >= 0.95 * other.pixels for other in others)
        assert fill["avoid"].overlap(fill["hole"]) == 0
    assert asked[1]["avoid"].overlap(BEN) == 0, "he is gone by now"
    assert asked[0]["seed"] != asked[1]["seed"]
    assert (result.photo.rgb[BEN.full()] < BACKGROUND + 30).all()
    assert not changed[~(margin(ANNA) | margin(BEN, 14) | margin(BACK, 14))].any()
    assert result.report.safe


def test_neither_writing_nor_a_face_without_a_body_is_repeated(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    drawn(source, vault, bystanders="remove", text="pixelate")
    avoid = fakes["patchmatch"].asked[0]["avoid"]
    for box in ((200, 10, 260, 30), ANNAS_FACE, BENS_FACE):
        area = Area.of_box(box, SIZE)
        assert avoid.overlap(area) > 0.9 * area.pixels


def test_what_failed_is_undone_before_another_engine_looks(source, vault, fakes):
    class Half(Filler):
        def fill(self, image, hole, **_):
            drawn = patch(hole, NEW, noisy=True)
            rgb, rows = drawn.rgb.copy(), len(drawn.rgb) // 2
            rgb[rows:] = image[hole.window][rows:]
            return replace(drawn, rgb=rgb)

    fakes.update({"ready": True, "neural": Half(0, heeds_prompt=True)})
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    result, _ = drawn(source, vault, bystanders="remove")
    assert engines_of(result) == ["patchmatch"]
    image = fakes["patchmatch"].asked[0]["image"]
    assert np.array_equal(image[margin(BACK)], PICTURE[margin(BACK)])


def test_who_touches_goes_together(source, vault, fakes):
    drawn(source, vault, bystanders="remove")
    holes = [fill["hole"] for fill in fakes["patchmatch"].asked]
    assert len(holes) == 2
    assert holes[0].overlap(ANNA) == ANNA.pixels
    assert holes[0].overlap(BEN) == BEN.pixels


def test_who_cannot_go_with_the_others_goes_alone(source, vault, fakes, monkeypatch):
    def too_large(image, hole, avoid):
        return "it takes too much of the picture" if hole.share > 0.16 else None

    monkeypatch.setattr("deepmask.engines.patchmatch.can_rebuild", too_large)
    result, _ = drawn(source, vault, bystanders="remove")
    assert engines_of(result) == ["patchmatch"] * 3
    assert [finding.note for finding in result.report.findings] == [""] * 3
    ben, anna = (fill for fill in fakes["patchmatch"].asked if fill["hole"].overlap(ANNA.united(BEN)))
    assert ben["avoid"].overlap(ANNA) > 0.9 * ANNA.pixels
    assert anna["avoid"].overlap(BEN) == 0, "he is gone by then"


def test_no_filler_sees_a_face_that_is_to_go(source, vault, fakes):
    drawn(source, vault, bystanders="remove")
    x1, y1, x2, y2 = (int(v) for v in ANNAS_FACE)
    assert (fakes["patchmatch"].asked[0]["image"][y1:y2, x1:x2] == FACE).all()


def test_a_shadow_goes_with_its_person(source, vault, monkeypatch):
    shadow = Area.of_box((340, 210, 380, 224), SIZE)
    monkeypatch.setattr("deepmask.shadows.shadow_of", lambda image, area, others: shadow if area is BACK else None)
    _, without = drawn(source, vault, bystanders="remove")
    _, changed = drawn(source, vault, bystanders="remove", edges=Edges(shadows=True))
    assert changed[shadow.full()].mean() > 0.95
    assert without[shadow.full()].mean() < 0.3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"why_not": "it takes 40 % of the picture"}, "silhouette instead, because it takes 40 % of the picture."),
        ({"patchmatch": Filler(0, error=EngineFailed("Nothing to continue."))}, "because Nothing to continue."),
        ({"patchmatch": Filler(0, error=ValueError("boom"))}, "because patchmatch failed (ValueError)."),
        ({"patchmatch": Idle(0)}, "because patchmatch left too much to be seen."),
        ({"patchmatch": Sloppy(0.0)}, "because The drawing left a part of them open."),
        ({"patchmatch": Sloppy(0.9)}, "because The drawing left a part of them open."),
        ({"patchmatch": Sloppy(np.nan)}, "because patchmatch failed (ValueError)."),
    ],
)
def test_who_cannot_be_removed_is_covered_and_the_report_says_why(source, vault, fakes, wrong, words):
    fakes.update(wrong)
    result, _ = drawn(source, vault, bystanders="remove")
    assert set(engines_of(result)) == {"silhouette"}
    assert words in result.report.findings[0].note
    assert (result.photo.rgb[ANNA.full()] == FLAT).all()
    assert result.report.safe


@pytest.mark.parametrize("action", ["silhouette", "pixelate", "remove", "swap"])
def test_whatever_breaks_nobody_is_left_to_be_seen(source, vault, fakes, action):
    broken = MemoryError()
    fakes.update({"patchmatch": Filler(0, error=broken), "silhouette": Masker(0, broken), "ready": True,
                  "neural": Filler(0, True, broken), "body/pixelate": Masker(0, broken)})  # fmt: skip
    result, _ = drawn(source, vault, bystanders=action)
    assert set(engines_of(result)) == {"grey"}
    for area in (ANNA, BEN, BACK):
        assert (result.photo.rgb[area.full()] == 127).all()
    assert "plain grey instead, because" in result.report.findings[0].note
    assert result.report.safe


def test_a_judge_that_knows_everybody_is_believed_of_cells_not_of_one_colour(source, vault, fakes):
    class Anybody(Judge):
        def embed(self, image, face):
            return np.zeros(3, np.float32)

    fakes["face_recognizer"] = Anybody()
    plan = body.analyze(source, Roster(), BodyOptions(bystanders="pixelate"))
    outcomes = body.render(source, plan, vault).outcomes
    assert [outcome.engine for outcome in outcomes] == ["silhouette", "silhouette", "pixelate"]
    assert outcomes[0].note == "silhouette instead, because pixelate left too much to be seen."


@pytest.mark.parametrize("place", [(5000, 10), (-5000, 10), (60, 60)])
def test_a_covering_at_the_wrong_place_is_drawn_over(source, vault, fakes, place):
    class Misplaced(Masker):
        def cover(self, image, area, *, feather_px=0.0):
            return replace(super().cover(image, area), origin_xy=place)

    fakes["silhouette"] = Misplaced(FLAT)
    result, changed = drawn(source, vault)
    assert set(engines_of(result)) == {"grey"}
    assert (result.photo.rgb[BACK.full()] == 127).all()
    assert not changed[~(margin(ANNA) | margin(BEN) | margin(BACK))].any()


def test_stopping_is_no_failure(source, vault, fakes):
    fakes["patchmatch"] = Filler(0, error=Cancelled())
    with pytest.raises(Cancelled):
        drawn(source, vault, bystanders="remove")


def test_somebody_who_fills_the_picture_is_covered_not_removed(source, vault, fakes):
    whole = Area.of_box((10, 5, 400, 300), SIZE)
    fakes["person_segmenter"] = Segmenter(bodies=[(whole, ANNAS_FACE)])
    result, changed = drawn(source, vault, bystanders="remove")
    assert engines_of(result) == ["silhouette"]
    assert "% of the picture would have to be made up" in result.report.findings[0].note
    assert changed[whole.full()].all()
