"""The network as it is shipped."""

import json

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines.fakes.unet import FOLDER
from tests.tiny.suspects import collins


@pytest.fixture(scope="module")
def finder():
    return engines.load("fake_finder", "unet")


@pytest.mark.parametrize("size", [(1, 1), (17, 31), (160, 160), (451, 300), (40, 900)])
def test_every_pixel_gets_a_probability(finder, size):
    heat = finder.find(np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8))
    assert heat.shape == size
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() <= 1


def test_tiles_leave_no_seams_of_their_own(finder):
    wide = np.tile(collins(), (1, 2, 1))
    heat = finder.find(wide)
    steps = np.abs(np.diff(heat, axis=1))
    assert steps.max() < 0.35


def test_the_same_picture_gives_the_same_heat(finder):
    assert np.array_equal(finder.find(collins()), finder.find(collins()))


def test_the_bars_leave_room_for_not_knowing(finder):
    assert 0 < finder.real_below < finder.fake_above < 1
    assert finder.fake_above - finder.real_below > 0.1


def test_weights_log_and_numbers_lie_together():
    assert (FOLDER / "unet.onnx").stat().st_size < 4e6
    training = json.loads((FOLDER / "training.json").read_text())
    assert set(training["photos"]).isdisjoint(training["held_out"])
    assert training["log"][-1]["loss"] < training["log"][0]["loss"]
    assert json.loads((FOLDER / "metrics.json").read_text())
