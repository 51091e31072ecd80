"""The engine on tiny checkpoints: real files, real loading code, real pipelines."""

import shutil

import numpy as np
import pytest

from deepmask import engines, weights
from deepmask.engines.diffusion import Diffusion, checkpoint, engine, loading
from deepmask.engines.diffusion.checkpoint import find
from deepmask.errors import Cancelled, EngineFailed, EngineMissing, InputError
from deepmask.face_pose import FacePose
from deepmask.persona import Attributes
from deepmask.weights import table
from deepmask.wishes import Wishes
from tests.tiny.diffusion import make_prudish, snapshot

WOMAN = Attributes(gender="female", age=34, hair_style="bob", hair_colour="black")
PLAIN = Wishes(steps=3, fast=False)


def test_a_seed_gives_the_same_picture_again_and_another_seed_another(diffusion):
    first = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, diffusion.paint(WOMAN, 7, 64, wishes=PLAIN))
    assert np.array_equal(first, Diffusion().paint(WOMAN, 7, 64, wishes=PLAIN))
    assert not np.array_equal(first, diffusion.paint(WOMAN, 8, 64, wishes=PLAIN))


def test_words_steps_and_guidance_matter(diffusion):
    first = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    for wishes in (
        Wishes(prompt="a man with a red beard", steps=3, fast=False),
        Wishes(negative="glasses", steps=3, fast=False),
        Wishes(steps=5, fast=False),
        Wishes(steps=3, guidance=2.0, fast=False),
    ):
        assert not np.array_equal(first, diffusion.paint(WOMAN, 7, 64, wishes=wishes)), wishes


@pytest.mark.parametrize("size_px", [48, 80, 200])
def test_a_portrait_has_the_size_that_was_asked_for(diffusion, size_px):
    assert diffusion.paint(WOMAN, 1, size_px, wishes=PLAIN).shape == (size_px, size_px, 3)


def test_the_pose_changes_the_picture_and_the_networks_are_not_loaded_twice(diffusion):
    free = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    unet = diffusion._networks.base.unet
    left, right = (
        diffusion.paint(WOMAN, 7, 64, wishes=Wishes(steps=3, fast=False, pose=FacePose.template(name)))
        for name in ("three-quarter-left", "three-quarter-right")
    )
    assert not np.array_equal(free, left)
    assert not np.array_equal(left, right)
    assert diffusion._networks.pipe(pose=True, picture=False).unet is unet
    assert np.array_equal(free, diffusion.paint(WOMAN, 7, 64, wishes=PLAIN))


def test_fast_mode_takes_four_steps_with_the_lora_and_the_small_decoder(diffusion, monkeypatch, tmp_path):
    said = []
    fast = diffusion.paint(WOMAN, 7, 64, progress=lambda _, message: said.append(message))
    assert any(message.startswith("Step 4 of 4") for message in said)
    recipe = diffusion.recipe()
    assert (recipe["scheduler"], recipe["steps"], recipe["guidance"]) == ("LCMScheduler", "4", "1")
    assert recipe["decoder"] == "taesd"
    large = type(diffusion._networks).small_decoder
    monkeypatch.setattr(loading.Networks, "small_decoder", None)
    assert not np.array_equal(fast, diffusion.paint(WOMAN, 7, 64))
    monkeypatch.setattr(loading.Networks, "small_decoder", large)
    monkeypatch.setattr(loading, "lora_file", lambda: _idle(checkpoint.lora_file(), tmp_path))
    assert not np.array_equal(fast, Diffusion().paint(WOMAN, 7, 64))


def _idle(lora, folder):
    """A LoRA that does nothing."""
    from safetensors.torch import load_file, save_file

    tensors = {name: tensor * (0 if "lora_up" in name else 1) for name, tensor in load_file(lora).items()}
    save_file(tensors, folder / "idle.safetensors")
    return folder / "idle.safetensors"


def test_fast_mode_heeds_a_negative_prompt(diffusion):
    heedful = diffusion.recipe(Wishes(negative="glasses"))
    assert (heedful["guidance"], "negative_words" in heedful) == ("1.6", False)
    assert diffusion.recipe()["negative_words"] == "idle without guidance"
    without = diffusion.paint(WOMAN, 7, 64)
    assert not np.array_equal(without, diffusion.paint(WOMAN, 7, 64, wishes=Wishes(negative="glasses")))


def test_fast_mode_without_its_lora_names_the_command(diffusion, monkeypatch):
    monkeypatch.setattr(table, "WEIGHTS", tuple(_absent(row, "lcm_lora") for row in table.WEIGHTS))
    with pytest.raises(EngineMissing, match="deepmask weights get lcm_lora"):
        diffusion.paint(WOMAN, 1, 64, wishes=Wishes(fast=True))
    assert diffusion.recipe()["scheduler"].startswith("DPMSolver")


def _absent(row, name):
    from dataclasses import replace

    return replace(row, repo="nobody/has-it") if row.name == name else row


def test_a_variation_stays_near_the_portrait_by_its_strength(diffusion):
    portrait = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    slight, strong = (
        diffusion.vary(portrait, Attributes(mood="laughing"), 3, wishes=PLAIN, strength=strength)
        for strength in (0.2, 1.0)
    )
    assert slight.shape == portrait.shape
    assert not np.array_equal(slight, strong)
    posed = Wishes(steps=3, fast=False, pose=FacePose.template("up"))
    assert not np.array_equal(slight, diffusion.vary(portrait, WOMAN, 3, wishes=posed, strength=0.2))
    said = []
    diffusion.vary(portrait, WOMAN, 3, wishes=PLAIN, strength=0.3, progress=lambda _, text: said.append(text))
    assert any("Step 3 of 3" in text for text in said)
    with pytest.raises(InputError, match="strength"):
        diffusion.vary(portrait, WOMAN, 3, strength=1.5)


def test_previews_and_progress_arrive_with_every_step(diffusion):
    seen, shares = [], []
    diffusion.paint(
        WOMAN, 1, 64, wishes=PLAIN, progress=lambda share, _: shares.append(share), preview=lambda p: seen.append(p)
    )
    assert [picture.shape for picture in seen] == [(32, 32, 3)] * 3
    assert all(picture.dtype == np.uint8 and picture.std() > 0 for picture in seen)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_first_reading_of_files_is_told_and_can_be_stopped(tiny_diffusion):
    def stop(fraction, message):
        if message.startswith("Checking"):
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN, progress=stop)
    said = []
    Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN, progress=lambda _, message: said.append(message))
    assert "Checking unet/diffusion_pytorch_model.fp16.safetensors" in said
    said.clear()
    Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN, progress=lambda _, message: said.append(message))
    assert not [message for message in said if message.startswith("Checking")], "once"


def test_cancelling_within_a_step_leaves_a_usable_engine(diffusion):
    def stop(_, message):
        if message.startswith("Step 2 of 3"):
            raise Cancelled("stopped")

    expected = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    with pytest.raises(Cancelled):
        diffusion.paint(WOMAN, 7, 64, wishes=PLAIN, progress=stop)
    assert np.array_equal(expected, diffusion.paint(WOMAN, 7, 64, wishes=PLAIN))
    assert not any(block._forward_pre_hooks for block in diffusion._networks.base.unet.down_blocks)


def test_release_gives_the_networks_back_and_the_next_portrait_is_the_same(diffusion):
    expected = diffusion.paint(WOMAN, 7, 64, wishes=PLAIN)
    diffusion.release()
    assert diffusion._networks is None
    assert np.array_equal(expected, diffusion.paint(WOMAN, 7, 64, wishes=PLAIN))


# -- what must not be shown -------------------------------------------------------------------------------------------


@pytest.fixture
def own_copy(tiny_diffusion, tmp_path, monkeypatch):
    """A model in a folder of the user's, which a test may spoil."""
    folder = tmp_path / "my-model"
    shutil.copytree(snapshot(tiny_diffusion, "sd15"), folder)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", str(folder))
    return folder


def test_a_flagged_picture_is_refused(own_hub, monkeypatch):
    hub, described = own_hub
    make_prudish(snapshot(hub, "sd15") / "safety_checker")
    described()
    with pytest.raises(EngineFailed, match="try another seed"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)
    monkeypatch.setenv("DEEPMASK_SAFETY_CHECKER", "false")
    unchecked = Diffusion()
    assert unchecked.paint(WOMAN, 1, 64, wishes=PLAIN).std() > 0
    assert unchecked.recipe()["safety_checker"] == "off"


def test_previews_are_blurred_as_long_as_pictures_are_checked(own_copy, monkeypatch):
    def sharpness(painter):
        seen = []
        painter.paint(WOMAN, 1, 512, wishes=Wishes(steps=1, fast=False), preview=seen.append)
        return np.abs(np.diff(seen[-1].astype(float)[::4, ::4], axis=0)).mean()

    monkeypatch.setattr(engine, "_canvas", lambda *_: 512)
    checked = sharpness(Diffusion())
    monkeypatch.setenv("DEEPMASK_SAFETY_CHECKER", "false")
    assert checked < 0.5 * sharpness(Diffusion())


def test_a_model_cannot_bring_a_checker_of_its_own(own_hub, own_copy):
    hub, described = own_hub
    make_prudish(snapshot(hub, "sd15") / "safety_checker")
    described()
    with pytest.raises(EngineFailed, match="try another seed"):  # whatever the one in the folder of the model says
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


@pytest.mark.parametrize("model", ["sdxl_turbo", "folder"])
def test_without_the_safety_checker_nothing_is_painted(own_copy, monkeypatch, model):
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", str(own_copy) if model == "folder" else model)
    row = engines.choose("portrait_painter")
    assert row.name == "diffusion"
    assert "safety_checker" in row.needed_weights()
    monkeypatch.setattr(table, "WEIGHTS", tuple(_absent(row, "safety_checker") for row in table.WEIGHTS))
    assert engines.choose("portrait_painter").name == "painter", "auto passes over a painter that could not paint"
    for use in (lambda: engines.choose("portrait_painter", "diffusion"), lambda: Diffusion().paint(WOMAN, 1, 64)):
        with pytest.raises(EngineMissing, match="deepmask weights get safety_checker"):
            use()
    monkeypatch.setenv("DEEPMASK_SAFETY_CHECKER", "false")
    assert engines.choose("portrait_painter").name == "diffusion"


def test_a_safety_checker_that_lacks_numbers_checks_nothing_and_is_refused(own_hub):
    from safetensors.torch import load_file, save_file

    hub, described = own_hub
    path = snapshot(hub, "sd15") / "safety_checker" / "model.fp16.safetensors"
    tensors = load_file(path)
    for spoilt in (
        {name: numbers for name, numbers in tensors.items() if name != "visual_projection.weight"},
        tensors | {"concept_embeds": tensors["concept_embeds"] * float("nan")},
    ):
        save_file(spoilt, path, {"format": "pt"})
        described()
        with pytest.raises(EngineFailed, match="not complete"):
            Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_unfit_words_are_refused_before_anything_is_loaded(tiny_diffusion):
    fresh = Diffusion()
    with pytest.raises(InputError, match="adults"):
        fresh.paint(Attributes(), 1, 64, wishes=Wishes(prompt="a schoolgirl"))
    with pytest.raises(InputError, match="adults"):
        fresh.paint(Attributes(age=17), 1, 64)
    assert fresh._networks is None


# -- files that are broken or of another kind -------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["unet/diffusion_pytorch_model", "text_encoder/model"])
def test_a_broken_weight_file_is_named_and_not_used(own_copy, part):
    path = own_copy / f"{part}.fp16.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(EngineFailed, match="fetch it again") as refused:
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)
    assert str(path) in str(refused.value)


def test_a_file_of_the_table_that_is_not_the_published_one_is_never_loaded(tiny_diffusion, tmp_path, monkeypatch):
    hub = tmp_path / "hub"
    shutil.copytree(tiny_diffusion, hub)
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    path = snapshot(hub, "sd15") / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(EngineMissing, match="unet/diffusion_pytorch_model"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_a_model_of_another_kind_is_refused_by_name(own_copy):
    index = own_copy / "model_index.json"
    index.write_text(index.read_text().replace('"StableDiffusionPipeline"', '"FluxPipeline"'))
    with pytest.raises(EngineFailed, match="FluxPipeline"):
        Diffusion().paint(WOMAN, 1, 64)


def test_a_model_in_a_folder_and_one_of_the_hub_cache_paint_alike(diffusion, own_copy, monkeypatch):
    from_folder = Diffusion().paint(WOMAN, 7, 64, wishes=PLAIN)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "stable-diffusion-v1-5/stable-diffusion-v1-5")
    assert np.array_equal(from_folder, Diffusion().paint(WOMAN, 7, 64, wishes=PLAIN))
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "nobody/no-model")
    with pytest.raises(EngineMissing, match="deepmask weights get nobody/no-model"):
        Diffusion().paint(WOMAN, 1, 64)


def test_sdxl_turbo_is_known_by_its_files_and_takes_no_pose(tiny_diffusion, monkeypatch):
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "sdxl_turbo")
    turbo = Diffusion()
    picture = turbo.paint(WOMAN, 1, 64)
    assert picture.shape == (64, 64, 3)
    assert not np.array_equal(picture, turbo.paint(WOMAN, 1, 64, wishes=Wishes(prompt="a man")))
    assert not np.array_equal(picture, turbo.vary(picture, WOMAN, 2, strength=0.5))
    assert (turbo.recipe()["steps"], turbo.recipe()["guidance"]) == ("4", "0")
    guided = Wishes(guidance=2.0, steps=2, negative="beard")
    assert turbo.paint(WOMAN, 1, 64, wishes=guided).shape == (64, 64, 3)
    with pytest.raises(InputError, match=r"Stable Diffusion 1\.5"):
        turbo.paint(WOMAN, 1, 64, wishes=Wishes(pose=FacePose.template("front")))


def test_a_name_outdoes_the_scheduler_when_it_says_whether_a_model_is_distilled(own_copy, tiny_diffusion):
    scheduler = own_copy / "scheduler" / "scheduler_config.json"
    shutil.copy(snapshot(tiny_diffusion, "sdxl_turbo") / "scheduler" / "scheduler_config.json", scheduler)
    assert find(str(own_copy)).turbo, "nothing but the scheduler tells"
    assert not find("sd15").turbo
    named = shutil.copytree(snapshot(tiny_diffusion, "sd15"), own_copy.with_name("my-turbo"))
    assert find(str(named)).turbo


# -- memory -----------------------------------------------------------------------------------------------------------


def _short_of_memory(monkeypatch, times, error):
    """The network fails ``times`` times for want of memory."""
    from diffusers import UNet2DConditionModel

    forward, left = UNet2DConditionModel.forward, [times]

    def sometimes(self, *args, **kwargs):
        if left[0] > 0:
            left[0] -= 1
            raise error
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(UNet2DConditionModel, "forward", sometimes)


def test_when_memory_does_not_suffice_less_is_used_and_the_recipe_tells(tiny_diffusion, monkeypatch):
    import torch

    painter = Diffusion()
    assert "reduced" not in painter.recipe(PLAIN)
    _short_of_memory(monkeypatch, 1, torch.OutOfMemoryError("CUDA out of memory"))
    assert painter.paint(WOMAN, 1, 64, wishes=PLAIN).shape == (64, 64, 3)
    assert painter.recipe(PLAIN)["reduced"] == "slices and tiles to save memory"
    _short_of_memory(monkeypatch, 1, MemoryError())
    assert painter.paint(WOMAN, 1, 64, wishes=PLAIN).shape == (64, 64, 3)
    assert "painted at 48 px" in painter.recipe(PLAIN)["reduced"]


def test_when_nothing_helps_one_sentence_says_what_would(tiny_diffusion, monkeypatch):
    painter = Diffusion()
    _short_of_memory(monkeypatch, 99, MemoryError())
    with pytest.raises(EngineFailed, match="close other programs"):
        painter.paint(WOMAN, 1, 64, wishes=PLAIN)
    assert painter._networks is None


def test_a_model_larger_than_the_free_memory_is_not_begun(tiny_diffusion, monkeypatch):
    monkeypatch.setattr(loading, "free_bytes", lambda kind: 1 << 30)
    with pytest.raises(EngineFailed, match=r"needs about 3\.0 GiB of memory and 1\.0 GiB are free"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_room_is_reckoned_by_what_the_files_hold_whatever_they_are_called(own_copy, monkeypatch):
    from safetensors.torch import load_file, save_file

    path = own_copy / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    tensors = load_file(path)
    halves = checkpoint.numbers_in([path])
    assert halves == sum(tensor.numel() for tensor in tensors.values())
    save_file({name: tensor.float() for name, tensor in tensors.items()}, path)
    assert checkpoint.numbers_in([path]) == halves
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(EngineFailed, match="is broken"):
        checkpoint.numbers_in([path])


def test_networks_of_another_engine_are_given_back_where_memory_is_short(tiny_diffusion, monkeypatch):
    first, second = Diffusion(), Diffusion()
    before = first.paint(WOMAN, 1, 64, wishes=PLAIN)
    second.paint(WOMAN, 1, 64, wishes=PLAIN)
    assert first._networks is not None, "with room for both, both stay loaded"
    second.release()
    monkeypatch.setattr(loading, "free_bytes", lambda kind: 1 << (20 if first._networks else 40))
    assert np.array_equal(second.paint(WOMAN, 1, 64, wishes=PLAIN), before)
    assert first._networks is None
    monkeypatch.setattr(loading, "free_bytes", lambda kind: 1 << (20 if second._networks else 40))
    assert np.array_equal(first.paint(WOMAN, 1, 64, wishes=PLAIN), before)
    assert second._networks is None


def test_a_wished_pose_takes_room_too(tiny_diffusion, monkeypatch):
    monkeypatch.setenv("DEEPMASK_PRECISION", "float32")
    monkeypatch.setitem(loading.WORKING_BYTES, "sd", 0)
    room = 4 * checkpoint.numbers_in(find("sd15").files())
    monkeypatch.setattr(loading, "free_bytes", lambda kind: room)
    assert Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN).std() > 0
    with pytest.raises(EngineFailed, match="GiB are free"):
        Diffusion().paint(WOMAN, 1, 64, wishes=Wishes(steps=3, fast=False, pose=FacePose.template("front")))


def test_other_failures_are_not_taken_for_want_of_memory(tiny_diffusion, monkeypatch):
    _short_of_memory(monkeypatch, 1, RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(EngineFailed, match="shapes cannot be multiplied"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


def test_numbers_that_overflow_are_no_portrait(diffusion, monkeypatch):
    monkeypatch.setattr(engine, "encode", lambda *a: {k: v * float("nan") for k, v in ENCODE(*a).items()})
    with pytest.raises(EngineFailed, match="precision to float32"):
        diffusion.paint(WOMAN, 1, 64, wishes=PLAIN)


ENCODE = engine.encode


def test_a_decoder_that_overflows_makes_no_grey_portrait(own_copy):
    from safetensors.torch import load_file, save_file

    path = own_copy / "vae" / "diffusion_pytorch_model.fp16.safetensors"
    tensors = load_file(path)
    save_file(tensors | {"decoder.conv_out.bias": tensors["decoder.conv_out.bias"] * float("inf")}, path)
    with pytest.raises(EngineFailed, match="decoder overflowed"):
        Diffusion().paint(WOMAN, 1, 64, wishes=PLAIN)


# -- recipe and table -------------------------------------------------------------------------------------------------


def test_a_recipe_names_models_by_digest_and_how_they_were_used(diffusion):
    recipe = diffusion.recipe(Wishes(steps=12, guidance=5.5, fast=False, pose=FacePose.template("up")))
    assert recipe["model"] == "sd15"
    assert (recipe["steps"], recipe["guidance"], recipe["decoder"]) == ("12", "5.5", "vae")
    assert recipe["device"] == "cpu"
    for key in ("model_digest", "controlnet_openpose_digest"):
        assert len(recipe[key]) == len("sha256:") + 64
    assert all(isinstance(value, str) for value in recipe.values())
    assert "negative_words" not in recipe
    assert {"torch", "diffusers", "transformers", "precision"} <= recipe.keys()
    assert diffusion.recipe()["model_digest"] == recipe["model_digest"]


def test_files_that_are_not_loaded_do_not_count_in_a_recipe(diffusion, own_copy):
    known = diffusion.recipe()["model_digest"]
    assert diffusion.recipe()["model"] == own_copy.name, "the way to a folder stays on this machine"
    network = own_copy / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    shutil.copy(network, network.with_name("diffusion_pytorch_model.non_ema.fp16.safetensors"))
    assert diffusion.recipe()["model_digest"] == known


def test_the_table_lists_the_engine_and_follows_the_choice_of_the_model(tiny_diffusion, own_copy, monkeypatch):
    row = engines.choose("portrait_painter", "diffusion")
    assert row.heeds_wishes
    assert row.needed_weights() == (str(own_copy), "safety_checker")
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "sd15")
    assert row.needed_weights() == ("sd15",)
    assert row.missing() == weights.missing(("sd15",)) == ()
    assert find("sd15").native_px == 64


def test_with_no_weights_the_painter_stays_the_first_choice(own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert engines.choose("portrait_painter").name == "painter"
    with pytest.raises(EngineMissing, match="deepmask weights get sd15"):
        engines.choose("portrait_painter", "diffusion")
