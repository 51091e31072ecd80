"""Filling holes on tiny checkpoints: real files, real loading code, real pipelines."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from deepmask import engines
from deepmask.area import Area
from deepmask.engines.diffusion import inpainting, loading
from deepmask.engines.diffusion.body_pose import BodyPose
from deepmask.engines.diffusion.inpainting import ControlNetInpaint, DiffusionInpaint
from deepmask.engines.protocols import Inpainter
from deepmask.errors import Cancelled, EngineFailed, EngineMissing
from deepmask.weights import table
from tests.tiny.diffusion import make_prudish, snapshot

ENGINES = [DiffusionInpaint, ControlNetInpaint]
WOMAN = "a woman in a red coat"


@pytest.fixture(scope="session")
def shared():
    """Engines for all tests that leave them as they were."""
    return {kind: kind() for kind in ENGINES}


@pytest.fixture(params=ENGINES)
def inpainter(request, tiny_diffusion, shared):
    return shared[request.param]


@pytest.fixture
def plain(tiny_diffusion, shared):
    return shared[DiffusionInpaint]


@pytest.fixture(scope="module")
def picture():
    """(512, 512, 3), with somebody in it."""
    return astronaut()


def ellipse(size_wh, box):
    x1, y1, x2, y2 = box
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    cv2.ellipse(mask, ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2), 0, 0, 360, 1, -1)
    return Area.of(mask.astype(bool))


PERSON = ellipse((512, 512), (20, 0, 400, 511))
THING = ellipse((512, 512), (420, 30, 480, 200))


def absent(monkeypatch, *names):
    """As if these sets had never been fetched."""
    rows = [replace(row, repo="nobody/has-it") if row.name in names else row for row in table.WEIGHTS]
    monkeypatch.setattr(table, "WEIGHTS", tuple(rows))


def test_the_hole_is_filled_and_nothing_else_changes(inpainter, picture):
    kept = picture.copy()
    made = inpainter.fill(picture, PERSON, seed=3)
    assert np.array_equal(picture, kept)
    assert np.array_equal(made.alpha, PERSON.mask.astype(np.float32))
    made.paste(kept)
    assert np.array_equal(kept[~PERSON.full()], picture[~PERSON.full()])
    assert (kept[PERSON.full()] != picture[PERSON.full()]).any(1).mean() > 0.95


def test_a_seed_gives_the_same_again_and_another_seed_or_prompt_another(inpainter, picture):
    first = inpainter.fill(picture, THING, seed=3).rgb
    assert np.array_equal(first, inpainter.fill(picture, THING, seed=3).rgb)
    assert np.array_equal(first, type(inpainter)().fill(picture, THING, seed=3).rgb)
    assert not np.array_equal(first, inpainter.fill(picture, THING, seed=4).rgb)
    woman = inpainter.fill(picture, THING, prompt=WOMAN, seed=3).rgb
    assert not np.array_equal(first, woman)
    assert not np.array_equal(woman, inpainter.fill(picture, THING, prompt="an old man", seed=3).rgb)


@pytest.mark.parametrize("prompt", ["", WOMAN])
def test_who_was_there_has_no_influence(inpainter, picture, monkeypatch, prompt):
    monkeypatch.setattr(BodyPose, "read", classmethod(lambda *_: None))  # by their pose alone they may have
    other = picture.copy()
    other[PERSON.full()] = np.random.default_rng(1).integers(0, 256, (PERSON.pixels, 3))
    first, second = (inpainter.fill(image, PERSON, prompt=prompt, seed=3).rgb for image in (picture, other))
    assert np.array_equal(first[PERSON.mask], second[PERSON.mask])


def test_the_surroundings_have_an_influence(inpainter, picture):
    first = inpainter.fill(picture, THING, seed=3).rgb
    darker = np.where(THING.full()[..., None], picture, picture // 3).astype(np.uint8)
    assert not np.array_equal(first, inpainter.fill(darker, THING, seed=3).rgb)


def test_whom_the_background_must_not_repeat_the_network_does_not_see(inpainter, picture):
    first = inpainter.fill(picture, THING, avoid=PERSON, seed=3).rgb
    other = picture.copy()
    other[PERSON.full()] = 255
    far = THING.full() & ~PERSON.grown(20).full()
    cut = far[THING.window]
    assert np.array_equal(first[cut], inpainter.fill(other, THING, avoid=PERSON, seed=3).rgb[cut])
    assert not np.array_equal(first, inpainter.fill(picture, THING, seed=3).rgb)


# -- poses ------------------------------------------------------------------------------------------------------------


def test_somebody_else_takes_the_pose_and_the_background_does_not(inpainter, picture, monkeypatch):
    posed = inpainter.fill(picture, PERSON, prompt=WOMAN, seed=3).rgb
    read = BodyPose.read
    mirrored = classmethod(lambda _, image, area: BodyPose(read(image, area).joints * (-1, 1) + (420, 0)))
    monkeypatch.setattr(BodyPose, "read", mirrored)
    assert not np.array_equal(posed, inpainter.fill(picture, PERSON, prompt=WOMAN, seed=3).rgb)
    monkeypatch.setattr(BodyPose, "read", classmethod(lambda *_: None))
    free = inpainter.fill(picture, PERSON, prompt=WOMAN, seed=3).rgb
    assert not np.array_equal(posed, free)
    absent(monkeypatch, "controlnet_openpose")
    assert np.array_equal(free, inpainter.fill(picture, PERSON, prompt=WOMAN, seed=3).rgb)


def test_nobody_asks_for_poses_where_nobody_is_to_be_seen(inpainter, picture, monkeypatch):
    monkeypatch.setattr(BodyPose, "read", classmethod(lambda *_: pytest.fail("a pose was read")))
    assert inpainter.fill(picture, THING, seed=3).rgb.std() > 0


def test_networks_are_loaded_once_for_backgrounds_and_people(tiny_diffusion, picture):
    engine = DiffusionInpaint()
    engine.fill(picture, PERSON)
    unet = engine._networks.base.unet
    engine.fill(picture, PERSON, prompt=WOMAN)
    assert engine._networks.base.unet is unet
    engine.release()
    assert engine._networks is None


# -- any picture and any hole -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size_wh", "box"),
    [
        ((40, 30), (10, 5, 30, 25)), ((131, 77), (0, 0, 60, 77)), ((203, 301), (150, 200, 203, 301)),
        ((300, 60), (20, 10, 290, 55)), ((9, 200), (0, 20, 9, 180)), ((1, 1), (0, 0, 1, 1)),
    ],
)  # fmt: skip
def test_pictures_of_any_size_and_holes_at_their_edges(inpainter, size_wh, box):
    image = np.random.default_rng(2).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    hole = Area.of_box(box, size_wh)
    made = inpainter.fill(image, hole, seed=1)
    result = image.copy()
    made.paste(result)
    assert made.alpha.shape == hole.mask.shape
    assert np.array_equal(result[~hole.full()], image[~hole.full()])


@pytest.mark.parametrize("share", [0.85, 1.0])
@pytest.mark.parametrize("prompt", ["", WOMAN])
def test_a_hole_over_most_of_the_picture(inpainter, picture, share, prompt):
    mask = np.zeros(picture.shape[:2], bool)
    mask[:, : round(512 * share)] = True
    made = inpainter.fill(picture, Area.of(mask), prompt=prompt, seed=1)
    assert made.alpha.all()
    assert made.rgb.std() > 0


def test_a_large_picture_takes_little_memory(plain, picture):
    import tracemalloc

    large = cv2.resize(picture, (4000, 3000))
    hole = ellipse((4000, 3000), (1200, 300, 2400, 2900))
    plain.fill(large, hole, seed=1)
    tracemalloc.start()
    made = plain.fill(large, hole, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.rgb.shape == (*hole.mask.shape, 3)
    assert peak < 16 * large.shape[0] * large.shape[1] * 3, f"{peak / 2**20:.0f} MiB"


# -- ways, progress, cancelling ---------------------------------------------------------------------------------------


def test_a_processor_takes_the_fast_way_with_guidance_against_people_and_else_the_plain_one(
    plain, picture, monkeypatch
):
    said = []
    fast = plain.fill(picture, THING, progress=lambda _, text: said.append(text)).rgb
    assert any(text.startswith("Step 4 of 4") for text in said)
    monkeypatch.setattr(inpainting, "scene_words", lambda prompt: ("empty scene", "cars"))
    assert not np.array_equal(fast, plain.fill(picture, THING).rgb), "what is not wanted matters"
    monkeypatch.undo()


def test_without_the_lora_the_plain_way_is_taken(plain, picture, monkeypatch):
    absent(monkeypatch, "lcm_lora")
    said, shares = [], []
    plain.fill(picture, THING, progress=lambda share, text: (said.append(text), shares.append(share)))
    assert any(text.startswith("Step 25 of 25") for text in said)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_cancelling_within_a_step_leaves_a_usable_engine(inpainter, picture):
    def stop(_, message):
        if message.startswith("Step 2 of 4"):
            raise Cancelled("stopped")

    expected = inpainter.fill(picture, THING, seed=7).rgb
    with pytest.raises(Cancelled):
        inpainter.fill(picture, THING, seed=7, progress=stop)
    assert np.array_equal(expected, inpainter.fill(picture, THING, seed=7).rgb)


# -- what must not be shown -------------------------------------------------------------------------------------------


def test_unfit_words_are_refused_before_anything_is_loaded(tiny_diffusion, picture):
    for prompt, reason in (("a schoolgirl", "adults"), ("a naked man", "dressed"), ("a woman, 16 years old", "18")):
        fresh = DiffusionInpaint()
        with pytest.raises(EngineFailed, match=reason):
            fresh.fill(picture, PERSON, prompt=prompt)
        assert fresh._networks is None


@pytest.mark.parametrize("kind", ENGINES)
def test_a_flagged_picture_is_refused(own_hub, picture, monkeypatch, kind):
    hub, described = own_hub
    make_prudish(snapshot(hub, "sd15") / "safety_checker")
    described()
    with pytest.raises(EngineFailed, match="refused this picture; try another seed"):
        kind().fill(picture, PERSON, prompt=WOMAN)
    monkeypatch.setenv("DEEPMASK_SAFETY_CHECKER", "false")
    assert kind().fill(picture, PERSON, prompt=WOMAN).rgb.std() > 0


def test_without_the_safety_checker_nothing_is_painted(tiny_diffusion, picture, monkeypatch):
    absent(monkeypatch, "safety_checker", "sd15")
    row = next(row for row in engines.rows("inpainter") if row.name == "diffusion_inpaint")
    assert row.missing() == ("safety_checker",)
    with pytest.raises(EngineMissing, match="deepmask weights get safety_checker"):
        DiffusionInpaint().fill(picture, PERSON)


# -- weights ----------------------------------------------------------------------------------------------------------


def test_the_table_has_both_ways_and_names_the_command(tiny_diffusion, monkeypatch):
    plain, led = (engines.choose("inpainter", name) for name in ("diffusion_inpaint", "controlnet_inpaint"))
    assert engines.choose("inpainter").name == "diffusion_inpaint"
    assert plain.needed_weights() == ("sd15_inpaint", "safety_checker")
    assert led.needed_weights() == ("sd15", "controlnet_inpaint")
    engine: Inpainter = engines.load("inpainter", "diffusion_inpaint")
    assert engine.heeds_prompt
    absent(monkeypatch, "sd15_inpaint")
    assert engines.choose("inpainter").name == "controlnet_inpaint", "what is there will do"
    with pytest.raises(EngineMissing, match="deepmask weights get sd15_inpaint"):
        engines.choose("inpainter", "diffusion_inpaint")
    with pytest.raises(EngineMissing, match="deepmask weights get sd15_inpaint"):
        DiffusionInpaint().fill(astronaut(), THING)
    absent(monkeypatch, "controlnet_inpaint")
    with pytest.raises(EngineMissing, match="deepmask weights get controlnet_inpaint"):
        ControlNetInpaint().fill(astronaut(), THING)


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        (DiffusionInpaint, "sd15_inpaint", "unet/diffusion_pytorch_model.fp16.safetensors"),
        (ControlNetInpaint, "controlnet_inpaint", "diffusion_pytorch_model.fp16.safetensors"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_named_and_never_loaded(own_hub, picture, kind, name, path):
    hub, _ = own_hub
    file = snapshot(hub, name) / path
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(EngineMissing, match=path):
        kind().fill(picture, THING)


def test_models_of_another_kind_are_refused_with_the_remedy(tiny_diffusion, picture, monkeypatch):
    monkeypatch.setenv("DEEPMASK_INPAINT_MODEL", "sd15")
    with pytest.raises(EngineFailed, match="set inpaint_model to one that is, or take the engine 'controlnet_inpaint'"):
        DiffusionInpaint().fill(picture, THING)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "sd15_inpaint")
    with pytest.raises(EngineFailed, match="made for inpainting; choose one that paints from words"):
        ControlNetInpaint().fill(picture, THING)
    monkeypatch.setenv("DEEPMASK_DIFFUSION_MODEL", "sdxl_turbo")
    with pytest.raises(EngineFailed, match=r"controlnet_inpaint is for Stable Diffusion 1\.5"):
        ControlNetInpaint().fill(picture, THING)


def test_ones_own_model_made_for_inpainting_can_be_taken(tiny_diffusion, plain, picture, tmp_path, monkeypatch):
    import shutil

    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(snapshot(tiny_diffusion, "sd15_inpaint"), tmp_path / "my-model")
    path = folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    save_file({name: numbers * 0.5 for name, numbers in load_file(path).items()}, path, {"format": "pt"})
    theirs = plain.fill(picture, THING).rgb
    monkeypatch.setenv("DEEPMASK_INPAINT_MODEL", str(folder))
    assert not np.array_equal(theirs, DiffusionInpaint().fill(picture, THING).rgb)


# -- memory and numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ENGINES)
def test_when_memory_does_not_suffice_less_is_used_and_at_last_one_sentence_says_so(
    tiny_diffusion, picture, monkeypatch, kind
):
    import torch
    from diffusers import UNet2DConditionModel

    forward, left = UNet2DConditionModel.forward, [3]

    def short_of_memory(self, *args, **kwargs):
        if left[0]:
            left[0] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(UNet2DConditionModel, "forward", short_of_memory)
    engine, said = kind(), []
    made = engine.fill(picture, PERSON, progress=lambda _, text: said.append(text))
    assert made.rgb.shape == (*PERSON.mask.shape, 3)
    assert sum("more sparingly" in text for text in said) == 3
    left[0] = 99
    with pytest.raises(EngineFailed, match="close other programs, or set device to cpu"):
        engine.fill(picture, PERSON)
    assert engine._networks is None


def test_a_model_larger_than_the_free_memory_is_not_begun(tiny_diffusion, picture, monkeypatch):
    monkeypatch.setattr(loading, "free_bytes", lambda kind: 1 << 30)
    with pytest.raises(EngineFailed, match=r"sd15_inpaint needs about 3\.0 GiB .* set inpaint_model to a smaller one"):
        DiffusionInpaint().fill(picture, THING)


def test_half_precision_and_pieces_give_a_picture_too(tiny_diffusion, picture, monkeypatch):
    monkeypatch.setenv("DEEPMASK_PRECISION", "bfloat16")
    for kind in ENGINES:
        assert kind().fill(picture, PERSON, prompt=WOMAN).rgb.std() > 0


def test_numbers_that_overflow_fill_no_hole(plain, picture, monkeypatch):
    encode = inpainting.encode
    monkeypatch.setattr(
        inpainting, "encode", lambda *a: {name: values * float("nan") for name, values in encode(*a).items()}
    )
    with pytest.raises(EngineFailed, match="precision to float32"):
        plain.fill(picture, THING)
