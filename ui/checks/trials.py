"""Each engine tried once, on a sample photo and a persona painted for the purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from deepmask import engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import EngineFailed
from deepmask.faces import Face, RGBImage
from deepmask.persona import Attributes, Persona
from deepmask.progress import Progress
from deepmask.wishes import Wishes
from ui.checks import Check, first_line, remedy_for
from ui.engine_work import is_extra

_PORTRAIT_PX = 512


@dataclass
class Sitter:
    """The photo and the persona every engine is tried on, as far as they are known yet."""

    picture: RGBImage
    face: Face
    persona: Persona

    @classmethod
    def new(cls) -> Sitter:
        """The sample photo, with a guess where its face is, and a persona that is not painted yet."""
        from skimage import data

        picture = np.ascontiguousarray(data.astronaut()[:300, 60:360])
        blank = np.full((_PORTRAIT_PX, _PORTRAIT_PX, 3), 127, np.uint8)
        return cls(picture, Face((115, 54, 215, 180)), Persona("sitter", "Sitter", "painter", blank))


def engine_checks(progress: Progress) -> Iterator[Check]:
    """Each engine of the table, tried once. A kind of which nothing works that came with Deepmask is broken."""
    sitter = Sitter.new()
    working: set[str] = set()
    rows = sorted(engines.table(), key=is_extra)
    for n, row in enumerate(rows):
        progress(n / len(rows), f"Trying {row.name}")
        check = tried(row, sitter)
        if check.state != "broken":
            working.add(row.kind)
        yield check
    for kind in dict.fromkeys(row.kind for row in rows if not is_extra(row)):
        if kind not in working:
            yield Check(_words(kind), "broken", "no engine of this kind works.")


def tried(row: EngineSpec, sitter: Sitter) -> Check:
    """One engine; those that need a download are not missed while it was not asked for."""
    subject = f"{_words(row.kind)}: {row.name}"
    if row.missing():
        return Check(subject, "note" if is_extra(row) else "broken", _lacks(row), f"Run: {row.remedy()}")
    start = time.perf_counter()
    try:
        with engines.exclusive:
            said = _TRIALS.get(row.kind, _load)(row, sitter)
    except EngineFailed as error:
        return Check(subject, "note" if is_extra(row) else "broken", str(error))
    except Exception as error:  # whatever it is, the user wants to read it here
        return Check(subject, "broken", f"{first_line(error)}.", remedy_for(error))
    return Check(subject, "ok", f"{said} in {time.perf_counter() - start:.1f} s, the first time{_where(row)}")


def _lacks(row: EngineSpec) -> str:
    modules = row.missing_modules()
    absent = [f"{', '.join(modules)} not installed"] if modules else []
    for name in weights.missing(row.needed_weights()):
        words = {"licence": "licence not accepted", "broken": "damaged", "incomplete": "incomplete"}
        absent.append(f"weights {name} {words.get(weights.state(name).kind, 'not downloaded')}")
    return f"{'; '.join(absent)}."


def _where(row: EngineSpec) -> str:
    """Where the engine's sessions really run, if it can tell."""
    providers = getattr(engines.load(row.kind, row.name), "providers", ())  # type: ignore[call-overload]
    return f", on {', '.join(providers)}" if providers else ""


def _paint(row: EngineSpec, sitter: Sitter) -> str:
    wishes = Wishes(steps=1) if row.heeds_wishes else None
    portrait = engines.load("portrait_painter", row.name).paint(Attributes(), 7, _PORTRAIT_PX, wishes=wishes)
    if sitter.persona.attributes is None:
        sitter.persona = Persona("sitter", "Sitter", row.name, portrait, seed=7, attributes=Attributes())
    return "painted a portrait"


def _find(row: EngineSpec, sitter: Sitter) -> str:
    found = engines.load("face_finder", row.name).find(sitter.picture)
    if not found:
        raise EngineFailed("It did not find the face of the sample photo.")
    if not row.weights:
        sitter.face = found[0]
    return "found the face"


def _fit(row: EngineSpec, sitter: Sitter) -> str:
    landmarker = engines.load("face_landmarker", row.name)
    landmarks = landmarker.fit(sitter.picture, sitter.face.box_xyxy)
    if landmarks is None:
        raise EngineFailed("It did not fit the face of the sample photo.")
    sitter.face = Face(sitter.face.box_xyxy, sitter.face.score, landmarks, landmarker.yaw_degrees(landmarks))
    return f"fitted {len(landmarks)} points"


def _read_pose(row: EngineSpec, sitter: Sitter) -> str:
    if engines.load("pose_reader", row.name).read(sitter.picture, sitter.face.box_xyxy) is None:
        raise EngineFailed("It did not read the pose of the sample photo.")
    return "read the pose"


def _embed(row: EngineSpec, sitter: Sitter) -> str:
    return f"computed {engines.load('face_recognizer', row.name).embed(sitter.picture, sitter.face).size} numbers"


def _swap(row: EngineSpec, sitter: Sitter) -> str:
    engines.load("face_swapper", row.name).swap(sitter.picture, sitter.face, sitter.persona)
    return "masked the face"


def _restore(row: EngineSpec, sitter: Sitter) -> str:
    from skimage.transform import resize

    restorer = engines.load("face_restorer", row.name)
    aligned = resize(sitter.picture, (restorer.side_px, restorer.side_px), preserve_range=True)
    restorer.restore(np.asarray(aligned, np.uint8))
    return "sharpened the face"


def _parse(row: EngineSpec, sitter: Sitter) -> str:
    parts = np.unique(engines.load("face_parser", row.name).parse(sitter.picture, [sitter.face]))
    if len(parts) < 2:
        raise EngineFailed("It saw nothing but background in the sample photo.")
    return f"told {len(parts)} parts apart"


def _load(row: EngineSpec, sitter: Sitter) -> str:
    engines.load(row.kind, row.name)  # type: ignore[call-overload]
    return "loaded"


_TRIALS: dict[str, Callable[[EngineSpec, Sitter], str]] = {
    "portrait_painter": _paint,
    "face_finder": _find,
    "face_landmarker": _fit,
    "pose_reader": _read_pose,
    "face_recognizer": _embed,
    "face_swapper": _swap,
    "face_restorer": _restore,
    "face_parser": _parse,
}
"""Engines of other kinds are loaded."""


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()
