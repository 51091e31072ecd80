"""Personas that follow words, in a real browser: the real engine on tiny checkpoints, a painter whose faces are faces,
and no weights at all."""

import pytest
from PIL import Image
from skimage import data

from tests.tiny import words
from tests.tiny.diffusion import tiny_diffusion, tiny_hub  # noqa: F401  # fixtures
from tests.ui.browser import needs_browser, opened

PROMPT = "friendly woman in her forties, short black hair, no glasses"


@pytest.fixture
def page(tmp_path):
    """The Personas tab of an app of its own."""
    with opened(tmp_path / "browser") as page:
        page.driver.get(page.url)
        page.tab("Personas")
        yield page


def choose_photoreal(page):
    page.find("#style")
    next(e for e in page.all("#style label") if e.text == "Photoreal").click()


def describe(page, prompt):
    page.find("#prompt textarea").clear()
    page.find("#prompt textarea").send_keys(prompt)


def keep(page, name):
    page.click("#drafts button.thumbnail-item")
    page.find("#persona-name input, #persona-name textarea").send_keys(name)
    page.click("#keep")
    page.says(f"{name} is kept")
    return page.vault.persona(name)


@needs_browser
def test_without_weights_the_style_says_how_to_get_it_and_the_others_work_as_ever(page):
    assert [e.text for e in page.all("#style label")] == ["Painted", "Illustrated", "Photoreal"]
    choose_photoreal(page)
    page.says("Photoreal has to be downloaded once (")
    page.says("deepmask weights get sd15")
    assert not any(head.text == "Advanced" for head in page.all("button.label-wrap")), "nothing to set before"
    describe(page, PROMPT)
    page.click("#create")
    page.says("The engine 'diffusion' lacks sd15")
    next(e for e in page.all("#style label") if e.text == "Illustrated").click()
    page.until(lambda: "has to be downloaded" not in page.find("#style").find_element("xpath", "../../..").text)
    page.paint(4)
    assert keep(page, "Ida").engine == "illustrated"


@needs_browser
def test_the_real_engine_paints_four_faces_of_which_one_is_kept(tiny_diffusion, page):  # noqa: F811
    choose_photoreal(page)
    page.find("#advanced")
    page.open("Advanced")
    page.find("#negative input, #negative textarea").send_keys("hat")
    page.click("#poses button.thumbnail-item", number=1)
    page.click("#speed label", number=1)
    describe(page, PROMPT)
    page.paint(4, 240)
    kept = keep(page, "Maya")
    assert kept.engine == "diffusion"
    assert kept.wishes.prompt == PROMPT
    assert kept.wishes.negative == "hat"
    assert kept.wishes.pose.name == "front"
    assert kept.wishes.fast is True
    assert kept.recipe["steps"] == "4"
    assert "controlnet_openpose_digest" in kept.recipe
    page.click("#vary")
    page.says("No face can be measured in the portrait of Maya")
    assert page.foreign_requests() == set()


@needs_browser
def test_what_is_being_painted_is_seen_and_stopping_keeps_what_is_finished(monkeypatch, page):
    words.install(monkeypatch)
    monkeypatch.setattr(words.WordPainter, "seconds_a_step", 0.5)
    choose_photoreal(page)
    page.find("#advanced")  # the page has taken up the style
    describe(page, PROMPT)
    page.click("#create")
    watched = "return document.querySelector('#painting img')?.offsetWidth > 0"  # it is replaced too often to be held
    page.until(lambda: page.driver.execute_script(watched), 60)
    page.until(lambda: len(page.driver.find_elements("css selector", "#drafts button.thumbnail-item")) >= 1, 60)
    page.click("#stop-painting")
    page.says("Stopped; what was finished before is kept.")
    page.until(lambda: page.find("#create").is_enabled())
    assert 1 <= len(page.all("#drafts button.thumbnail-item")) < 4
    assert not page.driver.execute_script(watched)


@needs_browser
def test_the_head_is_held_as_in_a_photo_of_one_person(monkeypatch, page, tmp_path):
    words.install(monkeypatch)
    face, wall = tmp_path / "selfie.png", tmp_path / "wall.png"
    Image.fromarray(data.astronaut()[:240, 110:350]).save(face)
    Image.new("RGB", (200, 200), "grey").save(wall)
    choose_photoreal(page)
    page.find("#advanced")
    page.open("Advanced")
    page.find("#pose-photo")
    files = page.driver.find_element("xpath", "//*[@id='pose-photo']/preceding-sibling::input[@type='file']")
    files.send_keys(str(wall))
    page.says("No face was found in wall.png")
    files.send_keys(str(face))
    page.says("As in the photo", 60)


@needs_browser
def test_a_refused_picture_is_one_calm_sentence_and_the_others_are_painted(monkeypatch, page):
    words.install(monkeypatch)
    choose_photoreal(page)
    describe(page, f"{PROMPT}, {words.REFUSED_WORD}")
    page.paint(2)
    page.says("2 of 4 faces are not shown. The picture was refused by the safety checker")


@needs_browser
def test_a_kept_persona_is_varied_and_what_shows_it_is_kept(monkeypatch, page):
    words.install(monkeypatch)
    choose_photoreal(page)
    describe(page, PROMPT)
    page.paint(4)
    maya = keep(page, "Maya")
    page.find("#vary-words input, #vary-words textarea").send_keys("laughing")
    page.click("#vary")
    page.says("3 of 4 show the same person", 180)
    captions = [e.text for e in page.all("#variations button.thumbnail-item")]
    stranger = next(n for n, caption in enumerate(captions) if "somebody else" in caption)
    page.click("#variations button.thumbnail-item", number=stranger)
    page.until(lambda: page.find("#keep-look").text == "Keep it nevertheless")
    page.click("#variations button.thumbnail-item", number=0)
    page.says("The recogniser takes it for the same person")
    page.click("#keep-look")
    page.find("#looks img")
    assert [v.words for v in page.vault.variations(maya)] == ["laughing"]
    page.until(lambda: page.find("#keep-looks").text == "Keep the 2 that show the same person")
    page.click("#keep-looks")
    page.until(lambda: len(page.all("#looks button.thumbnail-item")) == 3)
    assert all(v.same_person for v in page.vault.variations(maya))
    page.click("#looks button.thumbnail-item")
    page.click("#remove-look")
    page.until(lambda: len(page.all("#looks button.thumbnail-item")) == 2)
    assert len(page.vault.variations(maya)) == 2
