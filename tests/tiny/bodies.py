"""Three people in a picture, and small engines that know them: what is asked is what pipelines do with answers."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask import engines, weights
from deepmask.area import Area, Body
from deepmask.body_plan import BodyDecision, BodyRegion
from deepmask.engines import EngineSpec
from deepmask.faces import Face, Patch
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.roster import Person, Roster
from deepmask.vault import Vault
from pipelines import body
from pipelines.body import BodyOptions

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

    def segment(self, image, faces=(), *, thorough=True, progress=None):
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

    real = engines.load

    def load(kind, name="auto"):
        if kind == "tagger":
            return real(kind, name)
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


def crossed(source, first, second):
    """Two people one of whom stands before the other."""
    one, two = Area.of_box((200, 60, 270, 280), SIZE), Area.of_box((250, 60, 320, 280), SIZE)
    plan = body.analyze(source, Roster())
    regions = (BodyRegion("a", one, BodyDecision(first)), BodyRegion("b", two, BodyDecision(second)))
    return replace(plan, regions=regions, faces=replace(plan.faces, regions=())), one, two
