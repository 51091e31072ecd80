"""A Ray cluster of two nodes gives the same film to the bit as one machine, and nothing of it stays there."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from deepmask.errors import Cancelled, DeepmaskError, EngineMissing
from deepmask.media.clip import Clip
from pipelines.video import cluster
from pipelines.video.sharing import alone, workers_for
from tests.pipelines import test_video_sharing
from tests.pipelines.test_video_sharing import draw_jobs, look_jobs, noisy, sums
from tests.tiny.clips import make_clip, uneven

pytest.importorskip("ray", reason="Ray comes with deepmask[cluster]")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Address of a cluster, and the folder in which its machines have their temporary files."""
    temporary = tmp_path_factory.mktemp("nodes")
    short = tempfile.mkdtemp(prefix="ray")  # names of Ray's sockets must be short
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.QUIET.items():
            patch.setenv(name, value)
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("RAY_TMPDIR", short)
        from ray.cluster_utils import Cluster as Nodes

        both = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        both.add_node(num_cpus=1)
        yield both.address, temporary
        both.shutdown()
    shutil.rmtree(short, ignore_errors=True)


@pytest.fixture
def clip(tmp_path, monkeypatch) -> Clip:
    """One that travels in pieces."""
    monkeypatch.setattr(test_video_sharing, "LENGTH", 40)
    monkeypatch.setattr("pipelines.video.pieces._HEAD_BYTES", 20_000)
    monkeypatch.setattr("pipelines.video.pieces._SLACK_BYTES", 20_000)
    options = {"g": "12", "bf": "2", "qmin": "1", "qmax": "4"}
    return Clip.open(make_clip(tmp_path / "source.mp4", uneven(240), picture=noisy, options=options))


def test_two_nodes_make_the_same_bits_as_one_machine(nodes, clip, tmp_path, monkeypatch):
    address, temporary = nodes
    whole = []
    monkeypatch.setattr("pipelines.video.pieces.Cutter.whole", lambda cutter: whole.append(cutter))
    shared = workers_for(address)
    assert list(shared.glimpses(look_jobs(clip, tmp_path / "two"))) == list(
        alone.glimpses(look_jobs(clip, tmp_path / "one"))
    )
    told: list[float] = []
    drawn = list(shared.drawings(draw_jobs(clip, tmp_path / "two"), progress=lambda done, _: told.append(done)))
    assert drawn == list(alone.drawings(draw_jobs(clip, tmp_path / "one")))
    assert len(sums(tmp_path / "one")) == 6
    assert sums(tmp_path / "one") == sums(tmp_path / "two")
    assert told == sorted(told)
    assert not whole, "the stretches travelled, not the file"
    assert not list(temporary.glob("deepmask*"))
    assert list(shared.drawings(draw_jobs(clip, tmp_path / "two"))) == drawn, "nothing is done twice"


def test_a_file_that_cannot_be_cut_travels_whole(nodes, clip, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.video.pieces._WORTH", 0.0)
    jobs = draw_jobs(clip, tmp_path / "two")[:2]
    list(workers_for(nodes[0]).drawings(jobs))
    list(alone.drawings([replace(job, path=tmp_path / "one" / job.path.name) for job in jobs]))
    assert sums(tmp_path / "one") == sums(tmp_path / "two")


def test_cancelling_leaves_nothing_on_the_nodes(nodes, clip, tmp_path):
    address, temporary = nodes

    def stop(done: float, message: str) -> None:
        if list(temporary.glob("deepmask-stretch-*")):
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(workers_for(address).drawings(draw_jobs(clip, tmp_path), progress=stop))
    assert not list(temporary.glob("deepmask*"))
    assert not list(tmp_path.glob(".*")), "and nothing half-written here"


def test_what_a_node_cannot_read_is_told_in_a_sentence(nodes, clip, tmp_path):
    clip.path.write_bytes(clip.path.read_bytes()[:2000])
    with pytest.raises(DeepmaskError, match=r"source\.mp4 is damaged"):
        list(workers_for(nodes[0]).drawings(draw_jobs(clip, tmp_path)[:2]))
    assert not list(nodes[1].glob("deepmask*"))


def test_machines_must_have_the_same_versions_and_the_engines(nodes, clip, tmp_path, monkeypatch):
    with pytest.raises(EngineMissing, match=r"On the machine .* of the cluster: .*'scrfd' lacks"):
        list(workers_for(nodes[0]).glimpses(look_jobs(clip, tmp_path, "scrfd")))
    monkeypatch.setattr(cluster, "_versions", lambda: {"deepmask": "9.9"})
    with pytest.raises(DeepmaskError, match=r"has deepmask \d.*, this one 9\.9; install the same"):
        list(workers_for(nodes[0]).drawings(draw_jobs(clip, tmp_path)))


def test_no_cluster_is_told_in_a_sentence(clip, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with pytest.raises(DeepmaskError, match=r"The Ray cluster 'nonsense' cannot be used .* 'ray start --head'"):
        list(workers_for("nonsense").drawings(draw_jobs(clip, tmp_path)))
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_only_what_nobody_uses_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "deepmask-stretch-left"
    (left / "kept").mkdir(parents=True)
    (left / "kept" / "0.mp4").write_bytes(b"masked")
    with cluster.own_folder() as used:
        cluster.sweep()
        assert used.is_dir()
        assert list(tmp_path.iterdir()) == [used]
    assert list(Path(tmp_path).iterdir()) == []
