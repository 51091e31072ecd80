"""``deepmask video`` as a user types it. People are discs and the engines fakes that know them."""

import json
import os
import time

import numpy as np
import pytest

from deepmask import engines
from deepmask.media.clip import Clip
from deepmask.media.sound import Sound
from deepmask.persona import Attributes, Persona
from deepmask.vault import Vault
from pipelines import video
from tests.tiny.clips import make_clip
from tests.tiny.discs import MASKS, Discs, drawn
from tests.tiny.scenes import FINE, SIZE_WH, TICKS
from ui.cli import main

FRAMES = 12
RED, BLUE = (80, 90), (230, 150)


@pytest.fixture(autouse=True)
def discs(monkeypatch, own_home):
    """The engines of pictures; voices have the real ones."""
    fakes, real = Discs(), engines.load
    monkeypatch.setattr(
        engines, "load", lambda kind, name="auto": (fakes.load if kind.startswith("face") else real)(kind, name)
    )
    blank = np.full((8, 8, 3), 128, np.uint8)
    Vault(own_home).add(Persona("", "Maya", "painter", blank, attributes=Attributes(gender="female")))
    return fakes


@pytest.fixture(scope="module")
def reel(tmp_path_factory):
    """A video of two people with a sound track."""
    people = {"red": lambda n: RED, "blue": lambda n: BLUE}
    stamps = [TICKS * n for n in range(FRAMES)]
    return make_clip(
        tmp_path_factory.mktemp("reel") / "reel.mp4",
        stamps,
        size_wh=SIZE_WH,
        picture=lambda n: drawn(people, n),
        options=FINE,
        sounds=["eng"],
    )


@pytest.fixture
def film(reel, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(reel.read_bytes())
    return path


@pytest.fixture
def run(capfd):
    """The command; gives its exit code, stdout and stderr."""

    def run(*arguments):
        capfd.readouterr()
        here = () if arguments[0] in ("edit", "check", "clean") else ("--jobs", "1")
        code = main(["video", *map(str, arguments), *here])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


def colour(path, at, frame=FRAMES // 2):
    (picture,) = Clip.open(path).pictures(frame, frame + 1)
    x, y = at
    return picture.rgb[y, x].astype(int)


def is_mask(path, at, name):
    return np.abs(colour(path, at) - MASKS[name]).max() < 14


def test_a_video_is_masked_and_told(run, film, tmp_path):
    out, report = tmp_path / "out.mp4", tmp_path / "report.json"
    code, said, _ = run(film, "-o", out, "--report", report)
    assert code == 0
    assert "2 tracks of faces: 2 hidden" in said
    assert is_mask(out, RED, "pixelate")
    assert is_mask(out, BLUE, "pixelate")
    (entry,) = json.loads(report.read_text())
    assert entry["safe"]
    assert entry["output"] == str(out)
    assert entry["voice"] is None
    code, _, error = run(film, "-o", out)
    assert code == 2
    assert "--overwrite" in error


def test_everybody_gets_a_persona_and_its_voice_in_one_go(run, film, tmp_path):
    out = tmp_path / "out.mkv"
    code, said, error = run(film, "-o", out, "--persona", "maya", "--voice", "persona", "--json", "--allow-leaks")
    assert code in (0, 3), error
    (entry,) = json.loads(said)
    assert {f["wanted"] for f in entry["findings"]} == {"maya"}
    assert [f["wanted"] for f in entry["voice"]["findings"]] == ["Maya"]
    assert is_mask(out, RED, "painter")
    before, after = Sound.open(film), Sound.open(out)
    assert abs(before.measured.frames / before.rate_hz - after.measured.frames / after.rate_hz) < 0.2
    assert after.fingerprint != before.fingerprint


def test_words_are_spoken_anew_on_request(run, film, tmp_path):
    code, _, error = run(film, "-o", tmp_path / "out.mp4", "--voice", "anonymous", "--voice-method", "respeak")
    assert code == 2
    assert "No speech was understood in film.mp4" in error, "clicks are no words"


def test_a_voice_needs_somebody_whose_it_is(run, film, tmp_path):
    code, _, error = run(film, "-o", tmp_path / "out.mp4", "--voice", "persona")
    assert code == 2
    assert "--persona NAME" in error


def test_a_folder_is_a_queue_and_a_broken_file_does_not_stop_it(run, film, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.mp4", "sub/c.mp4"):
        (folder / name).write_bytes(film.read_bytes())
    (folder / "b.mp4").write_text("Dear Sir or Madam")
    code, said, error = run(folder, "-o", out)
    assert code == 2
    assert error.count("\n") == 1
    assert "b.mp4" in error
    rows = said.splitlines()
    assert rows[0].split()[:3] == ["video", "result", "hidden"]
    assert [row.split()[0] for row in rows[1:3]] == ["a.mp4", "c.mp4"]
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.mp4")) == ["a.mp4", "sub/c.mp4"]
    (out / "a.mp4").unlink()
    code, said, error = run(folder, "-o", out)
    assert (out / "a.mp4").exists()
    assert "c.mp4 exists already and stays as it is" in error


def test_a_plan_is_shown_edited_rendered_and_checked(run, film, tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "out.mp4"
    code, said, _ = run("plan", film, "-o", plan)
    assert code == 0
    assert "face-1" in said
    assert "face-2" in said
    assert "pixelate" in said
    code, said, error = run(
        "edit", plan, "--decide", "face-1=solid", "--decide", "face-2=persona:Maya", "--box", "2-6:10,180,60,230=vector"
    )
    assert code == 0, error
    assert "face-3" in said
    code, said, _ = run("render", film, "--plan", plan, "-o", out)
    assert code == 0
    assert is_mask(out, RED, "solid")
    assert is_mask(out, BLUE, "painter")
    assert is_mask(out, (35, 205), "vector")
    code, said, _ = run("check", film, out, "--plan", plan)
    assert code == 0
    assert "hidden" in said
    assert run("edit", plan, "--drop", "face-3", "--reach", "face-1=2-9", "--move", "face-2@3:200,120,260,180")[0] == 0
    tracks = {track["id"]: track for track in json.loads(plan.read_text())["tracks"]}
    assert "face-3" not in tracks
    assert [key[0] for key in tracks["face-1"]["keys"]][:: len(tracks["face-1"]["keys"]) - 1] == [2, 9]
    assert [3, 200.0, 120.0, 260.0, 180.0] in tracks["face-2"]["keys"]


def test_whole_people_are_covered_and_decided_one_by_one(run, film, tmp_path):
    plan = tmp_path / "plan.json"
    code, said, error = run("plan", film, "-o", plan, "--bodies", "silhouette")
    assert code == 0, error
    assert said.count("silhouette") == 3, "two faces, and whoever has none"
    code, said, _ = run("edit", plan, "--body", "face-1=keep", "--body", "face-2=pixelate", "--others", "keep")
    assert code == 0
    assert "silhouette" not in said
    assert [track["body"] for track in json.loads(plan.read_text())["tracks"]] == [None, "pixelate"]
    assert run("edit", plan, "--body", "face-1=remove")[0] == 2
    code, _, error = run(film, "-o", tmp_path / "out.mp4", "--bodies", "remove")
    assert (code, "removed and exchanged in photos only" in error) == (2, True)
    code, said, error = run(film, "-o", tmp_path / "out.mp4", "--bodies", "silhouette")
    assert code == 0, error
    assert "People covered from head to foot: 2 hidden." in said


def test_what_leaks_is_found_and_not_written(run, film, tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "out.mp4"
    run("plan", film, "-o", plan)
    run("edit", plan, "--drop", "face-2")
    code, said, error = run("render", film, "--plan", plan, "-o", out)
    assert code == 3
    assert not out.exists()
    assert "deepmask video edit" in error
    assert "leak in frames 0-" in said
    assert run("render", film, "--plan", plan, "-o", out, "--allow-leaks")[0] == 3
    assert out.exists()
    assert run("check", film, film, "--plan", plan)[0] == 3


@pytest.mark.parametrize(
    "edit",
    [
        ("--decide", "face-1=vanish"),
        ("--decide", "face-9=solid"),
        ("--decide", "face-1=persona:Nobody"),
        ("--box", "2-6:10,20,30=solid"),
        ("--box", "2-600:10,20,30,40=solid"),
        ("--reach", "face-1=9-2"),
    ],
    ids=" ".join,
)
def test_an_edit_that_makes_no_sense_changes_nothing(run, film, tmp_path, edit):
    plan = tmp_path / "plan.json"
    run("plan", film, "-o", plan)
    before = plan.read_text()
    code, _, error = run("edit", plan, *edit)
    assert code == 2
    assert "Traceback" not in error
    assert plan.read_text() == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--codec", "vp9"], None),
        (["--quality", "tiny"], "'tiny' is not one of better, good, small or a number"),
        (["--quality", "99"], "a number from 0 to 51"),
        (["--persona", "Nobody"], "no persona named 'Nobody'"),
        (["--roster"], "Nobody is enrolled"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_are_tried_before_the_work_begins(run, film, tmp_path, options, told, discs):
    code, _, error = run(film, "-o", tmp_path / "out.mp4", *options)
    assert (code, discs.finder.looks == 0) == ((0, False) if told is None else (2, True))
    assert told is None or told in error


def test_ctrl_c_loses_nothing_and_says_so(run, film, tmp_path, monkeypatch, own_home):
    out, real = tmp_path / "out.mp4", video.deliver

    def stopped(*arguments, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(video, "deliver", stopped)
        code, _, error = run(film, "-o", out)
    assert code == 130
    assert "the same command goes on where it was" in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4"]
    assert video.deliver is real
    assert run(film, "-o", out)[0] == 0


def test_what_is_kept_to_go_on_with_is_removed_on_request_and_after_a_week(run, film, tmp_path, own_home):
    run(film, "-o", tmp_path / "out.mp4")
    (kept,) = (own_home / "work").iterdir()
    assert list(kept.glob("*.mp4"))
    code, said, _ = run("clean")
    assert code == 0
    assert "MB removed" in said
    assert not list((own_home / "work").iterdir())
    run(film, "-o", tmp_path / "again.mp4")
    (kept,) = (own_home / "work").iterdir()
    old = own_home / "work" / "older"
    kept.rename(old)
    os.utime(old / "used", (time.time() - 8 * 86_400,) * 2)
    run(film, "-o", tmp_path / "third.mp4")
    assert [folder.name for folder in (own_home / "work").iterdir()] == [kept.name]
