"""Enrolment: from photos of a person to an entry of the roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from deepmask import engines
from deepmask.engines.protocols import FaceRecognizer
from deepmask.errors import InputError
from deepmask.faces import Embedding
from deepmask.media import Photo
from deepmask.progress import Progress, silent
from deepmask.roster import Roster
from pipelines import photo


def enrol(
    roster: Roster,
    name: str,
    photos: Sequence[Photo],
    persona: str | None,
    *,
    recognizer: str = "auto",
    progress: Progress = silent,
) -> Roster:
    """A copy of the roster in which ``name`` is known by ``photos``, with more of them if the name is known already.

    Args:
        persona: id of the persona this person gets, or None to keep their face.
        recognizer: by which people are known; 'auto' takes the roster's, for the first person the best that is ready.

    Raises:
        InputError: a photo without a face or with several people, photos of different people, or a face that is
            enrolled under another name; or the roster's people are known by another recogniser than the one asked
            for. Nobody is enrolled then.
        EngineMissing: the recogniser cannot be used.
    """
    if not photos:
        raise InputError(f"Enrolling {name} needs at least one photo with a face.")
    if roster.people:
        recognizer = photo.matcher(roster, recognizer)
    embeddings = []
    for n, source in enumerate(photos):
        progress(n / len(photos), f"Learning {source.name}")
        embedding, recognizer = photo.embed(source, recognizer=recognizer)
        embeddings.append(embedding)
    _refuse_mixed_people(roster, name, photos, embeddings, engines.load("face_recognizer", recognizer))
    progress(1.0, f"Learnt {name}")
    return replace(roster, recognizer=recognizer).enrolled(name, embeddings, persona)


def _refuse_mixed_people(
    roster: Roster, name: str, photos: Sequence[Photo], embeddings: Sequence[Embedding], recognizer: FaceRecognizer
) -> None:
    """Two people under one name would both be taken for the other, and one under two names for neither."""
    known = {person.name.casefold(): person for person in roster.people}
    same = known.pop(" ".join(name.split()).casefold(), None)
    seen = [("the earlier photos", vector) for vector in same.embeddings] if same else []
    for source, embedding in zip(photos, embeddings, strict=True):
        for other, vector in seen:
            if np.linalg.norm(embedding - vector) >= recognizer.hidden_above:
                raise InputError(f"{source.name} and {other} show different people; enrol one person at a time.")
        for person in known.values():
            if person.distance(embedding) < recognizer.match_below:
                raise InputError(
                    f"{source.name} shows {person.name}, who is enrolled already; forget {person.name} first."
                )
        seen.append((source.name, embedding))
