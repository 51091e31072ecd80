"""Variations: a persona with another expression, in another place, in other clothes.

Painters that go by attributes draw the person again. One that follows words paints somebody new for the changed words,
for another place or other clothes beginning with the portrait if it can (``EngineSpec.varies``), and the persona's
chosen face is put onto them. Either way a recogniser says whether the picture shows the persona.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np

from deepmask import engines
from deepmask.engines.protocols import FaceRecognizer
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Embedding, Face, RGBImage
from deepmask.look import Look
from deepmask.persona import CHOICES, Attributes, Persona
from deepmask.progress import Progress, part, silent
from deepmask.prompt import read, without
from deepmask.variation import Variation, VariationKind
from deepmask.vault import Vault
from deepmask.wishes import Preview, Wishes, unseen
from pipelines.avatar.creating import MOST_SEED, Order, Refused, counted, paint

FIELDS: dict[VariationKind, tuple[str, ...]] = {
    "expression": ("mood",),
    "setting": ("background",),
    "clothing": ("clothing", "clothing_colour"),
}
"""The attributes each kind changes."""

IDEAS: dict[VariationKind, tuple[str, ...]] = {
    "expression": ("laughing", "serious", "surprised", "friendly", "sad", "cool", "angry", "happy"),
    "setting": ("beach", "office", "night", "forest", "sunset", "at home", "studio"),
    "clothing": ("dark suit", "red hoodie", "white shirt", "blue blouse", "green cardigan", "black tee"),
}
"""What is varied when the user names nothing; the prompt reader knows all of them."""

_PHRASES: dict[VariationKind, str] = {
    "expression": "{} facial expression", "setting": "{} in the background", "clothing": "wearing {}"
}  # fmt: skip

_SURE = 0.6
"""Score from which on a box in a portrait is taken for a face."""


@dataclass(frozen=True)
class VariationOptions:
    """How a persona is varied."""

    kind: VariationKind = "expression"
    words: str = ""
    """'laughing', 'at the beach', 'red hoodie'; empty: several typical ones."""
    seed: int = 0
    """Another one gives other pictures. For painters that follow words it is added to the persona's: the same noise
    keeps hair, light and surroundings near to the portrait."""
    count: int = 4
    """Pictures; a painter that goes by attributes makes one for given words, since they say all."""
    swapper: str = "auto"
    """What puts the persona's face onto new pictures."""
    look: Look = field(default_factory=Look)
    recognizer: str = "dlib"
    """What measures; by default one that no swapper is steered by."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(VariationKind):
            raise InputError(f"A variation changes one of {', '.join(get_args(VariationKind))}, got {self.kind!r}.")
        if not 1 <= self.count <= 16:
            raise InputError(f"The number of pictures must lie between 1 and 16, got {self.count}.")
        if not 0 <= self.seed <= MOST_SEED:
            raise InputError(f"The seed must lie between 0 and {MOST_SEED}, got {self.seed}.")


@dataclass(frozen=True)
class Consistency:
    """How alike the pictures of a persona are, by a recogniser's distances; a smaller one is more alike."""

    recognizer: str
    match_below: float
    """Below this it is the same person."""
    to_portrait: tuple[float, ...]
    """Of each picture with a face."""
    among: tuple[float, ...]
    """Of each pair of them."""


def vary(
    persona: Persona,
    options: VariationOptions | None = None,
    *,
    progress: Progress = silent,
    preview: Preview = unseen,
) -> list[Variation]:
    """Further pictures of a persona; nothing is kept.

    Raises:
        InputError: an imported persona, a portrait without a measurable face, or words that change nothing.
    """
    return list(variations(persona, options, progress=progress, preview=preview))


def variations(
    persona: Persona,
    options: VariationOptions | None = None,
    *,
    progress: Progress = silent,
    preview: Preview = unseen,
    refused: Refused | None = None,
) -> Iterator[Variation]:
    """As :func:`vary`, each picture as soon as it is finished; ``refused`` as for :func:`pipelines.avatar.drafts`."""
    options = options or VariationOptions()
    if persona.attributes is None:
        raise InputError(f"{persona.name} was imported; only personas made from words can be varied.")
    engines.choose("portrait_painter", persona.engine)
    judge = _Judge(persona, options.recognizer, progress)
    wanted = _wanted(persona, persona.attributes, options)
    for n, (words, order) in enumerate(wanted):
        step = counted(progress, n, len(wanted))
        size_px = persona.portrait.shape[0]
        try:
            picture, _ = paint(order, size_px, part(step, 0.0, 0.85), preview)
        except EngineFailed as error:
            if refused is None:
                raise
            refused(order.seed, error)
            continue
        variation = Variation(picture, options.kind, words, order.seed, order.engine)
        if persona.wishes is not None:
            step(0.85, f"Giving it the face of {persona.name}")
            variation = _with_face(variation, persona, options, step)
        step(0.95, "Measuring")
        yield judge.measured(variation, step)
    progress(1.0, "Varied")


def consistency(variations: Sequence[Variation]) -> Consistency | None:
    """How alike variations are that were made in one go; None when no face of them could be measured."""
    seen = [v for v in variations if v.embedding is not None and v.distance is not None]
    if not seen:
        return None
    vectors = [np.asarray(v.embedding) for v in seen]
    among = [float(np.linalg.norm(a - b)) for n, a in enumerate(vectors) for b in vectors[:n]]
    bar = engines.load("face_recognizer", seen[0].recognizer).match_below
    return Consistency(seen[0].recognizer, bar, tuple(v.distance for v in seen if v.distance is not None), tuple(among))


def keep_variation(persona: Persona, variation: Variation, vault: Vault, *, anyway: bool = False) -> Variation:
    """Keep a variation in the persona's folder.

    Args:
        anyway: although the recogniser does not take it for the persona.

    Raises:
        InputError: it shows somebody else.
    """
    if not (variation.same_person or anyway):
        raise InputError(f"This picture does not show {persona.name}: {explained(variation)} It is not kept.")
    return vault.add_variation(persona, variation)


def explained(variation: Variation) -> str:
    """How sure it is whom a variation shows: one sentence."""
    if variation.problem:
        return variation.problem
    if variation.distance is None:
        return "No face could be measured in it."
    who = "the same person" if variation.same_person else "somebody else"
    return f"The recogniser takes it for {who} (distance {variation.distance:.2f})."


# --------------------------------------------------------------------------------------------------------- painting
def _wanted(persona: Persona, attributes: Attributes, options: VariationOptions) -> list[tuple[str, Order]]:
    """What to paint: the words and the order of each picture."""
    words = " ".join(options.words.split())
    ideas = [words] if words else _ideas(attributes, options)
    row = engines.choose("portrait_painter", persona.engine)
    start = persona.portrait if row.varies and options.kind != "expression" else None
    wanted = []
    for n in range(min(options.count, len(ideas)) if persona.wishes is None else options.count):
        idea = ideas[n % len(ideas)]
        changed = _changed(attributes, idea, options.kind, strict=persona.wishes is None)
        if persona.wishes is None:
            order = Order(persona.engine, changed, persona.seed, None)
        else:
            wishes = _wishes(persona, persona.wishes, idea, options.kind)
            seed = (persona.seed + options.seed + n // len(ideas)) % (MOST_SEED + 1)
            order = Order(persona.engine, changed, seed, wishes, start)
        wanted.append((idea, order))
    return wanted


def _ideas(attributes: Attributes, options: VariationOptions) -> list[str]:
    """The ideas of a kind that are news to the persona; the next seed begins with the next ones."""
    ideas = [idea for idea in IDEAS[options.kind] if _changed(attributes, idea, options.kind) != attributes]
    start = options.seed * options.count % len(ideas)
    return ideas[start:] + ideas[:start]


def _changed(attributes: Attributes, words: str, kind: VariationKind, *, strict: bool = False) -> Attributes:
    """The attributes with what the words say of this kind.

    Raises:
        InputError: strict, and the words say nothing of it.
    """
    said = read(words).attributes.to_json()
    values = {name: said.get(name) for name in FIELDS[kind]}
    if any(values.values()):
        return attributes.changed(**values)
    if strict:
        known = ", ".join(word.replace("_", " ") for word in CHOICES[FIELDS[kind][0]])
        raise InputError(f"{words!r} is no {kind} this painter knows; it knows {known}.")
    return attributes


def _wishes(persona: Persona, wishes: Wishes, words: str, kind: VariationKind) -> Wishes:
    """The persona's wishes with another expression, place or clothes; a pose holds the lips, so it yields to them."""
    rest = without(wishes.prompt or persona.prompt, FIELDS[kind])
    prompt = ", ".join(part for part in (rest, _PHRASES[kind].format(words)) if part)
    return replace(wishes, prompt=prompt, pose=None if kind == "expression" else wishes.pose)


# ---------------------------------------------------------------------------------------------------------- identity
def _with_face(variation: Variation, persona: Persona, options: VariationOptions, progress: Progress) -> Variation:
    """The variation with the persona's face; a ``problem`` where that cannot be."""
    with engines.turn(progress):
        face = main_face(variation.picture)
        if face is None:
            return replace(variation, problem="No face was found in it.")
        row = engines.choose("face_swapper", options.swapper)
        swapper, canvas = engines.load("face_swapper", row.name), variation.picture.copy()
        try:
            swapper.swap(canvas, face, persona, strength=1.0, look=options.look).paste(canvas)
        except EngineFailed as error:
            return replace(variation, problem=f"It could not be given the face of {persona.name}: {error}")
    return replace(variation, picture=canvas, swapper=row.name)


def main_face(picture: RGBImage) -> Face | None:
    """The largest face of a portrait, with landmarks where a mesh fits."""
    found = engines.load("face_finder", "fast").find(picture) or engines.load("face_finder").find(picture)
    if not found:
        return None
    sure = [face for face in found if face.score > _SURE] or found
    face = max(sure, key=lambda face: face.size_px)
    landmarker = engines.load("face_landmarker")
    landmarks = landmarker.fit(picture, face.box_xyxy)
    yaw = None if landmarks is None else landmarker.yaw_degrees(landmarks)
    return replace(face, landmarks=landmarks, yaw_degrees=yaw)


class _Judge:
    """Compares pictures with a persona's portrait."""

    def __init__(self, persona: Persona, recognizer: str, progress: Progress) -> None:
        self._name = engines.choose("face_recognizer", recognizer).name
        with engines.turn(progress):
            self._recognizer: FaceRecognizer = engines.load("face_recognizer", self._name)
            original = self._embedding(persona.portrait)
        if original is None:
            raise InputError(
                f"No face can be measured in the portrait of {persona.name}, so that a variation could not be told "
                "from somebody else; vary a persona whose portrait shows the face."
            )
        self._original = original

    def _embedding(self, picture: RGBImage) -> Embedding | None:
        face = main_face(picture)
        vector = None if face is None else self._recognizer.embed(picture, face)
        return vector if vector is not None and np.isfinite(vector).all() else None

    def measured(self, variation: Variation, progress: Progress) -> Variation:
        """The variation with its distance from the portrait and what follows from it."""
        with engines.turn(progress):
            embedding = self._embedding(variation.picture)
        if embedding is None:
            return replace(variation, recognizer=self._name)
        distance = float(np.linalg.norm(embedding - self._original))
        same = distance < self._recognizer.match_below and not variation.problem
        return replace(variation, recognizer=self._name, distance=distance, same_person=same, embedding=embedding)
