"""Photos and videos are examined in a real browser: one button, all answers, and the original back out of a seal."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.media import Photo
from deepmask.signing import Keyring
from pipelines.protect.sealing import seal
from tests.tiny.clips import even, make_clip
from tests.ui.browser import needs_browser, opened

PATIENCE_S = 120


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            yield page


@pytest.fixture
def page(browser):
    browser.driver.get(browser.url)
    browser.tab("Detect")
    return browser


@pytest.fixture(scope="module")
def photo():
    return Photo.from_array(data.astronaut(), "astronaut.png")


@pytest.fixture
def sealed(browser, photo, tmp_path):
    """A photo sealed by the key of this app's user."""
    path = tmp_path / "sealed.png"
    seal(photo, Keyring().signer()).save(path)
    return path


def checked(page, seconds: float = PATIENCE_S) -> str:
    """Press the button and wait for the finding."""
    page.click("#check")
    page.find("#detect-findings .dossier", seconds)
    return page.find("#detect-findings").text


@needs_browser
def test_a_sealed_photo_gives_back_its_original(page, sealed, photo):
    page.upload("#detect-drop", sealed)
    page.find("#detect-picture img")
    told = checked(page)
    assert "Authentic" in told
    assert "No tag" in told
    assert "None in this file" in told
    page.click("#download-original")
    np.testing.assert_array_equal(Photo.open(page.downloaded("sealed-original.png")).rgb, photo.rgb)
    page.click("#download-detect-json")
    report = json.loads(page.downloaded("sealed-findings.json").read_text("utf-8"))
    assert report["seal"]["signer"] == "you"
    page.click("#download-detect-page")
    assert "gradio_api" not in page.downloaded("sealed-findings.html").read_text("utf-8")
    assert page.foreign_requests() == set()


@needs_browser
def test_a_sealed_photo_that_was_changed_shows_where(page, sealed, tmp_path):
    rgb = np.asarray(Image.open(sealed)).copy()
    rgb[200:260, 300:380] = 128
    changed = tmp_path / "changed.png"
    Image.fromarray(rgb).save(changed)
    page.upload("#detect-drop", changed)
    page.find("#detect-picture img")
    told = checked(page)
    assert "Changed since it was sealed" in told
    assert "Where it was changed" in told
    page.says("Give me what can be restored")


@needs_browser
def test_the_owners_original_decides_and_can_be_taken_away(page, photo, tmp_path):
    original, faked = tmp_path / "mine.png", tmp_path / "faked.png"
    photo.save(original)
    rgb = photo.rgb.copy()
    rgb[80:180, 180:270] = rgb[80:180, 180:270][::-1]
    Image.fromarray(rgb).save(faked)
    page.upload("#detect-drop", faked)
    page.find("#detect-picture img")
    page.upload("#detect-original", original)
    page.find("#detect-original .file-preview")
    assert checked(page).splitlines()[1] == "Fake"
    assert "original" in page.find("#detect-findings").text
    page.click("#detect-original button[aria-label='Clear']")
    page.find("#check")
    assert not page.driver.find_elements("css selector", "#detect-findings .dossier")


@needs_browser
def test_several_files_get_a_table_of_verdicts_and_one_page(page, sealed, tmp_path):
    coffee, broken = tmp_path / "coffee.png", tmp_path / "broken.png"
    Image.fromarray(data.coffee()).save(coffee)
    broken.write_text("no picture")
    page.upload("#detect-drop", sealed, coffee, broken)
    page.until(lambda: len(page.all("#verdicts [data-suspect]")) == 3)
    checked(page)
    page.says("is not a picture we can read")
    page.click('#verdicts [data-suspect="1"]')
    page.until(lambda: "coffee.png" in page.find("#detect-findings").text)
    page.click("#all-detect-pages")
    html = page.downloaded("findings.html").read_text("utf-8")
    assert html.count("<article") == 2
    assert "sealed.png" in html
    assert "coffee.png" in html


@needs_browser
def test_a_video_is_examined(page, tmp_path):
    clip = make_clip(tmp_path / "still.mp4", even(4), size_wh=(512, 512), picture=lambda n: data.astronaut())
    page.upload("#detect-drop", clip)
    page.find("#detect-film video")
    told = checked(page)
    assert "Score over time" in told
    assert "No tag" in told


@needs_browser
def test_what_is_neither_photo_nor_video_is_named_and_another_can_be_dropped(page, sealed, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing of the kind")
    page.upload("#detect-drop", broken)
    page.says("broken.mp4")
    page.click("#detect-start-over")
    page.upload("#detect-drop", sealed)
    page.find("#detect-picture img")
