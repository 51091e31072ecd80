"""Bringing weights along: recognised by what they are, whatever they are called; nothing foreign gets in."""

import os
import zipfile
from dataclasses import replace

import pytest

from deepmask import config, weights
from deepmask.errors import InputError, WeightsError
from deepmask.weights import WeightFile, table
from tests.weights.sets import BIG, BOUND, CONFIG, FREE, NET, SWAPPER, fill_cache, sha256


def put(folder, contents):
    for path, data in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


WHOLE = {"model.safetensors": BIG, "unet/net.safetensors": NET, "unet/config.json": CONFIG}


def _models():
    return config.home() / "models"


def test_a_folder_of_another_program_is_recognised(tmp_path):
    source = put(tmp_path / "facefusion", {"swapper_v2_renamed.onnx": SWAPPER, "codeformer.onnx": b"other"})
    brought = weights.bring(source)
    assert [(taken.name, taken.path, taken.pinned) for taken in brought.taken] == [("bound", "swapper.onnx", True)]
    assert [path.name for path in brought.ignored] == ["codeformer.onnx"]
    assert (_models() / "bound/swapper.onnx").read_bytes() == SWAPPER
    assert (source / "swapper_v2_renamed.onnx").is_file()
    assert weights.state("bound").kind == "licence"  # brought along is not accepted


def test_a_foreign_file_of_that_name_is_refused(tmp_path):
    source = put(tmp_path, {"swapper.onnx": SWAPPER[:-1] + b"!"})
    brought = weights.bring(source)
    assert brought.refused == [(source / "swapper.onnx", "bound")]
    assert not brought.taken
    assert not (_models() / "bound").exists()


def test_a_diffusers_folder_is_recognised_by_its_pinned_file(tmp_path):
    brought = weights.bring(put(tmp_path / "a" / "b", WHOLE).parent)
    assert brought.sets == ["free"]
    assert {taken.path: taken.pinned for taken in brought.taken} == {
        "model.safetensors": True,
        "unet/net.safetensors": False,
        "unet/config.json": False,
    }
    assert weights.state("free").kind == "unpinned"
    assert weights.location("free") == _models() / "free"


def test_small_files_alone_make_no_set(tmp_path, monkeypatch):
    pinned = WeightFile("unet/config.json", len(CONFIG), sha256(CONFIG))
    monkeypatch.setattr(table, "WEIGHTS", (replace(FREE, files=(FREE.files[0], pinned)),))
    assert not weights.bring(put(tmp_path, {"unet/config.json": CONFIG})).taken


def test_a_hubs_cache_keeps_the_digests_of_the_hub(tmp_path):
    fill_cache(tmp_path, "maker/free", WHOLE)
    brought = weights.bring(tmp_path / "hf")
    assert len(brought.taken) == 3
    assert (_models() / "free/unet/net.safetensors").read_bytes() == NET
    assert not (_models() / "free/unet/net.safetensors").is_symlink()
    assert weights.state("free").kind == "ready"


def test_sets_without_any_pin_are_recognised_by_name_and_size(tmp_path, monkeypatch):
    large = os.urandom(1 << 20)
    row = replace(FREE, files=(WeightFile("a/net.safetensors", len(large)), WeightFile("a/x.json", 9)))
    monkeypatch.setattr(table, "WEIGHTS", (row,))
    assert not weights.bring(put(tmp_path / "1", {"a/net.safetensors": large[:-1], "a/x.json": b"{}"})).taken
    brought = weights.bring(put(tmp_path / "2", {"deep/a/net.safetensors": large, "deep/a/x.json": b"{}"}))
    assert len(brought.taken) == 2
    assert weights.location("free")


def test_another_published_conversion_does_as_well(tmp_path, monkeypatch):
    conversion = SWAPPER + b"converted"
    file = WeightFile("swapper.onnx", len(SWAPPER), sha256(SWAPPER), also_sha256=(sha256(conversion),))
    monkeypatch.setattr(table, "WEIGHTS", (replace(BOUND, files=(file,), commercial=True),))
    weights.bring(put(tmp_path, {"other_name.onnx": conversion}))
    assert weights.location("bound")
    assert weights.state("bound").kind == "ready"


def test_files_are_copied_where_they_cannot_be_linked(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", no_links)
    weights.bring(put(tmp_path, {"swapper.onnx": SWAPPER}))
    assert (_models() / "bound/swapper.onnx").read_bytes() == SWAPPER
    assert (_models() / "bound/swapper.onnx").stat().st_nlink == 1


def test_bringing_along_twice_changes_nothing(tmp_path):
    source = put(tmp_path, {"swapper.onnx": SWAPPER})
    weights.bring(source)
    before = (_models() / "bound/swapper.onnx").stat()
    assert weights.bring(source).sets == ["bound"]
    assert (_models() / "bound/swapper.onnx").stat().st_ino == before.st_ino


def test_a_zip_file_is_taken_and_nothing_is_left_of_unpacking(tmp_path):
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("pack/swapper.onnx", SWAPPER)
        archive.writestr("pack/readme.md", "hello")
    assert weights.bring(tmp_path / "pack.zip").sets == ["bound"]
    assert [path.name for path in _models().iterdir()] == ["bound"]


def test_a_zip_file_cannot_write_outside(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../swapper.onnx", SWAPPER)
    with pytest.raises(InputError, match="outside of its folder"):
        weights.bring(tmp_path / "evil.zip")
    link = zipfile.ZipInfo("swapper.onnx")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="outside of its folder"):
        weights.bring(tmp_path / "link.zip")


def test_a_damaged_zip_file_is_one_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("swapper.onnx", SWAPPER)
    data = bytearray((tmp_path / "pack.zip").read_bytes())
    data[5000] ^= 255
    (tmp_path / "pack.zip").write_bytes(data)
    with pytest.raises(WeightsError, match="zip file is damaged"):
        weights.bring(tmp_path / "pack.zip")


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"tar")
    for name in ("x.tar", "nothing"):
        with pytest.raises(InputError, match="neither a folder nor a zip file"):
            weights.bring(tmp_path / name)
