"""A video with faces, masked by the embedded engines: an astronaut who is enrolled, and a painted stranger."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.persona import Attributes, Persona
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import video
from pipelines.people import enrol
from pipelines.video import VideoOptions
from tests.tiny.clips import make_clip
from tests.tiny.scenes import FINE, SIZE_WH, TICKS, Cast, scene

FRAMES = 14
ASTRONAUT = Cast("astronaut", lambda n: (85 + 2.0 * n, 110))
STRANGER = Cast("painted", lambda n: (250 - 1.0 * n, 125), 104)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A film of two people, a vault and a roster that knows one of them, and what became of the film."""
    folder = tmp_path_factory.mktemp("film")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(folder / "home"))
        attributes = Attributes(gender="female", age=30)
        portrait = engines.load("portrait_painter", "painter").paint(attributes, 7)
        vault = Vault(folder / "home")
        maya = vault.add(Persona("", "Maya", "painter", portrait, 7, attributes=attributes))
        known = Photo.from_array(np.ascontiguousarray(data.astronaut()[:300, 60:400]), "eileen.png")
        roster = enrol(Roster(), "Eileen", [known], maya.id)
        film = Clip.open(scene(folder / "film.mp4", [ASTRONAUT, STRANGER], FRAMES, sounds=["eng"]))
        result = video.mask(film, vault, roster, folder / "out.mp4", VideoOptions(looks_per_second=4))
        yield film, result, folder


def track_at(plan, box):
    """The track that follows somebody."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for track in plan.tracks:
        place = track.box_at(FRAMES // 2)
        if place is not None and place[0] < x < place[2] and place[1] < y < place[3]:
            return track
    raise AssertionError("nobody is followed there")


def test_the_enrolled_person_wears_the_persona_throughout_and_the_stranger_is_anonymised(world):
    _, result, _ = world
    astronaut = track_at(result.plan, ASTRONAUT.box_at(FRAMES // 2))
    stranger = track_at(result.plan, STRANGER.box_at(FRAMES // 2))
    assert (astronaut.identity, astronaut.decision.persona) == ("confirmed", "maya")
    assert (stranger.identity, stranger.decision.action) == ("unknown", "pixelate")
    findings = {finding.track: finding for finding in result.report.findings}
    assert findings[astronaut.id].engines == {"painter": FRAMES}
    assert not result.report.leaks


def test_both_are_covered_in_every_frame_also_between_looks(world):
    film, result, _ = world
    for before, after in zip(film.pictures(), result.clip.pictures(), strict=True):
        for one in (ASTRONAUT, STRANGER):
            x1, y1, x2, y2 = (round(v) for v in one.box_at(before.index))
            change = np.abs(after.rgb[y1:y2, x1:x2].astype(int) - before.rgb[y1:y2, x1:x2]).max(2)
            assert (change > 12).mean() > 0.5, f"frame {before.index} of the {one.head}"


def test_the_original_in_some_frames_is_found_by_the_check(world):
    film, result, folder = world
    leaky = [picture.rgb for picture in result.clip.pictures()]
    for picture in film.pictures(5, 11):
        leaky[picture.index] = picture.rgb
    stamps = [TICKS * n for n in range(FRAMES)]
    path = make_clip(folder / "leaky.mp4", stamps, size_wh=SIZE_WH, picture=lambda n: leaky[n], options=FINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(folder / "home"))
        report = video.check(film, Clip.open(path), result.plan)
    assert report.leaks
    astronaut = track_at(result.plan, ASTRONAUT.box_at(FRAMES // 2))
    (finding,) = [finding for finding in report.findings if finding.track == astronaut.id]
    ((first, last),) = finding.leaking
    assert 5 <= first <= 6
    assert 9 <= last <= 10, "looks are a fifth of a second apart"
