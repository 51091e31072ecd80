"""Which mask is drawn, when it is replaced by a plainer one, and what the check calls the result.

The engines are small fakes here: what is asked is what the pipeline does with their answers.
"""

import numpy as np
import pytest

from deepmask import engines
from deepmask.faces import Face, Patch
from deepmask.media import Photo
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.plan import Decision, Plan, Region
from deepmask.vault import Vault
from pipelines import photo

PICTURE = np.random.default_rng(3).integers(0, 200, (300, 400, 3), np.uint8)
FACE = (100.0, 100.0, 200.0, 200.0)
COLOURS = {"meshwarp": 210, "painter": 220, "vector": 230, "pixelate": 240, "solid": 250}


class Swapper:
    """Fills the box with the colour of its name."""

    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def __init__(self, name: str, **limits: float) -> None:
        self.colour = COLOURS[name]
        vars(self).update(limits)

    def swap(self, image, face, persona, *, strength=0.8, look=None):
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

    def replace(judge=None, landmarker=None, finder=None, **swappers):
        fakes = {
            "face_recognizer": judge or Judge(),
            "face_landmarker": landmarker or Landmarker(),
            "face_finder": finder or Finder(),
        }
        known = {name: Swapper(name) for name in COLOURS} | swappers
        monkeypatch.setattr(engines, "load", lambda kind, name="auto": fakes.get(kind) or known[name])

    return replace


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
