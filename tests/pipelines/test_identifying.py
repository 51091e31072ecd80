"""Who a followed face is: several frames agree, or nobody is named."""

from __future__ import annotations

import numpy as np

from deepmask.faces import Face
from deepmask.plan import Match
from deepmask.roster import Person, Roster
from pipelines.video.identifying import Known, _one_place_at_a_time, _verdict, best_frames
from pipelines.video.looking import COLOURS, Sight
from pipelines.video.tracking import Path


def path(first: int, last: int, score: float = 0.9) -> Path:
    """Somebody seen in every third frame."""
    result = Path((0, 999))
    for frame in range(first, last + 1, 3):
        result.see(frame, Sight(Face((10, 10, 60, 60), score), np.full(COLOURS, 1 / COLOURS, np.float32)))
    return result


def match(person: str, distance: float = 0.3) -> Match:
    """Somebody enrolled."""
    return Match(person, distance, 0.2)


def roster(persona: str | None = "maya") -> Roster:
    """Ann and Ben."""
    embedding = (np.ones(4, np.float32),)
    return Roster(tuple(Person(name, name.title(), persona, embedding) for name in ("ann", "ben")))


def test_somebody_seen_again_and_again_is_confirmed() -> None:
    assert _verdict([match("ann"), match("ann"), None, match("ann")], roster()).identity == "confirmed"


def test_one_moment_of_likeness_names_nobody() -> None:
    assert _verdict([match("ann"), None, None, None], roster()).identity == "conflict"


def test_a_minority_of_likenesses_names_nobody() -> None:
    assert _verdict([match("ann"), match("ann"), None, None, None, None], roster()).identity == "conflict"


def test_two_names_for_one_face_are_a_conflict() -> None:
    assert _verdict([match("ann"), match("ben"), match("ann")], roster()).identity == "conflict"


def test_whoever_stays_as_they_are_must_be_known_in_all_samples() -> None:
    assert _verdict([match("ann"), match("ann"), None], roster(persona=None)).identity == "conflict"
    assert _verdict([match("ann"), match("ann")], roster(persona=None)).identity == "confirmed"


def test_nobody_enrolled_is_unknown_and_nobody_asked_unmeasured() -> None:
    assert _verdict([None, None], roster()) == Known("unknown")
    assert _verdict([], roster()) == Known("unmeasured")


def test_nobody_is_in_two_places_at_once() -> None:
    paths = [path(0, 30), path(15, 60)]
    known = _one_place_at_a_time(paths, [Known("confirmed", match("ann", 0.2)), Known("confirmed", match("ann", 0.4))])
    assert [one.identity for one in known] == ["confirmed", "conflict"]


def test_somebody_may_come_back_after_a_cut() -> None:
    paths = [path(0, 30), path(60, 90)]
    known = _one_place_at_a_time(paths, [Known("confirmed", match("ann", 0.2)), Known("confirmed", match("ann", 0.4))])
    assert [one.identity for one in known] == ["confirmed", "confirmed"]


def test_the_best_frames_lie_apart() -> None:
    frames = best_frames(path(0, 300), fps=25)
    assert len(frames) == 6
    assert min(abs(a - b) for a in frames for b in frames if a != b) >= 25
