"""Somebody is clicked away in a real browser, with the real engines."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.media import Photo
from deepmask.roster import Roster
from pipelines import body
from tests.tiny.marks import only_tagged
from tests.ui.browser import needs_browser, opened

LEFT, RIGHT = (20, 120), (330, 150)
"""Upper left pixels of the two."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """One app and one browser for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            yield page


@pytest.fixture
def page(browser):
    """The Bodies tab as a visitor finds it."""
    browser.driver.get(browser.url)
    browser.find("#drop")
    browser.tab("Bodies")
    return browser


@pytest.fixture(scope="module")
def lawn(tmp_path_factory):
    """One woman twice on a lawn: a PNG, its pixels, and where the right one is."""
    photo = Photo.from_array(np.ascontiguousarray(data.astronaut()[:440, 50:450]))
    (found,) = body.analyze(photo, Roster()).regions
    small = cv2.resize(photo.rgb, (200, 220), interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(found.area.full().astype(np.float32), (200, 220), interpolation=cv2.INTER_AREA)[..., None]
    grass = cv2.resize(data.grass(), (560, 560))[:250, :, None] * np.array([0.55, 0.75, 0.35])
    sky = np.linspace((140, 180, 230), (215, 228, 240), 120)[:, None] * np.ones((1, 560, 1))
    picture = np.concatenate([sky, grass]).astype(np.float32)
    for (x, y), flip in ((LEFT, 1), (RIGHT, -1)):
        place = np.s_[y : y + 220, x : x + 200]
        picture[place] = picture[place] * (1 - opacity[:, ::flip]) + small[:, ::flip] * opacity[:, ::flip]
    rgb = np.rint(picture).astype(np.uint8)
    right = np.zeros(rgb.shape[:2], bool)
    right[RIGHT[1] : RIGHT[1] + 220, RIGHT[0] : RIGHT[0] + 200] = opacity[:, ::-1, 0] > 0.9
    path = tmp_path_factory.mktemp("lawn") / "lawn.png"
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.fromarray(rgb).save(path, exif=exif)
    return path, rgb, right


def click_at(page, x: float, y: float, size_wh=(560, 370)) -> None:
    """A real click on the shown picture, at a pixel of the photo; waits until the page has answered it."""
    from selenium.webdriver.common.action_chains import ActionChains

    image = page.find("#body-picture img")
    before = image.get_attribute("src")
    page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", image)
    width, height = image.rect["width"], image.rect["height"]
    offset = (x / size_wh[0] - 0.5) * width, (y / size_wh[1] - 0.5) * height
    ActionChains(page.driver).move_to_element_with_offset(image, *offset).click().perform()
    page.until(lambda: page.find("#body-picture img").get_attribute("src") != before)


def pick(page, menu: str, words: str) -> None:
    next(label for label in page.all(f"{menu} label") if label.text == words).click()


@needs_browser
def test_somebody_is_clicked_away_and_nothing_else_changes(page, lawn):
    path, before, right = lawn
    page.upload("#body-drop", path)
    page.find("#bodies img", 90)
    page.says("2 people")
    page.find("#body-rest input").click()
    page.choose("Leave visible")
    page.until(lambda: page.text().count("stays visible") == 2)
    click_at(page, 430, 280)
    page.find("#body-action")
    pick(page, "#body-action", "Remove")
    page.says("removed")
    page.click("#mask-bodies")
    page.find("#download-body", 120)
    page.find("#body-slider img")
    page.says("1 hidden, 1 kept as you asked")
    page.click("#download-body")
    image = Image.open(io.BytesIO(page.downloaded("lawn-masked.png").read_bytes()))
    after = np.asarray(image.convert("RGB"))
    assert not image.getexif()
    assert (after != before).any(2)[right].mean() > 0.97, "no pixel of hers is left"
    grass = before[300:, 260:320].reshape(-1, 3).mean(0)
    apart = np.abs(after[right & (np.arange(370) > 300)[:, None]].mean(0) - grass)
    assert apart.max() < 30, "there is lawn instead"
    around = cv2.dilate(right.astype(np.uint8), np.ones((61, 61), np.uint8)) == 0
    assert only_tagged(after[around], before[around])
    assert page.foreign_requests() == set()


@needs_browser
def test_a_box_and_a_click_beside_everybody_are_covered_and_undone(page, lawn):
    page.upload("#body-drop", lawn[0])
    page.find("#bodies img", 90)
    pick(page, "#body-mode", "Box")
    page.says("Click on one corner")
    click_at(page, 230, 20)
    page.says("opposite corner")
    click_at(page, 300, 60)
    page.says("3 · box, silhouette")
    page.click("#body-undo")
    page.until(lambda: "3 · box" not in page.text())
    click_at(page, 270, 340)
    page.says("3 · added, silhouette", 60)
