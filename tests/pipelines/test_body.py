"""What happens to the people of a photo, and what is said of it.

The engines are small fakes here: what is asked is what the pipeline does with their answers.
"""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from deepmask import engines, weights
from deepmask.area import Area, Body, Click, Selection
from deepmask.body_plan import BodyDecision, BodyPlan, BodyRegion, Edges
from deepmask.engines import EngineSpec
from deepmask.errors import Cancelled, EngineFailed, EngineMissing, InputError, PlanError, UnknownName
from deepmask.faces import Face, Patch
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.roster import Person, Roster
from deepmask.vault import Vault
from pipelines import body
from pipelines.body import BodyOptions
from pipelines.photo import PhotoOptions

SIZE = (400, 300)
PICTURE = np.kron(np.random.default_rng(3).integers(40, 200, (60, 80, 3)), np.ones((5, 5, 1))).astype(np.uint8)
ANNA, ANNAS_FACE = Area.of_box((40, 60, 110, 280), SIZE), (58.0, 70.0, 92.0, 112.0)
BEN, BENS_FACE = Area.of_box((112, 60, 180, 280), SIZE), (128.0, 70.0, 162.0, 112.0)
BACK = Area.of_box((300, 100, 340, 220), SIZE)
"""Somebody who is turned away."""

BACKGROUND, NEW, FLAT, CELLS, FACE = 10, 20, 30, 240, 250
"""What the fakes draw."""


def patch(area: Area, colour: int, noisy: bool = False) -> Patch:
    rgb = np.full((*area.mask.shape, 3), colour, np.uint8)
    if noisy:
        rgb += np.random.default_rng(colour).integers(0, 30, rgb.shape, np.uint8)
    return Patch(rgb, area.mask.astype(np.float32), area.origin_xy)


class Segmenter:
    """Finds Anna, Ben and somebody turned away, and in other pictures those whom ``again`` says."""

    def __init__(self, *again: Area, bodies=((ANNA, ANNAS_FACE), (BEN, BENS_FACE), (BACK, None))) -> None:
        self.again, self.bodies = again, bodies

    def segment(self, image, faces=(), *, progress=None):
        if not np.array_equal(image, PICTURE):
            return [Body(area, 0.9) for area in self.again]
        known = [face.box_xyxy for face in faces]
        return [Body(area, 0.9, face if face in known else None) for area, face in self.bodies]


class Filler:
    """Fills holes with one colour."""

    def __init__(self, colour: int, heeds_prompt: bool = False, error: Exception | None = None) -> None:
        self.colour, self.heeds_prompt, self.error, self.asked = colour, heeds_prompt, error, []

    def fill(self, image, hole, *, avoid=None, prompt="", seed=0, progress=None):
        self.asked.append({"image": image.copy(), "hole": hole, "avoid": avoid, "prompt": prompt, "seed": seed})
        if self.error is not None:
            raise self.error
        return patch(hole, self.colour, noisy=True)


class Idle(Filler):
    """Gives back what it got."""

    def fill(self, image, hole, **_):
        return Patch(image[hole.window].copy(), hole.mask.astype(np.float32), hole.origin_xy)


class Sloppy(Filler):
    """Leaves a strip of a twelfth of the hole as it was."""

    def __init__(self, opacity: float) -> None:
        super().__init__(0)
        self.opacity = opacity

    def fill(self, image, hole, **_):
        drawn = patch(hole, BACKGROUND, noisy=True)
        alpha, rows = drawn.alpha.copy(), len(drawn.alpha)
        alpha[rows // 2 : rows // 2 + rows // 12] = self.opacity
        return replace(drawn, alpha=alpha)


class Masker:
    def __init__(self, colour: int, error: Exception | None = None) -> None:
        self.colour, self.error = colour, error

    def cover(self, image, area, *, feather_px=0.0):
        if self.error is not None:
            raise self.error
        return patch(area.grown(feather_px), self.colour)


class Selector:
    def __init__(self, area: Area) -> None:
        self.area, self.asked = area, []

    def select(self, image, selection, *, progress=None):
        self.asked.append(selection)
        return self.area


class TextFinder:
    def find(self, image, *, progress=None):
        return [(Area.of_box((200, 10, 260, 30), SIZE), 0.8)]


class Finder:
    def find(self, image, *, progress=None):
        if np.array_equal(image, PICTURE):
            return [Face(ANNAS_FACE, 0.9), Face(BENS_FACE, 0.8)]
        return []


class Landmarker:
    def fit(self, image, box):
        return None


class Judge:
    """Takes a face for the original's where the middle of its box is as it was; Anna's differs from Ben's."""

    match_below, match_margin, hidden_above = 0.5, 0.07, 0.65

    def embed(self, image, face):
        x, y = int(sum(face.box_xyxy[::2]) / 2), int(sum(face.box_xyxy[1::2]) / 2)
        return image[y, x].astype(np.float32) / 20


class Swapper:
    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def swap(self, image, face, persona, *, strength=0.8, look=None):
        return patch(Area.of_box(face.box_xyxy, SIZE), FACE)


ROWS = [
    EngineSpec("inpainter", "neural", "", "", "non-commercial", weights=("inpainting",)),
    EngineSpec("person_segmenter", "poses", "", "", "MIT"),
    EngineSpec("inpainter", "patchmatch", "", "", "MIT"),
    EngineSpec("body_masker", "silhouette", "", "", "MIT"),
    EngineSpec("body_masker", "pixelate", "", "", "MIT"),
    EngineSpec("area_selector", "grabcut", "", "", "MIT"),
    EngineSpec("text_finder", "ppocr", "", "", "MIT"),
]


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """Kind or name of an engine → what plays it; the neural inpainter is ready only if a test says so."""
    kinds = {row.kind for row in ROWS}
    known = {
        "person_segmenter": Segmenter(), "patchmatch": Filler(BACKGROUND), "neural": Filler(NEW, heeds_prompt=True),
        "silhouette": Masker(FLAT), "body/pixelate": Masker(CELLS), "area_selector": Selector(BACK),
        "text_finder": TextFinder(), "face_finder": Finder(), "face_landmarker": Landmarker(),
        "face_recognizer": Judge(), "face_swapper": Swapper(),
    }  # fmt: skip
    table = [row for row in engines.table() if row.kind not in kinds and not row.weights] + ROWS
    monkeypatch.setattr(engines, "table", lambda: tuple(table))
    monkeypatch.setattr(weights, "missing", lambda names: () if "ready" in known else tuple(names))
    monkeypatch.setattr(weights, "location", lambda name, *_: None)
    monkeypatch.setattr(EngineSpec, "commercial", property(lambda row: "non-commercial" not in row.licence))
    monkeypatch.setattr("deepmask.engines.patchmatch.can_rebuild", lambda image, hole, avoid: known.get("why_not"))

    def load(kind, name="auto"):
        if kind == "body_masker" and name == "pixelate":
            return known["body/pixelate"]
        return known.get(name) or known.get(kind) or known["patchmatch"]

    monkeypatch.setattr(engines, "load", load)
    return known


@pytest.fixture
def source():
    return Photo.from_array(PICTURE, "noise.png")


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path)
    portrait = np.full((8, 8, 3), 128, np.uint8)
    vault.add(Persona("", "Maya", "painter", portrait, 1, attributes=Attributes(gender="female", age=40)))
    return vault


@pytest.fixture
def roster():
    return Roster((Person("anna", "Anna", "maya", (Judge().embed(PICTURE, Face(ANNAS_FACE)),)),), "dlib")


def drawn(source, vault, roster=None, **options):
    """The result of all steps, and which pixels changed."""
    result = body.mask(source, vault, roster or Roster(), BodyOptions(**options))
    return result, (result.photo.rgb != PICTURE).any(2)


def engines_of(result):
    return [finding.engine for finding in result.report.findings]


def margin(area: Area, px: float = 10):
    return area.grown(px).full()


# ------------------------------------------------------------------------------------------------------------ deciding
def test_everybody_is_found_and_bystanders_become_silhouettes(source, vault):
    result, changed = drawn(source, vault)
    assert [(r.id, r.face, r.decision.action) for r in result.plan.regions] == [
        ("person-1", "face-1", "silhouette"), ("person-2", "face-2", "silhouette"), ("person-3", None, "silhouette"),
    ]  # fmt: skip
    for area in (ANNA, BEN, BACK):
        assert (result.photo.rgb[area.full()] == FLAT).all()
    assert not changed[~(margin(ANNA) | margin(BEN) | margin(BACK))].any()
    assert result.report.safe
    assert result.report.summary() == "3 regions: 3 hidden. 2 faces: 2 hidden."


def test_who_is_enrolled_keeps_the_body_and_gets_the_persona(source, vault, roster):
    result, changed = drawn(source, vault, roster)
    anna, ben = result.plan.regions[:2]
    assert (anna.decision.action, anna.match.person if anna.match else None) == ("face", "anna")
    assert ben.decision.action == "silhouette"
    x1, y1, x2, y2 = (int(v) for v in ANNAS_FACE)
    assert (result.photo.rgb[y1:y2, x1:x2] == FACE).all()
    inside = np.zeros_like(changed)
    inside[y1:y2, x1:x2] = True
    assert not changed[ANNA.full() & ~inside].any(), "not even by the margin around Ben, who stands beside her"
    assert result.report.safe


@pytest.mark.parametrize("action", ["silhouette", "pixelate", "remove"])
def test_a_hidden_body_hides_a_face_that_its_plan_would_keep(source, vault, roster, action):
    keeping = replace(roster, people=(replace(roster.people[0], persona=None),))
    result, changed = drawn(source, vault, keeping, enrolled=action)
    assert result.plan.faces.region("face-1").decision == Decision("keep")
    assert changed[ANNA.full()].all()
    assert result.report.safe
    assert result.report.faces.findings[0].wanted == "pixelate"


def test_keeping_a_body_keeps_its_face(source, vault):
    result, changed = drawn(source, vault, bystanders="keep")
    assert not changed.any()
    assert {f.verdict for f in (*result.report.findings, *result.report.faces.findings)} == {"kept"}


def test_no_face_belongs_to_two_people(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(ANNA, ANNAS_FACE), (BEN, ANNAS_FACE), (ANNA.united(BEN), None)])
    result, changed = drawn(source, vault)
    assert [region.face for region in result.plan.regions] == ["face-1", None, None]
    assert changed[ANNA.united(BEN).full()].all()


def test_who_is_enrolled_is_exchanged_for_their_own_persona(source, roster):
    plan = body.analyze(source, roster, BodyOptions(enrolled="swap", prompt="in a red coat"))
    assert plan.regions[0].decision == BodyDecision("swap", "maya", "in a red coat")


def test_who_is_hidden_gets_no_persona(source, vault, roster):
    result, _ = drawn(source, vault, roster, enrolled="silhouette")
    assert [(face.wanted, face.engine) for face in result.report.faces.findings] == [("pixelate", "silhouette")] * 2


def test_the_margin_around_somebody_takes_nothing_of_a_head_without_a_body(source, vault, roster, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BEN, BENS_FACE)])
    _, changed = drawn(source, vault, roster, edges=Edges(grow_px=40))
    forehead = (slice(62, 70), slice(68, 84))
    assert not changed[forehead].any()
    assert changed[150:160, 76:100].all(), "beside her the margin is as wide as asked"


def test_a_hidden_head_within_somebody_who_stays_is_covered_at_the_face_only(source, vault, roster, fakes):
    anna = ANNA.united(Area.of_box((110, 50, 190, 130), SIZE))
    ben = Area.of_box((112, 130, 180, 280), SIZE)
    fakes["person_segmenter"] = Segmenter(bodies=[(anna, ANNAS_FACE), (ben, BENS_FACE)])
    result, changed = drawn(source, vault, roster, enrolled="keep")
    x1, y1, x2, y2 = (int(v) for v in BENS_FACE)
    assert changed[y1:y2, x1:x2].all()
    inside = np.zeros_like(changed)
    inside[y1:y2, x1:x2] = True
    assert not changed[anna.full() & ~inside].any()
    assert result.report.safe


def test_a_head_that_the_outline_misses_goes_with_the_body(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(Area.of_box((40, 120, 110, 280), SIZE), ANNAS_FACE)])
    result, changed = drawn(source, vault)
    x1, y1, x2, y2 = (int(v) for v in ANNAS_FACE)
    assert result.plan.regions[0].face == "face-1"
    assert changed[y1 - 6 : y2, x1 + 4 : x2 - 4].all()


def test_a_face_without_a_body_is_masked_as_a_face_and_told(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    result, _ = drawn(source, vault)
    assert result.report.notes == ("no body was found for face-1, face-2: only the face is masked",)
    assert result.report.safe


def test_writing_is_looked_for_only_if_asked(source, vault):
    assert len(drawn(source, vault)[0].plan.regions) == 3
    result, _ = drawn(source, vault, text="pixelate")
    sign = result.plan.regions[3]
    assert (sign.id, sign.thing, sign.found_by, sign.decision.action) == ("text-1", "text", "ppocr", "pixelate")
    assert (result.photo.rgb[sign.area.full()] == CELLS).all()


def test_decisions_are_made_anew_without_looking_again(source, vault, roster, fakes):
    plan = body.add_box(body.analyze(source, roster), source, (200, 200, 240, 220))
    fakes["person_segmenter"] = None
    options = BodyOptions(bystanders="swap", prompt="in a red coat", seed=4, edges=Edges(shadows=True))
    decided = body.decide(plan, roster, options, keep={"person-2"})
    assert [r.decision.action for r in decided.regions] == ["face", "silhouette", "swap", "pixelate"]
    assert decided.regions[2].decision.prompt == "in a red coat"
    assert (decided.seed, decided.edges.shadows) == (4, True)
    forgotten = body.decide(plan, Roster(), options)
    assert forgotten.regions[0].decision.action == "swap", "nobody is enrolled any more"


# ------------------------------------------------------------------------------------------------------------ removing
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


# ----------------------------------------------------------------------------------------------------------- exchanging
def test_nobody_is_exchanged_without_an_engine_that_follows_words(source, vault):
    result, _ = drawn(source, vault, bystanders="swap")
    assert set(engines_of(result)) == {"silhouette"}
    assert "run 'deepmask weights get inpainting' and make the plan with --inpainter neural" in str(result.report)


def test_somebody_new_follows_the_words_of_the_persona_and_the_users(source, vault, fakes):
    fakes["ready"] = True
    result, _ = drawn(source, vault, bystanders="swap", prompt="in a red coat", faces=PhotoOptions("maya"), seed=3)
    assert result.plan.engines["inpainter"] == "neural"
    assert engines_of(result) == ["neural"] * 3
    prompt = fakes["neural"].asked[0]["prompt"]
    assert "woman" in prompt
    assert "red coat" in prompt
    assert "shows no face" in result.report.findings[0].note
    assert "filled with neural, whose licence forbids commercial use" in result.report.notes
    seeds = [fill["seed"] for fill in fakes["neural"].asked]
    assert len(set(seeds)) == 3
    drawn(source, vault, bystanders="swap", seed=3)
    assert [fill["seed"] for fill in fakes["neural"].asked[3:]] == seeds
    drawn(source, vault, bystanders="swap", seed=4)
    assert not {fill["seed"] for fill in fakes["neural"].asked[6:]} & set(seeds)


def test_the_new_person_wears_the_face_of_the_persona(source, vault, fakes):
    class Both(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((310.0, 110.0, 330.0, 132.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Both()})
    result, changed = drawn(source, vault, bystanders="swap", faces=PhotoOptions("maya"))
    assert (result.photo.rgb[112:130, 312:328] == FACE).all()
    assert not changed[~(margin(ANNA, 14) | margin(BEN, 14) | margin(BACK, 14))].any()
    assert result.report.faces.safe, "a face of nobody is no face that was missed"


def test_a_persona_face_ends_where_the_new_person_does(source, vault, fakes):
    class Beside(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((325.0, 110.0, 350.0, 132.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Beside()})
    result, changed = drawn(source, vault, bystanders="swap", faces=PhotoOptions("maya"))
    assert (result.photo.rgb[112:130, 326:340] == FACE).all()
    assert not changed[110:132, 346:352].any()


def test_a_new_person_who_resembles_the_old_one_is_covered(source, vault, fakes):
    class Doubtful(Judge):
        def embed(self, image, face):
            same = np.array_equal(super().embed(image, face), super().embed(PICTURE, face))
            return np.array([0.0 if same else 0.6], np.float32)

    fakes.update({"ready": True, "face_recognizer": Doubtful()})
    result, _ = drawn(source, vault, bystanders="swap")
    assert engines_of(result) == ["silhouette", "silhouette", "neural"]
    assert "neural left too much to be seen" in result.report.findings[0].note


def test_a_named_inpainter_that_is_not_ready_is_refused_with_its_remedy(source, vault, fakes):
    with pytest.raises(EngineMissing, match="deepmask weights get inpainting"):
        drawn(source, vault, inpainter="neural")
    fakes["ready"] = True
    plan = body.analyze(source, Roster(), BodyOptions(bystanders="remove", inpainter="neural"))
    del fakes["ready"]
    with pytest.raises(EngineMissing, match="deepmask weights get inpainting"):
        body.render(source, plan, vault)


def test_broken_weights_of_a_named_inpainter_are_told(source, vault, fakes, monkeypatch):
    def broken(name, progress=None):
        raise EngineMissing(f"The file of {name} is damaged.")

    fakes["ready"] = True
    plan = body.analyze(source, Roster(), BodyOptions(bystanders="remove", inpainter="neural"))
    monkeypatch.setattr(weights, "location", broken)
    with pytest.raises(EngineMissing, match="inpainting is damaged"):
        body.render(source, plan, vault)


def test_who_makes_up_backgrounds_needs_nothing_to_continue(source, vault, fakes):
    fakes.update({"ready": True, "why_not": "there is no background"})
    assert set(engines_of(drawn(source, vault, bystanders="remove")[0])) == {"neural"}


def test_after_the_named_inpainter_a_plainer_one_removes(source, vault, fakes):
    fakes.update({"ready": True, "neural": Filler(0, True, EngineFailed("It may not be shown."))})
    result, _ = drawn(source, vault, bystanders="remove")
    assert set(engines_of(result)) == {"patchmatch"}
    assert "patchmatch instead, because It may not be shown." in result.report.findings[0].note


def test_names_that_do_not_exist_are_one_sentence(source, vault):
    for options in ({"inpainter": "magic"}, {"segmenter": "magic"}, {"selector": "magic"}):
        with pytest.raises(UnknownName, match="magic"):
            drawn(source, vault, **options)
    plan = body.analyze(source, Roster()).decided("person-1", BodyDecision("swap", "nobody"))
    with pytest.raises(UnknownName, match="no persona named 'nobody'"):
        body.render(source, plan, vault)


# ------------------------------------------------------------------------------------------------------------ overlaps
def crossed(source, first, second):
    """Two people one of whom stands before the other."""
    one, two = Area.of_box((200, 60, 270, 280), SIZE), Area.of_box((250, 60, 320, 280), SIZE)
    plan = body.analyze(source, Roster())
    regions = (BodyRegion("a", one, BodyDecision(first)), BodyRegion("b", two, BodyDecision(second)))
    return replace(plan, regions=regions, faces=replace(plan.faces, regions=())), one, two


def test_where_areas_overlap_hiding_wins_and_beside_it_nothing_of_who_stays_is_lost(source, vault):
    plan, one, two = crossed(source, "silhouette", "keep")
    changed = (body.render(source, plan, vault).photo.rgb != PICTURE).any(2)
    rest = two.without(one)
    assert rest is not None
    assert changed[one.full()].all()
    assert not changed[rest.full()].any()


def test_a_hole_is_not_to_be_avoided_by_who_fills_it(source, vault, fakes):
    plan, one, _ = crossed(source, "remove", "silhouette")
    body.render(source, plan, vault)
    asked = fakes["patchmatch"].asked[0]
    assert asked["hole"].overlap(one) == one.pixels
    assert asked["avoid"].overlap(asked["hole"]) == 0


def test_larger_people_are_covered_last(source, vault):
    large, small = Area.of_box((200, 40, 270, 290), SIZE), Area.of_box((260, 150, 300, 280), SIZE)
    plan, _, _ = crossed(source, "silhouette", "pixelate")
    for order in ((large, small), (small, large)):
        regions = tuple(replace(region, area=area) for region, area in zip(plan.regions, order, strict=True))
        rgb = body.render(source, replace(plan, regions=regions), vault).photo.rgb
        colour = FLAT if order[0] is large else CELLS
        assert (rgb[160:270, 261:269] == colour).all()


@pytest.mark.parametrize(("first", "second"), [("remove", "silhouette"), ("pixelate", "remove"), ("swap", "pixelate")])
def test_overlapping_people_who_go_in_different_ways_are_all_hidden(source, vault, fakes, first, second):
    plan, one, two = crossed(source, first, second)
    masked = body.render(source, plan, vault)
    assert (masked.photo.rgb != PICTURE).any(2)[one.united(two).full()].all()
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_margins_are_as_wide_as_asked(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    _, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=0, feather_px=0))
    assert np.array_equal(changed, BACK.full())
    _, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=9, feather_px=3))
    assert changed[margin(BACK, 6)].all()
    assert not changed[~margin(BACK, 9)].any()
    result, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=2, feather_px=12))
    assert engines_of(result) == ["silhouette"], "a soft edge is no wider than the margin"
    assert (result.photo.rgb[BACK.full()] == FLAT).all()
    assert not changed[~margin(BACK, 2)].any()


# ------------------------------------------------------------------------------------------------------------ checking
def as_jpeg(photo: Photo, quality: int) -> Photo:
    buffer = io.BytesIO()
    Image.fromarray(photo.rgb).save(buffer, "JPEG", quality=quality)
    return Photo.from_array(np.asarray(Image.open(buffer)).copy(), "out.jpg")


@pytest.mark.parametrize("action", ["silhouette", "remove"])
def test_a_result_is_checked_as_a_jpeg_from_anywhere(source, vault, action):
    plan = body.analyze(source, Roster(), BodyOptions(bystanders=action))
    masked = body.render(source, plan, vault)
    report = body.check(source, as_jpeg(masked.photo, 50), plan)
    assert report.safe, report.to_json()
    untouched = body.check(source, as_jpeg(source, 50), plan)
    assert {f.verdict for f in untouched.findings} == {"leak"}
    assert "as it was" in untouched.findings[0].note


def test_half_a_person_is_a_leak(source, vault):
    plan = body.analyze(source, Roster())
    half = body.render(source, plan, vault).photo.rgb.copy()
    half[200:] = PICTURE[200:]
    report = body.check(source, source.edited(half), plan)
    assert [f.verdict for f in report.findings[:2]] == ["leak", "leak"]
    assert 0.2 < (report.findings[0].unchanged or 0) < 0.5


@pytest.mark.parametrize("action", ["silhouette", "remove"])
@pytest.mark.parametrize("tones", [lambda was: was * 0.7 + 70, lambda was: was * 0.6 + 10, lambda was: 255.0 - was])
def test_somebody_put_back_in_other_tones_is_a_leak(source, vault, action, tones):
    plan = body.analyze(source, Roster(), BodyOptions(bystanders=action))
    back = body.render(source, plan, vault).photo.rgb.copy()
    back[BACK.window] = tones(PICTURE[BACK.window])
    report = body.check(source, as_jpeg(Photo.from_array(back), 75), plan)
    assert [f.verdict for f in report.findings] == ["hidden", "hidden", "leak"]


def test_a_removed_person_who_is_found_again_is_weak_a_silhouette_is_not(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(ANNA, BEN, BACK)
    removed, _ = drawn(source, vault, bystanders="remove")
    assert [f.verdict for f in removed.report.findings] == ["weak"] * 3
    assert not removed.report.safe
    assert "still found there" in removed.report.findings[0].note
    assert drawn(source, vault)[0].report.safe
    fakes["why_not"] = "there is no background"
    assert drawn(source, vault, bystanders="remove")[0].report.safe


def test_somebody_whom_the_plan_does_not_speak_of_is_told(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(BACK)
    plan = body.analyze(source, Roster()).without("person-3")
    masked = body.render(source, plan, vault)
    finding = body.check(source, masked.photo, plan, masked.outcomes, masked.faces).findings[-1]
    assert (finding.region, finding.verdict) == ("extra-1", "weak")
    assert "somebody at (300, 100)–(340, 220) is not in the plan" in finding.note
    fakes["person_segmenter"] = Segmenter(Area.of_box((200, 100, 260, 250), SIZE))
    assert drawn(source, vault)[0].report.safe, "who is seen in the result only is imagined"


def test_who_was_covered_by_hand_is_nobody_whom_the_plan_forgot(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(BACK)
    plan = body.analyze(source, Roster()).without("person-3")
    plan = body.add_box(plan, source, BACK.box_xyxy)
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_who_stays_beside_a_removed_person_is_not_taken_for_them(source, vault, fakes):
    plan, _, _ = crossed(source, "remove", "keep")
    fakes["person_segmenter"] = Segmenter(Area.of_box((225, 60, 310, 280), SIZE))
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_a_face_that_was_missed_beside_a_new_person_is_told(source, vault, fakes):
    class Missed(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((210.0, 210.0, 240.0, 240.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Missed()})
    result, _ = drawn(source, vault, bystanders="swap")
    assert [face.verdict for face in result.report.faces.findings] == ["hidden", "hidden", "leak"]


def test_a_check_needs_a_version_of_the_same_photo(source, vault):
    plan = body.analyze(source, Roster())
    other = Photo.from_array(PICTURE[::-1].copy(), "other.png")
    with pytest.raises(PlanError, match="another photo"):
        body.check(other, other, plan)
    with pytest.raises(PlanError, match="another photo"):
        body.render(other, plan, vault)
    with pytest.raises(InputError, match="sizes differ"):
        body.check(source, Photo.from_array(PICTURE[:9].copy()), plan)


def test_a_plan_for_another_size_is_refused_whatever_its_fingerprint(source, vault):
    turned = (SIZE[1], SIZE[0])
    plan = replace(body.analyze(source, Roster()), regions=(), size_wh=turned)
    with pytest.raises(PlanError, match="another photo"):
        body.render(source, plan, vault)
    with pytest.raises(PlanError, match="another photo"):
        body.check(source, source, replace(plan, size_wh=SIZE, faces=replace(plan.faces, size_wh=turned)))


def test_a_face_of_less_than_a_pixel_is_no_trouble(source, vault):
    plan = body.analyze(source, Roster())
    tiny = replace(plan.faces.regions[0], box_xyxy=(50.1, 70.1, 50.2, 70.2))
    plan = replace(plan, faces=plan.faces.with_region(tiny))
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


# ------------------------------------------------------------------------------------------------------------ pointing
def test_a_click_on_somebody_means_them(source, fakes):
    plan = body.analyze(source, Roster())
    selected = body.select(plan, source, Selection((Click(150, 200),)), BodyDecision("remove"))
    assert [r.decision.action for r in selected.regions] == ["silhouette", "remove", "silhouette"]
    assert not fakes["area_selector"].asked
    pointed = body.pointed_at(plan, 150, 200)
    assert pointed is not None
    assert pointed.id == "person-2"
    beside = body.pointed_at(plan, 344, 150)
    assert beside is not None
    assert beside.id == "person-3"
    assert body.pointed_at(plan, 360, 150) is None


def test_a_new_outline_takes_nothing_of_known_people(source, fakes):
    around_both = Area.of_box((190, 90, 345, 230), SIZE)
    fakes["area_selector"] = Selector(around_both)
    plan = body.select(body.analyze(source, Roster()), source, Selection((Click(220, 150),)))
    new = plan.regions[-1].area
    assert (new.box_xyxy, new.overlap(BACK)) == ((190, 90, 345, 230), 0)
    assert new.pixels == around_both.pixels - around_both.overlap(BACK)


def test_a_click_beside_everybody_outlines_somebody_new(source, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    fakes["area_selector"] = Selector(ANNA)
    plan = body.analyze(source, Roster())
    selected = body.select(plan, source, Selection((Click(70, 100),)), BodyDecision("remove"))
    new = selected.regions[1]
    assert (new.id, new.face, new.found_by, new.decision.action) == ("person-2", "face-1", "grabcut", "remove")
    assert np.array_equal(new.area.full(), ANNA.full())
    thing = body.select(plan, source, Selection(box_xyxy=(30, 30, 120, 290)), thing="other").regions[1]
    assert (thing.id, thing.face, thing.decision.action) == ("other-1", None, "silhouette")


def test_a_better_outline_replaces_the_one_that_was_found(source, fakes):
    plan = body.analyze(source, Roster())
    better = ANNA.united(Area.of_box((30, 200, 50, 240), SIZE))
    fakes["area_selector"] = Selector(better)
    clicks = (Click(70, 100), Click(10, 10, inside=False))
    selected = body.select(plan, source, Selection(clicks), BodyDecision("pixelate"))
    assert len(selected.regions) == 3
    anna = selected.region("person-1")
    assert (anna.area, anna.face, anna.decision.action) == (better, "face-1", "pixelate")


def test_refining_adds_to_what_was_pointed_at_before(source, fakes):
    plan = body.analyze(source, Roster())
    fakes["area_selector"] = selector = Selector(ANNA)
    refined = body.refine(plan, source, "person-1", Selection((Click(20, 150),)))
    assert selector.asked[0] == Selection((Click(20, 150),), (20, 60, 110, 280)), "the box grows around the point"
    body.refine(refined, source, "person-1", Selection((Click(90, 62), Click(5, 5, inside=False))))
    assert len(selector.asked[1].clicks) == 3
    with pytest.raises(InputError, match="outside the picture"):
        body.refine(plan, source, "person-1", Selection((Click(500, 5),)))


def test_a_box_is_a_thing_of_its_own(source, vault):
    plan = body.add_box(body.analyze(source, Roster()), source, (200, 200, 240, 220), "text")
    plate = plan.regions[3]
    assert (plate.id, plate.thing, plate.decision.action, plate.area.pixels) == ("text-1", "text", "pixelate", 800)
    assert (body.render(source, plan, vault).photo.rgb[205:215, 205:235] == CELLS).all()
    with pytest.raises(PlanError, match="no person"):
        body.add_box(plan, source, (0, 0, 9, 9), decision=BodyDecision("swap"))
    with pytest.raises(InputError, match="outside the picture"):
        body.add_box(plan, source, (500, 0, 600, 9))


def test_a_plan_is_saved_and_rendered_to_the_same_pixels(source, vault, roster, tmp_path):
    plan = body.analyze(source, roster, BodyOptions(bystanders="remove", text="pixelate"))
    plan.save(tmp_path / "plan.json")
    first, second = (body.render(source, p, vault).photo.rgb for p in (plan, BodyPlan.load(tmp_path / "plan.json")))
    assert np.array_equal(first, second)
