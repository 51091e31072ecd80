"""Getting weights: resumed, verified, licensed, one at a time, and never half."""

import errno
import json
import shutil
import threading
from pathlib import Path

import pytest

from deepmask import config, weights
from deepmask.errors import Cancelled, EngineMissing, InputError, UnknownName, WeightsError
from deepmask.weights import download, fetching, manifest
from deepmask.weights import hub as hub_module
from tests.weights.server import COMMIT
from tests.weights.sets import BIG, CONFIG, NET, SWAPPER, sha256


def _folder() -> Path:
    return config.home() / "models" / "free"


def _is_whole() -> bool:
    folder = _folder()
    return (
        (folder / "model.safetensors").read_bytes() == BIG
        and (folder / "unet/net.safetensors").read_bytes() == NET
        and (folder / "unet/config.json").read_bytes() == CONFIG
        and not list(folder.rglob("*.part*"))
    )


def test_a_set_is_fetched_and_verified(hub):
    assert weights.missing(("free",)) == ("free",)
    said = []
    assert weights.fetch("free", lambda f, text: said.append((f, text))) == _folder()
    assert _is_whole()
    assert weights.missing(("free",)) == ()
    assert weights.state("free").kind == "ready"  # the digests of the hub count as published
    assert weights.digests("free")["unet/net.safetensors"] == sha256(NET)
    assert said[-1][0] == 1
    assert "420 kB of 420 kB" in said[-1][1]
    entry = json.loads((config.home() / manifest.FOLDER / "free.json").read_text())["files"]["unet/net.safetensors"]
    assert entry["origin"] == f"maker/free@{COMMIT}"


def test_what_is_there_is_not_fetched_again(hub):
    weights.fetch("free")
    hub.requests.clear()
    weights.fetch("free")
    assert hub.requests == []
    (_folder() / "unet/config.json").unlink()
    weights.fetch("free")
    assert [name for name, _ in hub.requests] == ["maker/free/unet/config.json"]


def test_a_broken_off_download_goes_on_where_it_stopped(hub):
    hub.break_after = [100_000, 50_000]
    weights.fetch("free")
    assert _is_whole()
    ranges = [span for name, span in hub.requests if name == "maker/free/model.safetensors"]
    assert ranges == ["", "bytes=100000-", "bytes=150000-"]
    assert hub.sent == len(BIG) + len(NET) + len(CONFIG)  # no byte twice


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(hub):
    hub.break_after = [70_000, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError, match=r"try again to go on.*deepmask weights import"):
        weights.fetch("free")
    assert weights.state("free").kind == "absent"
    assert weights.state("free").present_bytes == 70_000
    with pytest.raises(EngineMissing, match="deepmask weights get free"):
        weights.location("free")
    hub.break_after, hub.sent = [], 0
    weights.fetch("free")
    assert _is_whole()
    assert hub.sent == len(BIG) - 70_000 + len(NET) + len(CONFIG)


def test_a_server_without_ranges_starts_anew(hub):
    hub.ranges = False
    hub.break_after = [100_000]
    weights.fetch("free")
    assert _is_whole()
    assert hub.sent == 100_000 + len(BIG) + len(NET) + len(CONFIG)


def test_a_file_that_changed_meanwhile_is_not_mixed(hub):
    hub.break_after = [None, 60_000, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError):
        weights.fetch("free")
    hub.break_after = []
    part = _folder() / "unet/net.safetensors.part"
    assert 0 < part.stat().st_size < len(NET)
    other = bytes(reversed(NET))
    hub.files["maker/free/unet/net.safetensors"] = other
    weights.fetch("free")
    assert (_folder() / "unet/net.safetensors").read_bytes() == other


def test_a_beginning_that_is_not_the_files_own_is_found_out(hub):
    hub.break_after = [70_000, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError):
        weights.fetch("free")
    part = _folder() / "model.safetensors.part"
    part.write_bytes(bytes(70_000))  # as a disk may do after a power cut
    hub.break_after = []
    weights.fetch("free")
    assert _is_whole()


def test_a_whole_part_needs_nothing_more(hub):
    weights.fetch("free")
    note = _folder() / "model.safetensors.part.json"
    hub.break_after = [len(BIG) - 1, 0, 0, 0, 0, 0]
    (_folder() / "model.safetensors").unlink()
    with pytest.raises(WeightsError):
        weights.fetch("free")
    assert note.is_file()
    (_folder() / "model.safetensors.part").write_bytes(BIG)
    hub.break_after, hub.sent = [], 0
    weights.fetch("free")
    assert _is_whole()
    assert hub.sent == 0


def _stop_at(name: str, count: int):
    def progress(fraction: float, text: str) -> None:
        path = next(iter((config.home() / "models").rglob(f"{name.rpartition('/')[2]}*.part")), None)
        if name in text and path is not None and path.stat().st_size >= count:
            raise Cancelled("stopped")

    return progress


def test_stopping_leaves_a_part_to_go_on_with(hub, monkeypatch):
    monkeypatch.setattr(fetching._Meter, "_EVERY_S", 0.0)
    with pytest.raises(Cancelled):
        weights.fetch("free", _stop_at("model.safetensors", 50_000))
    assert not (_folder() / "model.safetensors").exists()
    assert (_folder() / "model.safetensors.part").stat().st_size >= 50_000
    hub.requests.clear()
    weights.fetch("free")
    assert _is_whole()
    assert hub.requests[0][1].startswith("bytes=")


@pytest.mark.parametrize("name", ["model.safetensors", "unet/net.safetensors", "unet/config.json"])
def test_other_bytes_than_published_are_never_used(hub, name):
    """Pinned; published by the hub as SHA-256; published as git's SHA-1."""
    true = hub.files[f"maker/free/{name}"]
    hub.published[f"maker/free/{name}"] = hub.tag(f"maker/free/{name}")
    hub.files[f"maker/free/{name}"] = bytes(len(true))
    with pytest.raises(WeightsError, match="is not the file that was published"):
        weights.fetch("free")
    assert not (_folder() / name).exists()
    assert not list(_folder().rglob("*.part"))
    assert weights.missing(("free",)) == ("free",)


def test_a_pinned_file_of_another_size_is_refused_before_it_is_fetched(hub):
    hub.files["maker/free/model.safetensors"] = BIG + b"more"
    with pytest.raises(WeightsError, match="300004 bytes instead of 300000"):
        weights.fetch("free")
    assert hub.sent < len(BIG)


def test_a_mirror_that_publishes_no_digests_serves_pinned_files_and_says_so_of_others(hub):
    hub.headers_of_the_hub = False
    weights.fetch("free")
    assert _is_whole()
    assert weights.state("free").kind == "unpinned"
    assert {f.path: f.verdict for f in weights.verify("free")} == {
        "model.safetensors": "verified",
        "unet/net.safetensors": "unpinned",
        "unet/config.json": "unpinned",
    }


def test_the_hub_itself_must_publish_a_digest(hub, monkeypatch):
    monkeypatch.delenv("DEEPMASK_MIRROR")
    monkeypatch.setattr(hub_module, "HUB_PAGE", hub.address)
    hub.headers_of_the_hub = False  # whoever answers there, it is not the hub
    with pytest.raises(WeightsError, match="not the file that was published"):
        weights.fetch("free")
    assert (_folder() / "model.safetensors").is_file()  # the pinned one was right
    assert not (_folder() / "unet/net.safetensors").exists()


@pytest.mark.parametrize("address", ["ftp://mirror.example", "mirror.example", "https://"])
def test_a_mirror_that_is_no_address_is_one_sentence(monkeypatch, address):
    monkeypatch.setenv("DEEPMASK_MIRROR", address)
    with pytest.raises(InputError, match="The setting mirror must be an address like"):
        weights.fetch("free")


def test_a_busy_server_is_asked_again(hub):
    hub.failures = [(503, {"Retry-After": "0"}), (429, {})]
    weights.fetch("free")
    assert _is_whole()


def test_a_dead_link_names_the_way_by_hand(hub):
    del hub.files["maker/free/model.safetensors"]
    with pytest.raises(WeightsError) as caught:
        weights.fetch("free")
    for words in ("dead link (HTTP 404)", "https://huggingface.co/maker/free/tree/", "model.safetensors",
                  "deepmask weights import FOLDER"):  # fmt: skip
        assert words in str(caught.value)


def test_a_link_that_wants_an_account_says_so(hub):
    hub.failures = [(401, {})]
    with pytest.raises(WeightsError, match="wants an account"):
        weights.fetch("free")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_an_unreachable_host_names_the_way_by_hand(monkeypatch, address):
    monkeypatch.setenv("DEEPMASK_MIRROR", address)
    with pytest.raises(WeightsError, match=r"cannot be reached.*deepmask weights import") as caught:
        weights.fetch("free")
    assert str(caught.value).count(address.removeprefix("http://")) == 1


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(hub, monkeypatch):
    monkeypatch.setenv("DEEPMASK_MIRROR", hub.address.replace("http:", "https:"))
    with pytest.raises(WeightsError, match="cannot prove who it is"):
        weights.fetch("free")


def test_a_full_disk_is_noticed_before(hub, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(WeightsError, match=r"needs 420 kB more and the disk of .* has 1.0 MB free.*DEEPMASK_HOME"):
        weights.fetch("free")
    assert hub.requests == []


def test_a_disk_that_fills_up_meanwhile_leaves_a_part(hub, monkeypatch):
    real_open = Path.open

    def small_disk(self, mode="r", *args, **options):
        file = real_open(self, mode, *args, **options)
        if self.name.endswith(".part") and mode != "rb":
            write = file.write

            class Full:
                def __getattr__(self, name):
                    return getattr(file, name)

                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    file.close()

                def write(self, data):
                    if file.tell() + len(data) > 150_000:
                        raise OSError(errno.ENOSPC, "No space left on device")
                    return write(data)

            return Full()
        return file

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", small_disk)
        with pytest.raises(WeightsError, match=r"The disk of .* is full"):
            weights.fetch("free")
    assert not (_folder() / "model.safetensors").exists()
    assert 0 < (_folder() / "model.safetensors.part").stat().st_size <= 150_000
    hub.requests.clear()
    weights.fetch("free")
    assert _is_whole()
    assert hub.requests[0][1] != ""


def test_a_licence_is_accepted_once(hub):
    with pytest.raises(WeightsError, match=r"non-commercial research.*https://example.org/nc.*--accept-licence"):
        weights.fetch("bound")
    assert hub.requests == []
    weights.accept("bound")
    given = json.loads((config.home() / "licences.json").read_text())["bound"]
    assert given["licence"] == "non-commercial research"
    assert given["accepted"].startswith("20")
    assert given["by"]
    folder = weights.fetch("bound")
    assert (folder / "swapper.onnx").read_bytes() == SWAPPER  # the repository has it in another folder
    assert hub.requests[0][0] == "maker/bound/packs/swapper.onnx"


def test_offline_refuses_with_one_sentence(hub, monkeypatch):
    monkeypatch.setenv("DEEPMASK_OFFLINE", "yes")
    with pytest.raises(WeightsError, match="switched off by the setting offline"):
        weights.fetch("free")
    monkeypatch.delenv("DEEPMASK_OFFLINE")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        weights.fetch("free")
    assert hub.requests == []


def test_what_is_there_can_be_got_offline(hub, monkeypatch):
    weights.fetch("free")
    monkeypatch.setenv("DEEPMASK_OFFLINE", "yes")
    assert weights.fetch("free") == _folder()


def test_two_downloads_of_a_set_do_not_mix(hub):
    hub.slow_s = 0.005
    begun = threading.Event()
    first = threading.Thread(target=lambda: weights.fetch("free", lambda *_: begun.set()))
    first.start()
    assert begun.wait(5)
    with pytest.raises(WeightsError, match="is being fetched already"):
        weights.fetch("free")
    first.join(20)
    assert _is_whole()


def test_a_damaged_file_is_replaced_on_request(hub):
    weights.fetch("free")
    (_folder() / "model.safetensors").write_bytes(bytes(len(BIG)))
    with pytest.raises(EngineMissing, match=r"model.safetensors is damaged.*deepmask weights get free"):
        weights.location("free")
    weights.fetch("free")
    assert _is_whole()


def test_speed_and_remaining_time_are_shown():
    said = []
    clock = iter([0.0, 0.5, 2.0, 4.0])
    meter = fetching._Meter(1_000_000, lambda fraction, text: said.append(text))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fetching.time, "monotonic", lambda: next(clock))
        report = meter.of(weights.WeightFile("net.onnx", 1_000_000))
        for done in (0, 100_000, 250_000, 500_000):
            report(done, "")
    assert said[-1] == "net.onnx: 500 kB of 1.0 MB, 125 kB/s, 4 s left"


# ------------------------------------------------------------------------------------------- repositories of the hub
def _offer_model(hub, licence="apache-2.0"):
    files = {
        "model_index.json": b"{}",
        "README.md": b"a card",
        "whole.safetensors": b"x" * 2000,
        "unet/config.json": b"{1}",
        "unet/diffusion_pytorch_model.safetensors": b"f" * 5000,
        "unet/diffusion_pytorch_model.fp16.safetensors": b"h" * 2500,
        "unet/diffusion_pytorch_model.bin": b"p" * 5000,
        "vae/config.json": b"{2}",
        "vae/diffusion_pytorch_model.safetensors": b"v" * 1500,
    }
    hub.files |= {f"artist/style/{path}": data for path, data in files.items()}
    hub.answers["api/models/artist/style"] = {
        "sha": COMMIT, "createdAt": "2024-05-01T00:00:00Z", "cardData": {"license": licence},
    }  # fmt: skip
    hub.answers[f"api/models/artist/style/tree/{COMMIT}"] = [
        {"type": "directory", "path": "unet"},
        *({"type": "file", "path": path, "size": len(data)}
          | ({"lfs": {"oid": sha256(data), "size": len(data)}} if len(data) > 1000 else {})
          for path, data in files.items()),
    ]  # fmt: skip


def test_any_diffusers_model_of_the_hub_can_be_fetched(hub, monkeypatch):
    _offer_model(hub)
    offered = weights.offer("artist/style")
    assert (offered.licence, offered.commercial, offered.year, offered.revision) == ("apache-2.0", True, 2024, COMMIT)
    assert weights.missing(("artist/style",)) == ("artist/style",)
    folder = weights.fetch("artist/style")
    assert folder == config.home() / "models" / "artist--style"
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name[0] != ".") == [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ]
    assert weights.variant(folder) == "fp16"
    monkeypatch.setenv("DEEPMASK_OFFLINE", "1")  # from here on nothing is asked
    assert weights.state("artist/style").kind == "ready"
    (folder / "vae/diffusion_pytorch_model.safetensors").unlink()
    assert weights.missing(("artist/style",)) == ("artist/style",)


def test_an_unclear_licence_must_be_accepted(hub):
    _offer_model(hub, licence="other")
    with pytest.raises(WeightsError, match="must be accepted"):
        weights.fetch("artist/style")
    weights.accept("artist/style")
    weights.fetch("artist/style")
    assert not weights.missing(("artist/style",))


def test_a_repository_with_pickles_only_is_refused(hub):
    _offer_model(hub)
    tree = hub.answers[f"api/models/artist/style/tree/{COMMIT}"]
    hub.answers[f"api/models/artist/style/tree/{COMMIT}"] = [f for f in tree if "safetensors" not in f["path"]]
    with pytest.raises(WeightsError, match="no safetensors"):
        weights.fetch("artist/style")


def test_a_repository_that_does_not_exist_is_one_sentence(hub):
    with pytest.raises(WeightsError, match=r"'no/body' cannot be looked up .*HTTP 404.*by hand"):
        weights.fetch("no/body")
    with pytest.raises(UnknownName, match="known: bound, free"):
        weights.fetch("nobody")


def test_a_repository_cannot_write_outside_its_folder(hub):
    _offer_model(hub)
    hub.answers[f"api/models/artist/style/tree/{COMMIT}"].append(
        {"type": "file", "path": "unet/../../../evil.safetensors", "size": 5}
    )
    with pytest.raises(Exception, match="outside its folder"):
        weights.fetch("artist/style")


def test_a_tag_that_is_no_digest_is_not_taken_for_one():
    assert hub_module.published_in({"etag": '"' + "a" * 64 + '"'}) == ""
    assert hub_module.published_in({"etag": '"' + "a" * 40 + '"', "x-repo-commit": COMMIT}) == "git:" + "a" * 40
    assert hub_module.published_in({"x-linked-etag": '"' + "b" * 64 + '"'}) == "sha256:" + "b" * 64
    assert hub_module.published_in({"x-linked-etag": '"5f-12"'}) == ""


def test_encryption_is_not_given_up_on_the_way():
    with pytest.raises(WeightsError, match="not encrypted"):
        download._next("https://hub.example/a", "http://elsewhere.example/a")
