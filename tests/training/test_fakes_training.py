"""What the network is taught, and that what is taught is what is shipped."""

import numpy as np
import onnxruntime
import pytest
import torch

from deepmask.landmark_points import OVAL
from tests.tiny.suspects import FACE_BOX, collins
from training.fakes import ageing, forging, photos
from training.fakes.learning import Course, batch, learn, loss_of
from training.fakes.network import UNet, export
from training.fakes.photos import Carrier
from training.fakes.samples import SIDE_PX, Lessons


def landmarks():
    """(478, 3) points spread over Collins's face; the oval lies around them."""
    x1, y1, x2, y2 = FACE_BOX
    centre, half = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), np.array([(x2 - x1) / 2, (y2 - y1) / 2])
    points = centre + np.random.default_rng(3).uniform(-0.6, 0.6, (478, 2)) * half
    angles = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL)] = centre + np.stack((np.sin(angles), -np.cos(angles)), 1) * half
    return np.column_stack((points, np.zeros(478)))


@pytest.fixture(scope="module")
def lessons():
    return Lessons([Carrier("collins", collins(), (landmarks(),)), Carrier("wall", collins()[300:, :300])], [])


def test_between_genuine_and_faked_nothing_differs_but_the_fake(lessons):
    rng = np.random.default_rng(1)
    shown = 0
    for _ in range(24):
        pair = lessons.draw(rng)
        assert pair.genuine.shape == pair.faked.shape == (SIDE_PX, SIDE_PX, 3)
        assert set(np.unique(pair.mask)) <= {0.0, 1.0}
        change = np.abs(pair.genuine.astype(int) - pair.faked).mean(2)
        if pair.mask.any():
            shown += 1
            far = forging.cv2.dilate(pair.mask, np.ones((49, 49))) == 0
            assert change[pair.mask > 0].mean() > 0.5
            assert change[far].mean() < 0.5 + 0.1 * change[pair.mask > 0].mean()
        else:
            assert change.max() == 0
    assert shown > 12


def test_a_change_that_nobody_could_see_is_not_called_fake():
    shape = np.zeros((128, 128), np.float32)
    shape[40:90, 40:90] = 1
    rgb = np.full((128, 128, 3), 90, np.uint8)
    out, mask = forging.blended(rgb, rgb, shape, np.random.default_rng(0))
    assert not mask.any()
    assert np.array_equal(out, rgb)


def test_pictures_are_aged_to_one_size_whatever_they_were():
    rng = np.random.default_rng(4)
    for side in (160, 200, 320):
        rgb = np.full((side, side, 3), 120, np.uint8)
        aged, mask = ageing.shared(rgb, np.ones((side, side), np.float32), SIDE_PX, rng)
        assert aged.shape == (SIDE_PX, SIDE_PX, 3)
        assert mask.min() > 0.99


def test_what_is_held_out_is_not_learned_from():
    learned = {name for names in photos.LEARNED.values() for name in names}
    held_out = {name for names in photos.HELD_OUT.values() for name in names}
    assert learned.isdisjoint(held_out)
    assert set(photos.LEARNED_SEEDS).isdisjoint(photos.HELD_OUT_SEEDS)


def test_the_loss_is_least_for_the_truth():
    mask = torch.zeros(2, 1, 16, 16)
    mask[1, :, 4:12, 4:12] = 1
    right, wrong = 12 * (2 * mask - 1), 12 * (1 - 2 * mask)
    assert loss_of(right, mask) < 0.2 < loss_of(wrong, mask)


def test_it_learns_and_what_is_shipped_is_what_was_learned(lessons, tmp_path):
    torch.set_num_threads(1)
    net, log = learn(lessons, Course(steps=3, batch=4))
    assert log[-1]["step"] == 3
    assert np.isfinite(log[-1]["loss"])
    export(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    rgb, _ = batch(lessons, 2, np.random.default_rng(2))
    (shipped,) = session.run(None, {"rgb": (rgb.permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8)})
    with torch.no_grad():
        taught = torch.sigmoid(net(rgb))[:, 0].numpy()
    assert np.abs(shipped - taught).max() < 1e-3


def test_the_same_seed_gives_the_same_weights(lessons):
    torch.set_num_threads(1)
    first, second = (learn(lessons, Course(steps=2, batch=2, seed=7))[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_network_is_small():
    assert sum(p.numel() for p in UNet().parameters()) < 400_000
