"""Enrolment: from photos of a person to an entry of the roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.progress import Progress, silent
from deepmask.roster import Roster
from pipelines import photo


def enrol(
    roster: Roster, name: str, photos: Sequence[Photo], persona: str | None, *, progress: Progress = silent
) -> Roster:
    """A copy of the roster in which ``name`` is known by ``photos``, with more of them if the name is known already.

    Args:
        persona: id of the persona this person gets, or None to keep their face.

    Raises:
        InputError: a photo without a face or with several people; nobody is enrolled then.
    """
    if not photos:
        raise InputError(f"Enrolling {name} needs at least one photo with a face.")
    recognizer = roster.recognizer if roster.people else "auto"
    embeddings = []
    for n, source in enumerate(photos):
        progress(n / len(photos), f"Learning {source.name}")
        embedding, recognizer = photo.embed(source, recognizer=recognizer)
        embeddings.append(embedding)
    progress(1.0, f"Learnt {name}")
    return replace(roster, recognizer=recognizer).enrolled(name, embeddings, persona)
