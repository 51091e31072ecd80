"""What is on this machine: found, verified before it is used, and never taken for more than it is."""

import json
import os
from dataclasses import replace

import pytest

from deepmask import config, weights
from deepmask.errors import EngineMissing, InputError, UnknownName, WeightsError
from deepmask.weights import WeightFile, licences, manifest, store, table
from tests.weights.sets import BIG, BOUND, CONFIG, FREE, NET, SWAPPER, fill_cache, sha256


def put(name, contents):
    folder = config.home() / "models" / name
    for path, data in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


WHOLE = {"model.safetensors": BIG, "unet/net.safetensors": NET, "unet/config.json": CONFIG}


def test_files_dropped_in_by_hand_are_checked_before_first_use():
    folder = put("free", WHOLE)
    assert weights.missing(("free",)) == ()
    assert weights.state("free").kind == "unchecked"
    assert weights.location("free") == folder
    assert weights.state("free").kind == "unpinned"  # for two of them nobody has published a digest
    assert "only checked for later changes" in weights.state("free").sentence


def test_a_wrong_file_dropped_in_by_hand_is_named_and_never_used():
    folder = put("free", {**WHOLE, "model.safetensors": b"something else"})
    with pytest.raises(EngineMissing) as caught:
        weights.location("free")
    assert str(folder / "model.safetensors") in str(caught.value)
    assert "deepmask weights get free" in str(caught.value)
    assert (folder / "model.safetensors").read_bytes() == b"something else"  # nothing is renamed or deleted
    assert weights.missing(("free",)) == ("free",)


def test_files_are_read_once(monkeypatch):
    put("free", WHOLE)
    weights.location("free")
    monkeypatch.setattr(store, "sha256_of", lambda *_: pytest.fail("read again"))
    weights.location("free")


@pytest.mark.parametrize("path", ["model.safetensors", "unet/config.json"])
def test_later_damage_is_found_pinned_or_not(path):
    folder = put("free", WHOLE)
    weights.location("free")
    data = bytearray((folder / path).read_bytes())
    data[3] ^= 1
    (folder / path).write_bytes(data)
    os.utime(folder / path, ns=(1, 1))
    with pytest.raises(EngineMissing, match="is damaged or is not the file that was published"):
        weights.location("free")
    data[3] ^= 1
    (folder / path).write_bytes(data)
    assert weights.location("free") == folder


def test_damage_that_leaves_size_and_time_is_found_by_verify():
    folder = put("free", WHOLE)
    weights.location("free")
    before = (folder / "model.safetensors").stat()
    (folder / "model.safetensors").write_bytes(bytes(len(BIG)))
    os.utime(folder / "model.safetensors", ns=(before.st_atime_ns, before.st_mtime_ns))
    said = []
    findings = weights.verify("free", lambda fraction, text: said.append(fraction))
    assert [f.path for f in findings if f.verdict == "broken"] == ["model.safetensors"]
    assert said[-1] == 1
    assert weights.missing(("free",)) == ("free",)


def test_an_incomplete_set_is_missing():
    put("free", {"model.safetensors": BIG})
    assert weights.state("free").kind == "incomplete"
    assert weights.missing(("free",)) == ("free",)
    with pytest.raises(EngineMissing, match=r"unet/net.safetensors and perhaps more is missing"):
        weights.location("free")


def test_a_licence_without_commercial_use_counts_for_files_of_any_origin(tmp_path):
    put("bound", {"swapper.onnx": SWAPPER})
    assert weights.state("bound").kind == "licence"
    with pytest.raises(
        EngineMissing, match=r"licence .*non-commercial research.* has not been accepted.*weights get bound"
    ):
        weights.location("bound")
    licences.accept(BOUND)
    assert weights.location("bound").name == "bound"


def test_a_licence_that_changed_is_asked_for_again(monkeypatch):
    licences.accept(BOUND)
    assert weights.accepted(BOUND)
    assert not weights.accepted(replace(BOUND, licence="another one"))


def test_licences_that_cannot_be_read_are_not_taken_for_accepted():
    config.home().mkdir(exist_ok=True)
    (config.home() / "licences.json").write_text("{")
    with pytest.raises(WeightsError, match=r"licences.json cannot be read"):
        weights.accepted(BOUND)


def test_a_copy_in_the_hubs_cache_is_found_and_verified(tmp_path):
    snapshot = fill_cache(tmp_path, "maker/free", WHOLE)
    assert weights.missing(("free",)) == ()
    assert weights.location("free") == snapshot
    assert weights.state("free").kind == "ready"  # the cache names its files by the digests of the hub
    assert not list(snapshot.glob(".deepmask*"))  # nothing of ours is written there
    (snapshot / "unet/config.json").resolve().write_bytes(b"damaged")
    with pytest.raises(EngineMissing, match=r"unet/config.json is damaged"):
        weights.location("free")
    with pytest.raises(InputError, match="not Deepmask's"):
        weights.remove("free")


def test_an_incomplete_copy_in_the_hubs_cache_is_not_used(tmp_path):
    fill_cache(tmp_path, "maker/free", {"model.safetensors": BIG})
    assert weights.state("free").kind == "absent"


def test_the_wanted_revision_of_the_cache_is_preferred(tmp_path):
    wanted = fill_cache(tmp_path, "maker/free", WHOLE, commit="a" * 40)
    (wanted.parent / ("0" * 40)).mkdir()
    assert weights.location("free") == wanted


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = put("free", WHOLE)
    (tmp_path / "elsewhere").write_bytes(BIG)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tmp_path / "elsewhere")
    assert weights.missing(("free",)) == ("free",)


def test_a_file_on_the_way_does_not_count(tmp_path):
    put("free", {**WHOLE, "model.safetensors.part": BIG[:10]})
    (config.home() / "models/free/model.safetensors").unlink()
    state = weights.state("free")
    assert state.kind == "incomplete"
    assert state.present_bytes == 10 + len(NET) + len(CONFIG)


def test_a_folder_of_ones_own_is_used_as_it_is(tmp_path):
    folder = tmp_path / "my model"
    for path in ("model_index.json", "unet/config.json", "unet/net.safetensors", "vae/net.safetensors"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    assert weights.missing((str(folder),)) == ()
    assert weights.location(str(folder)) == folder
    assert weights.digests(str(folder))["unet/net.safetensors"] == sha256(b"unet/net.safetensors")
    (folder / "unet/net.safetensors").write_bytes(b"trained further")
    assert weights.location(str(folder)) == folder
    assert weights.digests(str(folder))["unet/net.safetensors"] == sha256(b"trained further")
    assert sorted(p.name for p in folder.iterdir()) == ["model_index.json", "unet", "vae"]
    with pytest.raises(InputError, match="not Deepmask's"):
        weights.remove(str(folder))


def test_pickled_weights_are_not_loaded(tmp_path):
    (tmp_path / "old" / "unet").mkdir(parents=True)
    (tmp_path / "old" / "model_index.json").write_text("{}")
    (tmp_path / "old" / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(EngineMissing, match="no weights in the safetensors format"):
        weights.location(str(tmp_path / "old"))


def test_a_model_of_the_hubs_cache_is_found_by_its_id(tmp_path):
    contents = {"model_index.json": b"{}", "unet/net.safetensors": NET, "README.md": b"---\nlicense: cc-by-nc-4.0\n---"}
    snapshot = fill_cache(tmp_path, "artist/style", contents)
    assert weights.state("artist/style").kind == "licence"
    weights.accept("artist/style")
    assert weights.location("artist/style") == snapshot
    (snapshot / "README.md").unlink()
    assert weights.state("artist/style").kind == "licence", "what states no licence allows nothing"
    weights.accept("artist/style")
    assert weights.location("artist/style") == snapshot


@pytest.mark.parametrize("repo", ["artist/style", BOUND.repo])
def test_a_snapshot_that_is_named_by_its_folder_keeps_its_licence(tmp_path, repo):
    contents = {"model_index.json": b"{}", "unet/net.safetensors": NET, "README.md": b"---\nlicense: cc-by-nc-4.0\n---"}
    snapshot = str(fill_cache(tmp_path, repo, contents))
    with pytest.raises(EngineMissing, match=f"has not been accepted; run: deepmask weights get {snapshot}"):
        weights.location(snapshot)
    weights.accept(snapshot)
    assert str(weights.location(snapshot)) == snapshot
    (tmp_path / "hf/hub" / f"models--{repo.replace('/', '--')}" / "blobs" / sha256(NET)).write_bytes(b"damaged")
    with pytest.raises(EngineMissing, match="is damaged"):
        weights.location(snapshot)


def test_a_folder_with_a_model_card_is_under_the_licence_that_it_states(tmp_path):
    (tmp_path / "clone" / "unet").mkdir(parents=True)
    (tmp_path / "clone" / "model_index.json").write_text("{}")
    (tmp_path / "clone" / "unet" / "net.safetensors").write_bytes(NET)
    for text, kind in (
        ("no card", "unchecked"),
        ("---\nlicense: mit\n", "unchecked"),
        ("---\nlicense: other\n", "licence"),
    ):
        (tmp_path / "clone" / "README.md").write_text(text)
        assert weights.state(str(tmp_path / "clone")).kind == kind, text


def test_a_model_dropped_in_by_hand_is_found_by_its_id():
    folder = put("artist--style", {"model_index.json": b"{}", "unet/net.safetensors": NET})
    weights.accept("artist/style")
    assert weights.location("artist/style") == folder
    (folder / "unet/net.safetensors").write_bytes(b"other")
    with pytest.raises(EngineMissing, match="is damaged"):
        weights.location("artist/style")


def test_another_variant_in_the_hubs_cache_is_used_when_asked_for_by_id(tmp_path, monkeypatch):
    half = WeightFile("unet/net.fp16.safetensors", len(NET), sha256(NET))
    model = replace(BOUND, repo="big/model", files=(WeightFile("model_index.json", 2), half))
    monkeypatch.setattr(table, "WEIGHTS", (model,))
    snapshot = fill_cache(tmp_path, "big/model", {"model_index.json": b"{}", "unet/net.safetensors": BIG})
    assert weights.state("bound").kind == "absent"
    assert weights.state("big/model").kind == "licence"
    licences.accept(model)
    assert weights.location("big/model") == snapshot


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownName, match="known: bound, free"):
        weights.missing(("fre",))


def test_removing_frees_the_disk_and_leaves_nothing():
    folder = put("free", {**WHOLE, "model.safetensors.part": b"12345"})
    weights.location("free")
    put("bound", {"swapper.onnx": SWAPPER})
    assert weights.remove("free") == len(BIG) + len(NET) + len(CONFIG) + 5
    assert not folder.exists()
    assert (config.home() / "models/bound/swapper.onnx").exists()
    assert weights.remove("free") == 0


def test_removing_leaves_what_is_not_of_the_set():
    folder = put("free", {**WHOLE, "notes.md": b"mine"})
    weights.remove("free")
    assert [p.name for p in folder.iterdir()] == ["notes.md"]


def test_a_part_shares_the_folder_of_the_whole(monkeypatch):
    part = replace(FREE, name="part", files=FREE.files[:1], shares="free")
    monkeypatch.setattr(table, "WEIGHTS", (FREE, part))
    folder = put("free", WHOLE)
    assert weights.location("part") == folder
    with pytest.raises(InputError, match="deepmask weights remove free"):
        weights.remove("part")
    weights.remove("free")
    assert weights.missing(("part",)) == ("part",)
    put("free", {"model.safetensors": BIG})
    assert weights.location("part") == folder
    assert weights.remove("part") == len(BIG)


def test_a_manifest_that_cannot_be_understood_is_made_anew():
    folder = put("free", WHOLE)
    for text in ("{", "[]", json.dumps({"files": {"model.safetensors": {"sha256": "x"}}})):
        path = config.home() / manifest.FOLDER / "free.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        assert weights.location("free") == folder


def test_tables_cannot_name_files_outside_of_their_folder():
    for path in ("../x.json", "/etc/x.json", "a/../../x.json", "C:x.json", "a\\b.json", ""):
        with pytest.raises(InputError, match="outside its folder"):
            WeightFile(path, 1)


def test_an_index_that_leads_to_files_nobody_verified_is_not_followed():
    folder = put("free", {**WHOLE, "unet/net.safetensors.index.json": b"{}"})
    with pytest.raises(EngineMissing, match=r"net\.safetensors\.index\.json does not belong .*; delete it\.$"):
        weights.location("free")
    (folder / "unet/net.safetensors.index.json").unlink()
    assert weights.location("free") == folder


@pytest.mark.parametrize("name", ["tokenizer.json", "unet/adapter_config.json", "unet/model.py", "unet/weights.bin"])
def test_what_loaders_would_read_beside_a_set_is_named_and_the_set_not_used(name):
    folder = put("free", {**WHOLE, name: b"{}", "notes.md": b"", "other/list.json": b"", "unet/.x.json": b""})
    put("free", {"model.safetensors.part.json": b"{}"})
    with pytest.raises(EngineMissing, match=f"{name} does not belong to the weights 'free'") as caught:
        weights.location("free")
    assert str(folder / name) in str(caught.value)
    (folder / name).unlink()
    assert weights.location("free") == folder


def test_a_folder_dropped_in_by_hand_brings_no_proof_of_its_own():
    put("free", WHOLE)
    weights.location("free")
    known = (config.home() / manifest.FOLDER / "free.json").read_text()
    (config.home() / manifest.FOLDER / "free.json").unlink()
    folder = put("free", {"model.safetensors": BIG[::-1]})
    status = (folder / "model.safetensors").stat()
    forged = json.loads(known)
    forged["files"]["model.safetensors"]["mtime_ns"] = status.st_mtime_ns
    (folder / "weights").mkdir()
    for name in (".deepmask.json", "weights/free.json"):
        (folder / name).write_text(json.dumps(forged))
    with pytest.raises(EngineMissing, match="is not the file that was published"):
        weights.location("free")


def test_a_set_that_is_named_by_its_folder_keeps_its_licence():
    folder = put("bound", {"swapper.onnx": SWAPPER})
    for name in ("bound", str(folder), f"{folder}/../bound"):
        assert weights.state(name).kind == "licence"
    licences.accept(BOUND)
    assert weights.location(str(folder)) == folder


def test_two_repositories_never_share_a_folder():
    put("a--b--c", {"model_index.json": b"{}", "unet/net.safetensors": NET})
    with pytest.raises(UnknownName):
        weights.location("a/b--c")
