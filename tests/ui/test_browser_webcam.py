"""The Webcam tab in a real browser, whose camera is a film with a known face."""

import base64
import io

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask import engines
from deepmask.faces import Face
from tests.ui.browser import needs_browser, opened

FACE = Face((262.0, 46.0, 332.0, 122.0))
"""Of the astronaut in the camera's picture."""


def camera_picture(shift_px: int = 0) -> np.ndarray:
    """(360, 640, 3): the astronaut, moved to the side."""
    picture = np.full((360, 640, 3), (150, 160, 170), np.uint8)
    person = cv2.resize(data.astronaut(), (360, 360), interpolation=cv2.INTER_AREA)
    picture[:, 137 + shift_px : 497 + shift_px] = person
    return picture


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("webcam")
    film = folder / "camera.mjpeg"
    with av.open(str(film), "w", format="mjpeg") as file:
        stream = file.add_stream("mjpeg", rate=20)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuvj420p"
        stream.options = {"qmin": "2", "qmax": "3"}
        for n in range(40):
            shift = round(6 * np.sin(2 * np.pi * n / 40))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(camera_picture(shift), "rgb24")))
        file.mux(stream.encode(None))
    flags = (
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("webcam-home")))
        with opened(folder, flags) as page:
            yield page


def shown(page) -> np.ndarray:
    """What the page shows of the camera."""
    address = page.driver.execute_script("return document.querySelector('#webcam canvas').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


def suit_differs(picture: np.ndarray) -> float:
    """Grey levels by which what is no face differs from what the camera sees."""
    return float(np.abs(picture[250:340, 250:380].astype(int) - camera_picture()[250:340, 250:380]).mean())


@needs_browser
def test_the_camera_is_shown_with_its_face_masked_and_nothing_is_kept(browser, tmp_path_factory):
    page = browser
    page.driver.get(page.url)
    page.tab("Webcam")
    page.says("The camera is off.")
    page.click("#webcam-start")
    page.says("1 face masked", 60)
    page.says("pictures a second", 30)
    page.until(lambda: suit_differs(shown(page)) < 25)
    recognizer = engines.load("face_recognizer")
    before = recognizer.embed(camera_picture(), FACE)
    for _ in range(3):
        picture = shown(page)
        assert picture.shape == (360, 640, 3)
        after = recognizer.embed(picture, FACE)
        assert np.linalg.norm(before - after) >= recognizer.hidden_above
    assert page.driver.find_elements("css selector", "#webcam video") == []
    page.click("#webcam-stop")
    page.says("The camera is off.")
    assert not shown(page).any()
    page.find("#webcam-start")
    assert page.foreign_requests() == set()


@needs_browser
def test_who_leaves_the_tab_switches_the_camera_off(browser):
    page = browser
    page.driver.get(page.url)
    page.tab("Webcam")
    page.click("#webcam-start")
    page.says("1 face masked", 60)
    page.tab("About")
    told = "return document.querySelector('.dm-webcam-told').textContent"
    page.until(lambda: "switched off when you left the tab" in page.driver.execute_script(told))
    page.tab("Webcam")
    page.says("switched off when you left the tab")
    page.find("#webcam-start")
