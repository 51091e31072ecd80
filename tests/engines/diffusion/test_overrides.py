"""What users decide instead of the device reaches the networks that are loaded."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask.config import Settings
from deepmask.engines.device import Device
from deepmask.engines.diffusion import Diffusion, loading
from deepmask.engines.diffusion.checkpoint import find
from deepmask.engines.diffusion.loading import Networks, Wanted
from deepmask.engines.diffusion.overrides import CHOICES, Overrides
from deepmask.errors import EngineMissing, InputError
from deepmask.persona import Attributes
from deepmask.weights import table
from deepmask.wishes import Wishes

WOMAN = Attributes(gender="female", age=40)
PLAIN = Wishes(steps=3, fast=False)
CARD = Device("cuda", "float32", 24 << 30)
SMALL_CARD = Device("cuda", "float32", 4 << 30)


def wanted(place, frugal=False, **overrides):
    return Wanted(find("sd15"), place, False, frugal, Overrides(**overrides))


@pytest.mark.parametrize("name", CHOICES)
def test_a_value_that_does_not_exist_is_refused_with_those_that_do(tiny_diffusion, monkeypatch, name):
    monkeypatch.setenv(f"DEEPMASK_DIFFUSION_{name.upper()}", "perhaps")
    with pytest.raises(InputError, match=rf"diffusion_{name} must be auto, \w+ or \w+; got 'perhaps'"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_the_decoder_can_be_chosen_for_any_mode(tiny_diffusion, monkeypatch):
    painter = Diffusion()
    by_vae = painter.paint(WOMAN, 1, 64, wishes=PLAIN)
    assert painter.recipe(PLAIN)["decoder"] == "vae"
    monkeypatch.setenv("DEEPMASK_DIFFUSION_DECODER", "taesd")
    by_taesd = painter.paint(WOMAN, 1, 64, wishes=PLAIN)
    assert painter.recipe(PLAIN)["decoder"] == painter.recipe(PLAIN)["diffusion_decoder"] == "taesd"
    assert not np.array_equal(by_vae, by_taesd)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_DECODER", "vae")
    assert painter.recipe(Wishes(fast=True))["decoder"] == "vae"
    assert np.array_equal(painter.paint(WOMAN, 1, 64, wishes=PLAIN), by_vae)


def test_a_chosen_decoder_that_is_not_there_is_missed_and_never_replaced(tiny_diffusion, monkeypatch):
    monkeypatch.setenv("DEEPMASK_DIFFUSION_DECODER", "taesd")
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "sdxl_turbo")
    with pytest.raises(InputError, match="set diffusion_decoder to vae"):
        Diffusion().paint(WOMAN, 1, 64)
    monkeypatch.delenv("DEEPMASK_DIFFUSION_MODEL")
    elsewhere = tuple(replace(row, repo="nobody/has-it") if row.name == "taesd" else row for row in table.WEIGHTS)
    monkeypatch.setattr(table, "WEIGHTS", elsewhere)
    with pytest.raises(EngineMissing, match="deepmask weights get taesd"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_attention_and_decoding_are_as_chosen_whatever_the_memory(tiny_diffusion):
    place = Device("cpu", "float32", 8 << 30)
    for frugal in (False, True):
        sparing = Networks(wanted(place, frugal, attention="sliced", decoding="tiled")).base
        assert sparing.vae.use_tiling
        assert _is_sliced(sparing.unet)
        lavish = Networks(wanted(place, frugal, attention="whole", decoding="whole")).base
        assert not lavish.vae.use_tiling
        assert not _is_sliced(lavish.unet)
    by_itself = Networks(wanted(place, frugal=True))
    assert by_itself.base.vae.use_tiling
    assert _is_sliced(by_itself.base.unet)
    assert Networks(wanted(place, decoding="tiled")).small_decoder.use_tiling


def _is_sliced(unet):
    return all("Sliced" in type(processor).__name__ for processor in unet.attn_processors.values())


def test_sliced_attention_paints_the_same_picture(tiny_diffusion, monkeypatch):
    monkeypatch.setenv("DEEPMASK_PRECISION", "float32")
    whole = Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_ATTENTION", "sliced")
    sliced = Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)
    assert np.abs(whole.astype(int) - sliced).max() <= 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("auto", CARD, False), False),
        (("auto", SMALL_CARD, False), True),
        (("auto", CARD, True), True),
        (("always", CARD, False), True),
        (("never", SMALL_CARD, True), False),
    ],
)
def test_networks_leave_the_card_as_chosen(tiny_diffusion, monkeypatch, asked, expected):
    override, place, frugal = asked
    monkeypatch.setattr(loading, "free_bytes", lambda kind: 1 << 40)
    moved = []
    kind = loading._diffusers().StableDiffusionPipeline
    monkeypatch.setattr(kind, "enable_model_cpu_offload", lambda self, **place: moved.append(("one by one", place)))
    monkeypatch.setattr(kind, "to", lambda self, place: moved.append(("all", place)) or self)
    Networks(wanted(place, frugal, offload=override)).pipe(pose=False, picture=False)
    assert moved == ([("one by one", {"device": "cuda"})] if expected else [("all", "cuda")])


def test_nothing_is_moved_away_from_a_processor(tiny_diffusion, monkeypatch):
    monkeypatch.setenv("DEEPMASK_DIFFUSION_OFFLOAD", "always")
    with pytest.raises(InputError, match="set diffusion_offload to auto"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_only_what_was_chosen_is_told():
    assert Overrides.of(Settings()).made() == {}
    assert Overrides.of(Settings(diffusion_attention="sliced")).made() == {"diffusion_attention": "sliced"}
