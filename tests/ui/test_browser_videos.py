"""A video in a real browser: followed, reviewed, decided otherwise, masked, compared, downloaded."""

from __future__ import annotations

import numpy as np
import pytest

from deepmask.media.clip import Clip
from tests.tiny.scenes import Cast, scene
from tests.ui.browser import needs_browser, opened

FRAMES = 18


def walk(n):
    return 90 + 5.0 * n, 120.0


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A head that goes from left to right."""
    return scene(tmp_path_factory.mktemp("film") / "walk.mp4", [Cast("astronaut", walk, 150)], FRAMES)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            yield page


@pytest.fixture
def page(browser):
    browser.driver.get(browser.url)
    browser.find("#drop")
    browser.tab("Video")
    return browser


def decide(page, number: int, value: str) -> None:
    page.driver.execute_script(
        "const menu = document.querySelectorAll('[data-decide]')[arguments[0]]; menu.value = arguments[1];"
        "menu.dispatchEvent(new Event('change', { bubbles: true }));",
        number, value,
    )  # fmt: skip


def choose_who(page, words: str) -> None:
    page.find("#video-who input").click()
    page.choose(words)


def face(clip: Clip, frame: int) -> np.ndarray:
    """(60, 44, 3) pixels of the middle of the face."""
    x, y = (round(v) for v in walk(frame))
    return next(clip.pictures(frame, frame + 1)).rgb[y - 30 : y + 30, x - 22 : x + 22].astype(float)


@needs_browser
def test_a_video_is_reviewed_masked_compared_and_downloaded(page, source):
    page.upload("#video-drop", source)
    page.find("#tracks .dm-track", 120)
    assert len(page.all("#tracks .dm-track")) == 1
    assert page.find("#timeline .dm-strip-of")
    assert page.find("#viewer .dm-box")
    choose_who(page, "Nobody: hide every face")
    page.says("How faces are hidden")
    decide(page, 0, "solid")
    page.find("#timeline .dm-strip-of.dm-mask")
    page.click("#mask-video")
    page.find("#download-video", 180)
    page.says("1 track of faces: 1 hidden")
    page.says("A plain cover")
    ready = "return [...document.querySelectorAll('#video-players video')].map(v => v.readyState > 0 && v.videoWidth)"
    page.until(lambda: page.driver.execute_script(ready) == [320, 320])
    page.click("#download-video")
    before, after = Clip.open(source), Clip.open(page.downloaded("walk-masked.mp4"))
    assert len(after.timeline) == FRAMES
    for frame in range(FRAMES):
        changed = np.abs(face(before, frame) - face(after, frame)).mean()
        assert changed > 25, f"the face of frame {frame} is as it was"
    assert page.foreign_requests() == set()


@needs_browser
def test_frames_are_shown_and_a_face_is_added_moved_and_removed_by_hand(page, source):
    page.upload("#video-drop", source)
    page.find("#tracks .dm-track", 120)
    page.driver.execute_script(
        "const slider = document.querySelector('#timeline input[type=range]'); slider.value = 10;"
        "slider.dispatchEvent(new Event('input', { bubbles: true }));"
    )
    page.says("frame 11 of 18")
    page.until(lambda: "frame-10" in page.find("#viewer img").get_attribute("src"))
    page.click("#add-track")
    page.find("#viewer .dm-pointing")
    draw(page, (0.05, 0.1), (0.2, 0.4), steps=2)
    page.until(lambda: len(page.all("#tracks .dm-track")) == 2)
    page.says("Face 2")
    page.click("#move-box")
    page.find("#viewer .dm-pointing")
    draw(page, (0.75, 0.55), (0.95, 0.9), steps=1)
    page.until(lambda: abs(left_of_selected(page) / width(page) - 0.75) < 0.01)
    page.click("#remove-track")
    page.until(lambda: len(page.all("#tracks .dm-track")) == 1)


def draw(page, start: tuple[float, float], end: tuple[float, float], *, steps: int) -> None:
    """Draw a box on the frame: by dragging (1 step), or by two clicks (2)."""
    page.driver.execute_script(
        "const still = document.querySelector('#viewer .dm-still'), box = still.getBoundingClientRect();"
        "const send = (kind, [x, y]) => still.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 1,"
        " isPrimary: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));"
        "HTMLElement.prototype.setPointerCapture = () => {};"
        "const [start, end, steps] = arguments; send('pointerdown', start);"
        "if (steps === 2) { send('pointerup', start); send('pointermove', end); send('pointerdown', end); }"
        "else send('pointermove', end);"
        "send('pointerup', end);",
        start, end, steps,
    )  # fmt: skip


def left_of_selected(page) -> float:
    return page.driver.execute_script(
        "const box = document.querySelector('#viewer .dm-box.selected');"
        "return box ? box.getBoundingClientRect().left - box.parentElement.getBoundingClientRect().left : -1"
    )


def width(page) -> float:
    return page.driver.execute_script(
        "return document.querySelector('#viewer .dm-still').getBoundingClientRect().width"
    )


@needs_browser
def test_what_is_no_video_is_told_and_another_can_be_dropped(page, source, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing of the kind")
    page.upload("#video-drop", broken)
    assert "broken.mp4" in page.find(".toast-body").text
    page.find("#video-drop [data-testid='upload-text']")
    page.upload("#video-drop", source)
    page.find("#tracks .dm-track", 120)
