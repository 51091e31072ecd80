"""The first minute of a newcomer, in a real browser: a persona from a prompt masks a photo, which is downloaded."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask import engines
from deepmask.faces import Face
from tests.ui.browser import needs_browser, opened

ASTRONAUT_FACE = Face((178.0, 68.0, 270.0, 190.0))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """One app and one browser for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            yield page


@pytest.fixture
def page(browser):
    """The app as a visitor finds it: no photo on the desk."""
    browser.driver.get(browser.url)
    return browser


@pytest.fixture
def astronaut(tmp_path):
    path = tmp_path / "astronaut.jpg"
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.fromarray(data.astronaut()).save(path, quality=92, exif=exif)
    return path


def identity_distance(masked: Path) -> float:
    recognizer = engines.load("face_recognizer")
    before = recognizer.embed(data.astronaut(), ASTRONAUT_FACE)
    after = recognizer.embed(np.asarray(Image.open(masked).convert("RGB")), ASTRONAUT_FACE)
    return float(np.linalg.norm(before - after))


@needs_browser
def test_a_persona_from_a_prompt_masks_a_photo(page, astronaut):
    page.upload("#drop", astronaut)
    page.find("#faces img", 60)
    page.says("1 face")

    page.tab("Personas")
    page.find("#prompt textarea").send_keys("a good young indian office employee, black hair, male, zorkish")
    page.paint(4)
    page.says("Not understood and left out: zorkish")
    page.click("#drafts button.thumbnail-item", number=1)
    page.find("#persona-name input, #persona-name textarea").send_keys("Maya")
    page.click("#keep")
    page.find("#vault img")
    assert [p.name for p in page.vault.personas()] == ["Maya"]

    page.tab("Photos")
    page.says("1 · becomes Maya")
    page.click("#mask")
    page.click("#download", 120)
    masked = page.downloaded("astronaut-masked.jpg")
    page.says("1 face: 1 hidden.")
    assert "Maya" in page.find("#report").text
    page.find("#slider img")

    with Image.open(masked) as image:
        assert image.format == "JPEG"
        assert image.size == (512, 512)
        assert not dict(image.getexif())
    assert identity_distance(masked) >= 0.65
    assert page.foreign_requests() == set()


@needs_browser
def test_a_face_can_be_given_another_mask_by_hand(page, astronaut):
    photo = astronaut.rename(astronaut.with_name("again.jpg"))
    page.upload("#drop", photo)
    page.find("#faces img", 60)
    page.click("#faces button.thumbnail-item")
    page.find("#decision input").click()
    page.choose("Pixelate")
    page.says("1 · pixelated")
    page.click("#mask")
    page.click("#download", 90)
    assert identity_distance(page.downloaded("again-masked.jpg")) >= 0.65
    assert "large soft pixels" in page.find("#report").text.lower()


@needs_browser
def test_a_file_that_is_no_picture_is_named_with_the_reason(page, tmp_path):
    text = tmp_path / "letter.jpg"
    text.write_text("Dear Sir or Madam")
    page.upload("#drop", text)
    page.says("letter.jpg is not a picture")


@needs_browser
def test_nothing_is_painted_for_an_empty_prompt_and_another_style_shows_the_same_people(page):
    page.tab("Personas")
    page.find("#prompt textarea").clear()
    page.click("#create")
    page.says("Describe a person first")
    page.find("#prompt textarea").send_keys("old man with a white beard")
    page.paint(4)
    page.click("#drafts button.thumbnail-item")
    painted = page.find("#portrait img").get_attribute("src")
    next(e for e in page.all("#style label") if e.text == "Illustrated").click()
    page.find(f'#portrait img:not([src="{painted}"])', 60)
    page.until(lambda: len(page.all("#drafts button.thumbnail-item")) == 4, 120)
    page.find("#persona-name input, #persona-name textarea").send_keys("Grandpa")
    page.click("#keep")
    page.says("Grandpa is kept")
    assert page.vault.persona("Grandpa").engine == "illustrated"


@needs_browser
def test_a_file_that_is_no_portrait_is_given_back_with_the_reason(page, tmp_path):
    text = tmp_path / "me.jpg"
    text.write_text("Dear Sir or Madam")
    page.tab("Personas")
    page.open("Use a portrait you have")
    page.upload("#import-portrait", text)
    page.says("me.jpg is not a picture")


@needs_browser
def test_a_portrait_is_not_imported_without_the_users_word(page, astronaut):
    before = [p.name for p in page.vault.personas()]
    page.tab("Personas")
    page.open("Use a portrait you have")
    page.upload("#import-portrait", astronaut)
    page.click("#import")
    page.says("Please confirm first")
    assert [p.name for p in page.vault.personas()] == before


@needs_browser
@pytest.mark.parametrize("width", [360, 390])
def test_all_tabs_fit_a_phone(page, width):
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        page.driver.get(page.url)
        page.find("#drop")
        shown = [tab for tab in page.all('button[role="tab"]') if tab.text]
        boxes = [tab.rect for tab in shown]
        page.click(".dm-tabs .overflow-menu > button")
        behind = [button.text for button in page.all(".dm-tabs .overflow-dropdown button")]
        assert shown[0].text == "Photos"
        assert len(shown) >= 5
        assert behind[-1] == "About"
        assert all(left["x"] + left["width"] <= right["x"] + 1 for left, right in pairwise(boxes))
        assert boxes[-1]["x"] + boxes[-1]["width"] <= width
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
