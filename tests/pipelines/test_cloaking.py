"""Cloaking a photo from one end to the other, with the networks that need no weights."""

from __future__ import annotations

import json

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.cloak_report import VERSIONS
from deepmask.engines.cloak import attack
from deepmask.errors import Cancelled, EngineFailed, EngineMissing, InputError, UnknownName
from deepmask.filters import Filters
from deepmask.media import Photo
from pipelines.protect.cloaking import Cloaked, CloakOptions, cloak
from tests.tiny.insight import tiny_insight  # noqa: F401


def photo(name: str = "collins.png") -> Photo:
    return Photo.from_array(np.ascontiguousarray(data.astronaut()[:300, 80:380]), name)


@pytest.fixture(scope="module")
def made() -> Cloaked:
    """A cloaked photo with the swaps of its face."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attack, "STEPS", 24)
        return cloak(photo(), CloakOptions(strength=4, engine="dlib", show=True, filters=Filters(warmth=0.3)))


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack, "STEPS", 2)


def test_dlib_is_deceived_in_every_version_and_this_is_told(made: Cloaked) -> None:
    assert made.report.safe
    assert made.report.summary().startswith("Deceives dlib as PNG, as JPEG 75 and at half size.")


def test_finders_that_were_never_attacked_still_see_the_face(made: Cloaked) -> None:
    others = [trial for trial in made.report.trials if not trial.attacked]
    assert {trial.victim for trial in others} == {"CenterFace", "BlazeFace"}
    assert not any(trial.deceived for trial in others)
    assert "Not deceived: CenterFace and BlazeFace, never attacked." in made.report.summary()


def test_every_network_looks_at_every_version(made: Cloaked) -> None:
    seen = {(trial.victim, trial.version) for trial in made.report.trials}
    assert seen == {(victim, version) for victim in ("dlib", "CenterFace", "BlazeFace") for version in VERSIONS}


def test_the_cloak_is_made_for_the_filtered_photo(made: Cloaked) -> None:
    warm = Filters(warmth=0.3).apply(photo().rgb)
    assert np.array_equal(made.before.rgb, warm)
    assert np.abs(made.photo.rgb.astype(int) - warm).max() == made.report.largest_change <= 8
    assert made.report.filters == {"warmth": 0.3}


def test_likeness_is_measured_where_it_changed(made: Cloaked) -> None:
    assert 30 < made.report.psnr_db < 50
    assert 0.8 < made.report.ssim < 1


def test_swaps_show_the_face_on_somebody_else(made: Cloaked) -> None:
    assert made.shown is not None
    assert made.shown.engine == "meshwarp"
    (dlib,) = made.shown.likenesses
    assert dlib.before < dlib.bar, "a swap that does not show the person proves nothing"
    assert made.shown.alike_db > 20
    assert "no cloak stops it" in made.shown.summary()


def test_the_page_shows_pictures_and_the_table(made: Cloaked) -> None:
    dossier = made.dossier()
    assert [one.title for one in dossier.exhibits] == [
        "Before", "After", "Difference × 10", "Swap before", "Swap after",
    ]  # fmt: skip
    page = dossier.html()
    assert dossier.tone == "good"
    assert all(word in page for word in ("attacked", "never seen", "JPEG 75", "half size", "BlazeFace"))


def test_the_report_is_json(made: Cloaked) -> None:
    told = json.loads(made.report.to_json())
    assert told["engine"] == "dlib"
    assert len(told["trials"]) == 9


@pytest.mark.usefixtures("brief")
def test_a_cloak_that_reaches_nothing_says_so() -> None:
    weak = cloak(photo(), CloakOptions(strength=1, engine="dlib"))
    assert not weak.report.safe
    assert weak.report.summary().startswith("This photo is not protected.")
    assert weak.dossier().tone == "bad"


@pytest.mark.usefixtures("brief", "tiny_insight")
def test_all_networks_with_weights_look_too() -> None:
    report = cloak(photo(), CloakOptions(strength=1)).report
    assert report.engine == "arcface"
    assert report.victims == ("ArcFace", "dlib", "CenterFace", "BlazeFace", "SCRFD")
    assert {trial.victim for trial in report.trials if trial.attacked} == {"ArcFace", "dlib"}
    assert any("commercial" in note for note in report.notes)


def test_a_photo_without_faces_is_refused_in_a_sentence() -> None:
    with pytest.raises(EngineFailed, match="No face"):
        cloak(Photo.from_array(data.coffee(), "coffee.png"))


def test_engines_and_strengths_that_do_not_exist_are_refused() -> None:
    with pytest.raises(UnknownName, match="dlib"):
        cloak(photo(), CloakOptions(engine="armour"))
    with pytest.raises(EngineMissing, match="deepmask weights get buffalo_l"):
        cloak(photo(), CloakOptions(engine="arcface"))
    with pytest.raises(InputError, match="1 to 5"):
        CloakOptions(strength=0)


def test_cloaking_can_be_stopped_and_frees_the_engines() -> None:
    def stop(fraction: float, message: str) -> None:
        if "step 3" in message:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        cloak(photo(), CloakOptions(engine="dlib"), progress=stop)
    assert engines.exclusive.acquire(timeout=1)
    engines.exclusive.release()
