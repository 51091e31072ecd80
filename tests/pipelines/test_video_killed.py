"""A run that is killed without warning goes on when it is called again, and nobody can tell from the result."""

import os
import shutil
import signal
import subprocess
import sys

import av
import pytest

from tests.tiny.clips import make_clip
from tests.tiny.discs import drawn
from tests.tiny.scenes import FINE, SIZE_WH, TICKS

FRAMES = 32


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    def red(n):
        return 60 + 4.0 * n, 90 + 1.0 * n

    path = tmp_path_factory.mktemp("film") / "film.mp4"
    stamps = [TICKS * n for n in range(FRAMES)]
    return make_clip(
        path, stamps, size_wh=SIZE_WH, picture=lambda n: drawn({"red": red}, n), options=FINE, sounds=["eng"]
    )


def run(film, out, home, *kill):
    """Exit code, how often faces were looked for and masks drawn, whether the check was content."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.tiny.discs", str(film), str(out), *map(str, kill)],
        env=os.environ | {"DEEPMASK_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.split(), done.stderr


@pytest.fixture(scope="module")
def undisturbed(film, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    code, said, error = run(film, folder / "out.mp4", folder / "home")
    assert code == 0, error
    looks, masks, safe = said
    assert safe == "True"
    return folder, int(looks), int(masks)


def coded(path):
    """All that is seen and heard, as it is coded; the signature of the file is another each time."""
    with av.open(str(path)) as file:
        return [(packet.stream.index, packet.pts, bytes(packet)) for packet in file.demux() if packet.size]


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("Looking for faces", 20),
        ("Masking", 20),
        ("Joining the pictures and the sound", 5),
        ("Checking the result", 3),
    ],
    ids=["looking", "drawing", "joining", "checking"],
)
def test_a_killed_run_goes_on_and_the_result_is_the_same_to_the_bit(film, undisturbed, tmp_path, message, count):
    folder, looks, masks = undisturbed
    out, home = tmp_path / "out" / "film.mp4", tmp_path / "home"
    shutil.copytree(folder / "home" / "keys", home / "keys")  # tags are the same for the same key
    code, _, error = run(film, out, home, message, count)
    assert code == -signal.SIGKILL, error
    assert not out.exists(), "nothing half-written has the final name"
    code, said, error = run(film, out, home)
    assert code == 0, error
    assert coded(out) == coded(folder / "out.mp4")
    assert [path.name for path in out.parent.iterdir()] == ["film.mp4"]
    assert not [path.name for path in home.glob("work/*/.*")], "what was left unfinished is gone"
    assert int(said[0]) < looks
    if message != "Looking for faces":
        assert int(said[1]) < masks
