"""Somebody new stands where somebody was."""

import numpy as np
import pytest

from deepmask import weights
from deepmask.body_plan import BodyDecision
from deepmask.errors import EngineFailed, EngineMissing, UnknownName
from deepmask.faces import Face
from deepmask.roster import Roster
from pipelines import body
from pipelines.body import BodyOptions
from pipelines.photo import PhotoOptions
from tests.tiny.bodies import ANNA, BACK, BEN, FACE, PICTURE, Filler, Finder, Judge, drawn, engines_of, margin


def test_nobody_is_exchanged_without_an_engine_that_follows_words(source, vault):
    result, _ = drawn(source, vault, bystanders="swap")
    assert set(engines_of(result)) == {"silhouette"}
    assert "run 'deepmask weights get inpainting' and make the plan with --inpainter neural" in str(result.report)


def test_somebody_new_follows_the_words_of_the_persona_and_the_users(source, vault, fakes):
    fakes["ready"] = True
    result, _ = drawn(source, vault, bystanders="swap", prompt="in a red coat", faces=PhotoOptions("maya"), seed=3)
    assert result.plan.engines["inpainter"] == "neural"
    assert engines_of(result) == ["neural"] * 3
    prompt = fakes["neural"].asked[0]["prompt"]
    assert "woman" in prompt
    assert "red coat" in prompt
    assert "shows no face" in result.report.findings[0].note
    assert "filled with neural, whose licence forbids commercial use" in result.report.notes
    seeds = [fill["seed"] for fill in fakes["neural"].asked]
    assert len(set(seeds)) == 3
    drawn(source, vault, bystanders="swap", seed=3)
    assert [fill["seed"] for fill in fakes["neural"].asked[3:]] == seeds
    drawn(source, vault, bystanders="swap", seed=4)
    assert not {fill["seed"] for fill in fakes["neural"].asked[6:]} & set(seeds)


def test_the_new_person_wears_the_face_of_the_persona(source, vault, fakes):
    class Both(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((310.0, 110.0, 330.0, 132.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Both()})
    result, changed = drawn(source, vault, bystanders="swap", faces=PhotoOptions("maya"))
    assert (result.photo.rgb[112:130, 312:328] == FACE).all()
    assert not changed[~(margin(ANNA, 14) | margin(BEN, 14) | margin(BACK, 14))].any()
    assert result.report.faces.safe, "a face of nobody is no face that was missed"


def test_a_persona_face_ends_where_the_new_person_does(source, vault, fakes):
    class Beside(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((325.0, 110.0, 350.0, 132.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Beside()})
    result, changed = drawn(source, vault, bystanders="swap", faces=PhotoOptions("maya"))
    assert (result.photo.rgb[112:130, 326:340] == FACE).all()
    assert not changed[110:132, 346:352].any()


def test_a_new_person_who_resembles_the_old_one_is_covered(source, vault, fakes):
    class Doubtful(Judge):
        def embed(self, image, face):
            same = np.array_equal(super().embed(image, face), super().embed(PICTURE, face))
            return np.array([0.0 if same else 0.6], np.float32)

    fakes.update({"ready": True, "face_recognizer": Doubtful()})
    result, _ = drawn(source, vault, bystanders="swap")
    assert engines_of(result) == ["silhouette", "silhouette", "neural"]
    assert "neural left too much to be seen" in result.report.findings[0].note


def test_a_named_inpainter_that_is_not_ready_is_refused_with_its_remedy(source, vault, fakes):
    with pytest.raises(EngineMissing, match="deepmask weights get inpainting"):
        drawn(source, vault, inpainter="neural")
    fakes["ready"] = True
    plan = body.analyze(source, Roster(), BodyOptions(bystanders="remove", inpainter="neural"))
    del fakes["ready"]
    with pytest.raises(EngineMissing, match="deepmask weights get inpainting"):
        body.render(source, plan, vault)


def test_broken_weights_of_a_named_inpainter_are_told(source, vault, fakes, monkeypatch):
    def broken(name, progress=None):
        raise EngineMissing(f"The file of {name} is damaged.")

    fakes["ready"] = True
    plan = body.analyze(source, Roster(), BodyOptions(bystanders="remove", inpainter="neural"))
    monkeypatch.setattr(weights, "location", broken)
    with pytest.raises(EngineMissing, match="inpainting is damaged"):
        body.render(source, plan, vault)


def test_who_makes_up_backgrounds_needs_nothing_to_continue(source, vault, fakes):
    fakes.update({"ready": True, "why_not": "there is no background"})
    assert set(engines_of(drawn(source, vault, bystanders="remove")[0])) == {"neural"}


def test_after_the_named_inpainter_a_plainer_one_removes(source, vault, fakes):
    fakes.update({"ready": True, "neural": Filler(0, True, EngineFailed("It may not be shown."))})
    result, _ = drawn(source, vault, bystanders="remove")
    assert set(engines_of(result)) == {"patchmatch"}
    assert "patchmatch instead, because It may not be shown." in result.report.findings[0].note


def test_names_that_do_not_exist_are_one_sentence(source, vault):
    for options in ({"inpainter": "magic"}, {"segmenter": "magic"}, {"selector": "magic"}):
        with pytest.raises(UnknownName, match="magic"):
            drawn(source, vault, **options)
    plan = body.analyze(source, Roster()).decided("person-1", BodyDecision("swap", "nobody"))
    with pytest.raises(UnknownName, match="no persona named 'nobody'"):
        body.render(source, plan, vault)
