"""Which mask is drawn, when it is replaced by a plainer one, and what the check calls the result.

The engines are small fakes here: what is asked is what the pipeline does with their answers.
"""

import numpy as np
import pytest

from deepmask import engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import EngineFailed, EngineMissing, InputError
from deepmask.faces import Face, Patch
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.plan import Decision, Plan, Region
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import people, photo

PICTURE = np.random.default_rng(3).integers(0, 200, (300, 400, 3), np.uint8)
FACE = (100.0, 100.0, 200.0, 200.0)
COLOURS = {"inswapper": 200, "meshwarp": 210, "painter": 220, "vector": 230, "pixelate": 240, "solid": 250}


class Swapper:
    """Fills the box with the colour of its name."""

    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def __init__(self, name: str, **limits: float) -> None:
        self.colour = COLOURS[name]
        vars(self).update(limits)

    def swap(self, image, face, persona, *, strength=0.8, look=None):
        self.look = look
        x1, y1, x2, y2 = (int(v) for v in face.box_xyxy)
        alpha = np.ones((y2 - y1, x2 - x1), np.float32)
        return Patch(np.full((*alpha.shape, 3), self.colour, np.uint8), alpha, (x1, y1))


class Finder:
    def __init__(self, boxes=()):
        self.boxes = boxes

    def find(self, image, *, progress=None):
        return [Face(box, 0.9) for box in self.boxes]


class Landmarker:
    """Fits a mesh to every face, or to none."""

    def __init__(self, yaw: float | None = None) -> None:
        self.yaw = yaw

    def fit(self, image, box):
        return None if self.yaw is None else np.zeros((478, 3))

    def yaw_degrees(self, landmarks):
        return self.yaw


class Judge:
    """Says how far a picture is from the original: ``seen`` by where features were, ``refitted`` by where they are."""

    match_below, match_margin, hidden_above = 0.5, 0.07, 0.65

    def __init__(self, seen: float = 1.0, refitted: float | None = None) -> None:
        self.seen, self.refitted, self.asked = seen, seen if refitted is None else refitted, 0

    def embed(self, image, face):
        if np.array_equal(image, PICTURE):
            return np.zeros(1, np.float32)
        self.asked += 1
        return np.array([self.seen if self.asked % 2 else self.refitted], np.float32)


@pytest.fixture
def source():
    return Photo.from_array(PICTURE, "noise.png")


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path)
    portrait = np.full((8, 8, 3), 128, np.uint8)
    vault.add(Persona("", "Painted", "painter", portrait, 1, attributes=Attributes()))
    vault.add(Persona("", "Imported", "import", portrait, attestation=Attestation("mine", "2026-01-01")))
    return vault


@pytest.fixture
def use(monkeypatch):
    """Replace the engines."""

    def replace(judge=None, landmarker=None, finder=None, others=(), **swappers):
        fakes = {
            "face_recognizer": judge or Judge(),
            "face_landmarker": landmarker or Landmarker(),
            "face_finder": finder or Finder(),
        }
        known = {name: Swapper(name) for name in COLOURS} | swappers | dict(others)
        monkeypatch.setattr(
            engines, "load", lambda kind, name="auto": dict(others).get(name) or fakes.get(kind) or known[name]
        )

    return replace


NEURAL = [
    EngineSpec("face_finder", "scrfd", "", "", "MIT", weights=("buffalo_l",)),
    EngineSpec("face_recognizer", "arcface", "", "", "MIT", weights=("buffalo_l",)),
    EngineSpec("face_swapper", "inswapper", "", "", "MIT", weights=("buffalo_l", "inswapper_128"), heeds_look=True),
    EngineSpec("face_restorer", "gfpgan", "", "", "Apache-2.0", weights=("gfpgan",)),
]


@pytest.fixture
def ready(monkeypatch):
    """Say which sets of weights are there; the neural engines stand in the table in any case."""

    def located(name, _progress=None):
        if name in broken:
            raise EngineMissing(f"{name} is damaged; run: deepmask weights get {name}")

    broken = []

    def with_weights(*names, damaged=()):
        broken[:] = damaged
        monkeypatch.setattr(weights, "missing", lambda asked: tuple(n for n in asked if n not in names))
        monkeypatch.setattr(weights, "location", located)

    embedded = [row for row in engines.table() if not row.weights]
    monkeypatch.setattr(engines, "table", lambda: (*NEURAL, *embedded))
    with_weights()
    return with_weights


def plan_of(source, *regions):
    return Plan("photo", source.name, source.fingerprint, source.size_wh, regions)


def engine_for(source, vault, decision, box=FACE):
    return photo.render(source, plan_of(source, Region("face-1", box, decision)), vault).outcomes[0]


def test_a_painted_persona_is_painted_and_an_imported_one_warped(source, vault, use):
    use()
    assert engine_for(source, vault, Decision("persona", "painted")).engine == "painter"
    assert engine_for(source, vault, Decision("persona", "imported")).engine == "meshwarp"


@pytest.mark.parametrize(
    ("installed", "engine"), [(["meshwarp", "solid"], "meshwarp"), (["solid"], "solid"), ([], "rectangle")]
)
def test_engines_that_are_not_installed_are_passed_over(source, vault, use, monkeypatch, installed, engine):
    use()
    rows = engines.rows
    monkeypatch.setattr(
        engines, "rows", lambda kind: [r for r in rows(kind) if kind != "face_swapper" or r.name in installed]
    )
    known = {name: Swapper(name) for name in installed}
    load = engines.load
    monkeypatch.setattr(
        engines, "load", lambda kind, name="auto": known[name] if kind == "face_swapper" else load(kind, name)
    )
    assert engine_for(source, vault, Decision("persona", "painted")).engine == engine
    assert engine_for(source, vault, Decision("solid")).engine == (engine if engine == "rectangle" else "solid")


@pytest.mark.parametrize("action", ["pixelate", "solid", "vector"])
def test_a_mask_that_was_asked_for_is_the_one_that_is_drawn(source, vault, use, action):
    use()
    outcome = engine_for(source, vault, Decision(action))
    assert (outcome.engine, outcome.note) == (action, "")


def test_small_and_turned_faces_are_not_tried_by_engines_that_cannot_hide_them(source, vault, use):
    limited = Swapper("meshwarp", min_size_px=64, max_yaw_degrees=30)
    imported = Decision("persona", "imported")
    use(landmarker=Landmarker(10), meshwarp=limited)
    assert engine_for(source, vault, imported).engine == "meshwarp"
    small = engine_for(source, vault, imported, (100.0, 100.0, 160.0, 160.0))
    assert (small.engine, "too small" in small.note) == ("painter", True)
    use(landmarker=Landmarker(31), meshwarp=limited)
    turned = engine_for(source, vault, imported, (200.0, 100.0, 300.0, 200.0))
    assert (turned.engine, "turned too far" in turned.note) == ("painter", True)
    use(meshwarp=Swapper("meshwarp", needs_landmarks=True))
    assert engine_for(source, vault, imported, (100.0, 20.0, 200.0, 120.0)).engine == "painter", "no mesh fits"


@pytest.mark.parametrize(("seen", "refitted"), [(0.6, 0.9), (0.9, 0.6)])
def test_a_mask_has_to_disguise_however_an_attacker_aligns_it(source, vault, use, seen, refitted):
    use(judge=Judge(seen, refitted))
    outcome = engine_for(source, vault, Decision("persona", "imported"))
    assert outcome.engine == "solid", "the plainest leaves nothing to measure"
    assert "meshwarp disguised too little" in outcome.note


def test_a_judge_that_fails_hides_nobody_and_leaves_no_trace_of_the_masks_it_did_not_judge(source, vault, use):
    class Broken(Judge):
        def embed(self, image, face):
            if np.array_equal(image, PICTURE):
                return super().embed(image, face)
            raise EngineFailed("Out of memory.")

    class Wide(Swapper):
        def swap(self, image, face, persona, *, strength=0.8, look=None):
            return Patch(np.full((200, 200, 3), self.colour, np.uint8), np.ones((200, 200), np.float32), (50, 50))

    use(judge=Broken(), painter=Wide("painter"))
    box = Region("face-1", FACE, Decision("persona", "painted"))
    masked = photo.render(source, plan_of(source, box), vault)
    assert masked.outcomes[0].engine == "solid"
    assert (masked.photo.rgb[100:200, 100:200] == COLOURS["solid"]).all()
    assert np.array_equal(masked.photo.rgb[50:99, 50:250], PICTURE[50:99, 50:250])


def test_what_is_nearer_covers_what_is_behind(source, vault, use):
    use()
    behind = Region("face-1", (150.0, 150.0, 210.0, 210.0), Decision("pixelate"))
    nearer = Region("face-2", FACE, Decision("solid"))
    for regions in ((behind, nearer), (nearer, behind)):
        masked = photo.render(source, plan_of(source, *regions), vault)
        assert (masked.photo.rgb[150:200, 150:200] == COLOURS["solid"]).all()
        assert [o.region for o in masked.outcomes] == [r.id for r in regions], "in the plan's order all the same"


@pytest.mark.parametrize(
    ("distance", "found", "verdict"),
    [
        (0.9, True, "hidden"),
        (0.9, False, "hidden"),
        (0.6, True, "weak"),
        (0.6, False, "hidden"),
        (0.4, True, "leak"),
        (0.4, False, "weak"),
    ],
)
def test_the_check_tells_hidden_weak_and_leak_apart(source, use, distance, found, verdict):
    use(judge=Judge(distance), finder=Finder([FACE] if found else []))
    masked = PICTURE.copy()
    masked[100:200, 100:200] = PICTURE[100:200, 100:200][::-1, ::-1]
    plan = plan_of(source, Region("face-1", FACE, Decision("pixelate")))
    report = photo.check(source, source.edited(masked), plan)
    assert [f.verdict for f in report.findings] == [verdict]
    assert report.safe is (verdict == "hidden")


# ------------------------------------------------------------------------------------------------- photoreal engines
ALL = ("buffalo_l", "inswapper_128", "gfpgan")


def masked_with(source, vault, persona="painted", **options):
    """All of the masking of a photo with one face by fakes."""
    return photo.mask(source, vault, Roster(), photo.PhotoOptions(persona=persona, **options))


def test_without_weights_nothing_is_asked_of_photoreal_engines(source, vault, use, ready):
    use(finder=Finder([FACE]))
    result = masked_with(source, vault)
    assert "face_swapper" not in result.plan.engines
    assert result.report.findings[0].engine == "painter"
    assert result.report.notes == ()


@pytest.mark.parametrize("persona", ["painted", "imported"])
def test_auto_takes_the_photoreal_swapper_where_it_is_ready_and_the_report_names_it(source, vault, use, ready, persona):
    ready(*ALL)
    use(finder=Finder([FACE]))
    result = masked_with(source, vault, persona)
    assert result.plan.engines["face_swapper"] == "inswapper"
    assert result.report.findings[0].engine == "inswapper"
    assert result.report.findings[0].verdict == "hidden"
    assert "made with inswapper, whose licence forbids commercial use" in result.report.notes


def test_a_plan_is_rendered_as_it_was_made_whatever_became_ready_since(source, vault, use, ready):
    use(finder=Finder([FACE]))
    plan = photo.analyze(source, Roster(), photo.PhotoOptions(persona="painted"))
    ready(*ALL)
    assert photo.render(source, plan, vault).outcomes[0].engine == "painter"


def test_a_named_swapper_that_is_not_ready_is_refused_with_its_remedy(source, vault, use, ready):
    use(finder=Finder([FACE]))
    with pytest.raises(EngineMissing, match="deepmask weights get buffalo_l inswapper_128"):
        masked_with(source, vault, swapper="inswapper")
    ready(*ALL)
    plan = photo.analyze(source, Roster(), photo.PhotoOptions(persona="painted", swapper="inswapper"))
    ready()
    with pytest.raises(EngineMissing, match="deepmask weights get"):
        photo.render(source, plan, vault)


def test_a_restorer_that_is_not_ready_is_refused_only_where_it_would_be_used(source, vault, use, ready):
    ready("buffalo_l", "inswapper_128")
    use(finder=Finder([FACE]))
    with pytest.raises(EngineMissing, match="deepmask weights get gfpgan"):
        masked_with(source, vault, look=Look(restore=0.5))
    assert masked_with(source, vault, look=Look(restore=0.5), swapper="painter").report.safe


def test_damaged_weights_are_told_and_not_used(source, vault, use, ready):
    ready(*ALL, damaged=["inswapper_128"])
    use(finder=Finder([FACE]))
    with pytest.raises(EngineMissing, match="inswapper_128 is damaged"):
        masked_with(source, vault)
    ready(*ALL, damaged=["buffalo_l"])
    use(finder=Finder([FACE]), others={"arcface": Judge(0.1), "scrfd": Finder([(0.0, 0.0, 90.0, 90.0)])})
    report = masked_with(source, vault, swapper="painter").report
    assert (report.judges, report.safe) == (("dlib",), True), "nobody asked for them by name"


def test_a_plain_mask_is_no_engine_for_personas(source, vault, use, ready):
    use(finder=Finder([FACE]))
    with pytest.raises(InputError, match="solid shows no persona; choose one of"):
        masked_with(source, vault, swapper="solid")


def test_a_named_swapper_starts_the_ladder_and_plainer_ones_follow(source, vault, use, ready):
    ready(*ALL)
    use(finder=Finder([FACE]))
    assert masked_with(source, vault, swapper="meshwarp").report.findings[0].engine == "meshwarp"
    use(finder=Finder([FACE]), meshwarp=Swapper("meshwarp", min_size_px=500))
    assert masked_with(source, vault, swapper="meshwarp").report.findings[0].engine == "painter"
    use(finder=Finder([FACE]), inswapper=Swapper("inswapper", min_size_px=500))
    assert masked_with(source, vault, "painted").report.findings[0].engine == "painter", "drawn anew in any pose"
    assert masked_with(source, vault, "imported").report.findings[0].engine == "meshwarp"


def test_the_look_reaches_the_engine_and_stays_in_the_plan(source, vault, use, ready, tmp_path):
    ready(*ALL)
    swapper, look = Swapper("inswapper"), Look(512, 0.7, "head")
    use(finder=Finder([FACE]), inswapper=swapper)
    result = masked_with(source, vault, look=look)
    assert swapper.look == look
    result.plan.save(tmp_path / "plan.json")
    swapper.look = None
    photo.render(source, Plan.load(tmp_path / "plan.json"), vault)
    assert swapper.look == look


class Colours:
    """Takes the original for the same person as anything that has the colour of these engines."""

    match_below, match_margin, hidden_above = 0.5, 0.07, 0.65

    def __init__(self, *deceived_not_by: str) -> None:
        self.colours = [COLOURS[name] for name in deceived_not_by]

    def embed(self, image, face):
        same = np.array_equal(image, PICTURE) or image[150, 150, 0] in self.colours
        return np.array([0.0 if same else 0.9], np.float32)


def test_a_swap_that_any_recogniser_sees_through_gives_way_to_the_next(source, vault, use, ready):
    ready(*ALL)
    use(finder=Finder([FACE]), others={"arcface": Colours("painter"), "dlib": Colours("inswapper")})
    finding = masked_with(source, vault).report.findings[0]
    assert (finding.engine, finding.verdict) == ("vector", "hidden")
    assert "inswapper disguised too little; painter disguised too little" in finding.note


def test_the_check_tells_what_the_least_deceived_recogniser_thinks(source, use, ready):
    ready(*ALL)
    use(finder=Finder([FACE]), others={"arcface": Judge(0.9), "dlib": Judge(0.3)})
    masked = PICTURE.copy()
    masked[100:200, 100:200] = PICTURE[100:200, 100:200][::-1, ::-1]
    report = photo.check(source, source.edited(masked), plan_of(source, Region("face-1", FACE, Decision("pixelate"))))
    assert report.judges == ("arcface", "dlib")
    (finding,) = report.findings
    assert (finding.verdict, finding.judge, finding.distance) == ("leak", "dlib", pytest.approx(0.3))
    assert "examined with scrfd and arcface, whose licences forbid commercial use" in report.notes


def test_a_face_that_only_the_neural_finder_sees_uncovered_is_a_leak(source, use, ready):
    seen = (20.0, 20.0, 80.0, 80.0)
    use(finder=Finder(), others={"scrfd": Finder([seen])})
    assert not photo.check(source, source.edited(PICTURE.copy()), plan_of(source)).findings
    ready(*ALL)
    (finding,) = photo.check(source, source.edited(PICTURE.copy()), plan_of(source)).findings
    assert (finding.verdict, finding.missed_box_xyxy) == ("leak", seen)


def test_faces_can_be_looked_for_with_the_neural_finder(source, use, ready):
    use(others={"scrfd": Finder([FACE])})
    with pytest.raises(EngineMissing, match="deepmask weights get buffalo_l"):
        photo.analyze(source, Roster(), photo.PhotoOptions(finder="scrfd"))
    ready(*ALL)
    plan = photo.analyze(source, Roster(), photo.PhotoOptions(finder="scrfd"))
    assert [(r.found_by, r.box_xyxy) for r in plan.regions] == [("scrfd", FACE)]


# ---------------------------------------------------------------------------------------------- who is known by what
class Recognizer(Judge):
    def embed(self, image, face):
        return np.zeros(4, np.float32)


def test_people_are_known_by_the_recogniser_they_were_enrolled_with(source, use, ready):
    ready(*ALL)
    use(finder=Finder([FACE]), judge=Recognizer())
    roster = people.enrol(Roster(), "Anna", [source], None, recognizer="arcface")
    assert roster.recognizer == "arcface"
    plan = photo.analyze(source, roster)
    assert (plan.engines["face_recognizer"], plan.regions[0].decision.action) == ("arcface", "keep")
    for asked in (
        lambda: people.enrol(roster, "Ben", [source], None, recognizer="dlib"),
        lambda: photo.analyze(source, roster, photo.PhotoOptions(recognizer="dlib")),
    ):
        with pytest.raises(InputError, match="enrol them again with dlib"):
            asked()


def test_nobody_is_recognised_while_their_recogniser_is_not_ready(source, use, ready):
    ready(*ALL)
    use(finder=Finder([FACE]), judge=Recognizer())
    roster = people.enrol(Roster(), "Anna", [source], None, recognizer="arcface")
    ready()
    with pytest.raises(EngineMissing, match=r"Nobody is recognised.*enrolled with arcface.*weights get buffalo_l"):
        photo.analyze(source, roster)
    everybody = photo.analyze(source, roster, photo.PhotoOptions(persona="painted"))
    assert everybody.regions[0].decision == Decision("persona", "painted"), "nobody has to be recognised for that"
