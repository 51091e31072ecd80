"""Work that is shared out gives the same film to the bit, and leaves nothing behind however it ends."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from deepmask.area import Area
from deepmask.errors import Cancelled, DeepmaskError, EngineMissing, InputError, MediaError
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.plan import Decision
from deepmask.track import Key, Track
from pipelines.video import cores
from pipelines.video.cores import Cores, affordable
from pipelines.video.figures import Figure
from pipelines.video.outlining import Shape
from pipelines.video.pieces import Cutter
from pipelines.video.preparing import Mask, Rung
from pipelines.video.sharing import DrawJob, LookJob, OutlineJob, alone, workers_for
from tests.tiny.clips import SIZE_WH, even, make_clip, number_of, uneven

FRAMES = 45
LENGTH = 15
"""Frames of a stretch."""


def noisy(number: int) -> np.ndarray:
    """A picture whose code is large."""
    return np.random.default_rng(number).integers(0, 255, (SIZE_WH[1], SIZE_WH[0], 3), dtype=np.uint8)


@pytest.fixture
def clip(tmp_path) -> Clip:
    return Clip.open(make_clip(tmp_path / "source.mp4", uneven(FRAMES)))


def draw_jobs(clip: Clip, folder: Path) -> list[DrawJob]:
    """Something black that moves through the whole film."""
    keys = (Key(0, (10, 10, 40, 40)), Key(len(clip.timeline) - 1, (50, 20, 80, 50)))
    masks = (Mask(Track("face-1", keys, Decision("solid")), None, (Rung("solid"),)),)
    return [
        DrawJob(
            clip, masks, Look(), start, min(start + LENGTH, len(clip.timeline)), Encoding(), folder / f"{start}.mp4"
        )
        for start in range(0, len(clip.timeline), LENGTH)
    ]


def look_jobs(clip: Clip, folder: Path, finder: str = "frames") -> list[LookJob]:
    return [
        LookJob(clip, start, min(start + LENGTH, len(clip.timeline)), finder, 5, folder / f"{start}.npz")
        for start in range(0, len(clip.timeline), LENGTH)
    ]


def sums(folder: Path) -> dict[str, str]:
    """What lies in a folder of segments."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.mp4"))}


def children() -> set[int]:
    """Processes that do stretches for this one, or did for one that is gone."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
            ours = str(os.environ["DEEPMASK_HOME"]).encode() in (place / "environ").read_bytes()
        except OSError:
            continue
        if b"pipelines.video.serving" in words and ours:
            found.add(int(place.name))
    return found


def eventually(happened) -> bool:
    end = time.monotonic() + 60
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(happened())


def test_several_processes_draw_the_same_bits_as_one(clip, tmp_path):
    told: list[float] = []
    one = list(alone.drawings(draw_jobs(clip, tmp_path / "one")))
    two = list(Cores(2).drawings(draw_jobs(clip, tmp_path / "two"), progress=lambda done, _: told.append(done)))
    assert len(sums(tmp_path / "one")) == 3
    assert sums(tmp_path / "one") == sums(tmp_path / "two")
    assert [drawn.start for drawn in two] == [0, 15, 30], "in their order, whoever is ready first"
    assert one == two
    assert told == sorted(told), "progress never goes back"
    assert told[0] == 0
    assert not children()


def test_several_processes_cover_the_same_people_as_one(clip, tmp_path):
    def jobs(folder: Path) -> list[DrawJob]:
        there = [
            replace(job, figures=(part,))
            for job in draw_jobs(clip, folder)
            if (part := somebody().within(job.start, job.stop)) is not None
        ]
        return [*there, *draw_jobs(clip, folder / "nobody")[:1]]

    one, two = list(alone.drawings(jobs(tmp_path / "one"))), list(Cores(2).drawings(jobs(tmp_path / "two")))
    assert one == two
    assert all(drawn.engines["body/others"]["silhouette"] == LENGTH for drawn in one[:3])
    assert sums(tmp_path / "one") == sums(tmp_path / "two")
    assert sums(tmp_path / "one")["0.mp4"] != sums(tmp_path / "one" / "nobody")["0.mp4"]


def somebody() -> Figure:
    """Somebody who is looked at in every tenth frame."""
    walking = {n: Area.of_box((10 + n, 20, 40 + n, 60), SIZE_WH) for n in range(0, FRAMES, 10)}
    shapes = {n: Shape.of(area, None, 0.9, (90, 90, 90)) for n, area in walking.items()}
    return Figure(shapes, frozenset(), "silhouette", 0, FRAMES - 1, (90, 90, 90), 35.0)


def outline_jobs(clip: Clip, folder: Path) -> list[OutlineJob]:
    return [
        OutlineJob(
            clip, start, start + LENGTH, {start: True, start + 5: False}, (), "poses", folder / f"{start}.people.npz"
        )
        for start in range(0, FRAMES, LENGTH)
    ]


def test_several_processes_see_the_same_as_one(clip, tmp_path):
    one = list(alone.glimpses(look_jobs(clip, tmp_path / "one")))
    two = list(Cores(3).glimpses(look_jobs(clip, tmp_path / "two")))
    assert one == two
    assert [glimpse.start for glimpse in two] == [0, 15, 30]
    people = [
        list(workers.outlines(outline_jobs(clip, tmp_path / name))) for workers, name in ((alone, "a"), (Cores(2), "b"))
    ]
    assert people[0] == people[1]
    assert [sorted(shapes) for shapes in people[0]] == [[0, 5], [15, 20], [30, 35]]


def test_what_is_done_already_is_not_done_again(clip, tmp_path, monkeypatch):
    first = list(alone.drawings(draw_jobs(clip, tmp_path)))
    monkeypatch.setattr(cores, "_Crew", None)
    assert list(Cores(2).drawings(draw_jobs(clip, tmp_path))) == first
    assert list(Cores(2).drawings([])) == []
    (tmp_path / "15.mp4").unlink()
    assert list(Cores(2).drawings(draw_jobs(clip, tmp_path))) == first, "one stretch is done without further processes"


def test_an_error_of_a_process_is_the_error_of_all(clip, tmp_path):
    clip.path.write_bytes(b"")
    with pytest.raises(MediaError, match=r"source\.mp4 is empty"):
        list(Cores(2).drawings(draw_jobs(clip, tmp_path)))
    assert not children()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
class TestProcesses:
    def test_cancelling_ends_them_at_once(self, clip, tmp_path):
        began = False

        def stop_when_they_work(done: float, message: str) -> None:
            nonlocal began
            began = began or len(children()) == 2
            if began:
                raise Cancelled("Stopped.")

        with pytest.raises(Cancelled):
            list(Cores(2).drawings(draw_jobs(clip, tmp_path), progress=stop_when_they_work))
        assert not children()

    def test_who_stops_listening_ends_them(self, clip, tmp_path):
        drawings = Cores(2).drawings(draw_jobs(clip, tmp_path))
        next(drawings)
        assert children()
        drawings.close()  # type: ignore[attr-defined]
        assert not children()

    def test_a_process_that_dies_is_replaced(self, clip, tmp_path):
        killed: set[int] = set()

        def kill_one(done: float, message: str) -> None:
            if not killed and (here := children()):
                killed.add(victim := min(here))
                os.kill(victim, signal.SIGKILL)

        list(alone.drawings(draw_jobs(clip, tmp_path / "one")))
        list(Cores(2).drawings(draw_jobs(clip, tmp_path / "two"), progress=kill_one))
        assert killed
        assert sums(tmp_path / "one") == sums(tmp_path / "two")

    def test_one_that_dies_twice_is_told_in_a_sentence(self, clip, tmp_path):
        def kill_all(done: float, message: str) -> None:
            for process in children():
                os.kill(process, signal.SIGKILL)

        with pytest.raises(DeepmaskError, match=r"frames \d+ to \d+ died twice .* try again with one worker"):
            list(Cores(2).drawings(draw_jobs(clip, tmp_path), progress=kill_all))
        assert not children()

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda how: how.name)
    def test_they_do_not_outlive_their_parent(self, clip, tmp_path, how):
        code = f"""
import pickle, sys
from pipelines.video.cores import Cores
list(Cores(2).drawings(pickle.load(open({str(tmp_path / "jobs")!r}, "rb"))))
"""
        (tmp_path / "jobs").write_bytes(pickle.dumps(draw_jobs(clip, tmp_path / "out") * 50))
        parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, cwd=tmp_path)
        assert eventually(lambda: len(children()) == 2)
        parent.send_signal(how)
        parent.communicate()
        assert eventually(lambda: not children())


def test_who_does_the_work_is_chosen_by_two_options(monkeypatch):
    assert workers_for(None, 1) is alone
    assert isinstance(workers_for(None, 2), Cores)
    assert isinstance(workers_for(), Cores)
    with pytest.raises(InputError, match="At least 1"):
        workers_for(None, 0)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineMissing, match=r"pip install 'deepmask\[cluster\]'"):
        workers_for("auto")


def test_no_more_processes_are_started_than_memory_allows(clip, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    monkeypatch.setattr(cores, "_free_bytes", lambda: 4 * cores.memory_bytes(clip))
    assert affordable(clip) == 2
    monkeypatch.setattr(cores, "_free_bytes", lambda: 10)
    assert affordable(clip) == 1
    monkeypatch.setattr(cores, "_free_bytes", lambda: None)
    assert affordable(clip) == 64


# -- pieces of files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec", "cut"),
    [
        ("a.mp4", "libx264", True),
        ("a.mov", "libx265", True),
        ("a.mkv", "libx264", True),
        ("a.webm", "libvpx-vp9", True),
        ("a.ts", "libx264", None),
        ("a.mpg", "mpeg2video", False),
    ],
)
def test_a_piece_decodes_to_the_same_bits(tmp_path, monkeypatch, name, codec, cut):
    for slack in ("_HEAD_BYTES", "_SLACK_BYTES"):
        monkeypatch.setattr(f"pipelines.video.pieces.{slack}", 40_000)
    options = {
        "libx265": {"x265-params": "log-level=none:keyint=12", "crf": "10"},
        "libvpx-vp9": {"g": "12", "b": "2000000", "deadline": "realtime", "cpu-used": "8"},
    }.get(codec, {"g": "12", "bf": "2", "qmin": "1", "qmax": "4"})
    if codec == "mpeg2video":  # knows ordinary frame rates only
        path = make_clip(tmp_path / name, range(240), codec=codec, picture=noisy, time_base=Fraction(1, 30))
    else:
        path = make_clip(tmp_path / name, even(240), codec=codec, picture=noisy, options=options)
    clip = Clip.open(path)
    whole = [picture.rgb for picture in clip.pictures(108, 130)]
    piece = Cutter(clip).piece([108, 120], 130)
    if cut is not None:
        assert (piece is not None) == cut
    if piece is None:
        return
    assert len(piece) < 0.7 * path.stat().st_size
    path.rename(tmp_path / "away")
    with piece.placed(tmp_path / name) as placed:
        assert placed.stat().st_size == (tmp_path / "away").stat().st_size
        found = list(clip.at(placed).pictures(108, 130))
    assert [picture.index for picture in found] == list(range(108, 130))
    assert all(np.array_equal(picture.rgb, rgb) for picture, rgb in zip(found, whole, strict=True))
    assert not os.path.lexists(placed)


def test_small_files_travel_whole(clip, tmp_path):
    cutter = Cutter(clip)
    assert cutter.piece([0], 15) is None
    with cutter.whole().placed(tmp_path / "there.mp4") as placed:
        assert placed.read_bytes() == clip.path.read_bytes()
        assert [number_of(p.rgb) for p in clip.at(placed).pictures(20, 23)] == [20, 21, 22]
