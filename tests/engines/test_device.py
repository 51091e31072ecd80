"""Which device torch engines use, and how they take notice of want of memory."""

import pytest

from deepmask.config import Settings
from deepmask.engines.device import device, free_bytes, out_of_memory
from deepmask.errors import EngineMissing, InputError


def test_a_processor_is_always_there_and_its_choice_is_steady():
    first = device(Settings(device="cpu"))
    assert first == device(Settings(device="cpu"))
    assert first.kind == "cpu"
    assert first.precision in ("float32", "bfloat16")
    assert first.memory_bytes > free_bytes("cpu") > 0
    assert device(Settings(device="cpu", precision="float32")).dtype.itemsize == 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(device="tpu"), "auto, cpu, cuda, mps"),
        (Settings(device="cpu", precision="int8"), "float32, bfloat16"),
        (Settings(device="cpu", precision="float16"), "float16"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings, said):
    with pytest.raises(InputError, match=said):
        device(settings)


def test_a_device_that_is_not_there_is_not_replaced(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineMissing, match="set device to auto or cpu"):
        device(Settings(device="cuda"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_want_of_memory_is_told_from_other_failures(error, expected):
    assert out_of_memory(error) is expected


def test_an_impossible_tensor_is_want_of_memory():
    import torch

    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 50)
    assert out_of_memory(failed.value)
