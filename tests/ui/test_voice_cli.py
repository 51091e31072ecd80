"""``deepmask voice`` as a user types it, with the embedded engines."""

import json

import numpy as np
import pytest

from deepmask import engines
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Attributes, Persona
from deepmask.vault import Vault
from deepmask.voice import Voice, voice_of
from ui.cli import main


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A sentence by a machine with a low voice."""
    spoken, rate = engines.load("speech_synthesizer", "espeak").speak("Tell the others.", Voice(pitch_hz=105, seed=2))
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    with SoundWriter(path, rate, 1) as writer:
        writer.write(np.pad(spoken * np.float32(0.6), rate // 2)[:, None])
    return path


@pytest.fixture(autouse=True)
def maya(own_home):
    blank = np.zeros((8, 8, 3), np.uint8)
    Vault(own_home).add(Persona("", "Maya", "painter", blank, attributes=Attributes(gender="female")))


@pytest.fixture
def run(capfd):
    """The command; gives its exit code and all it said."""

    def run(*arguments):
        code = main(["voice", *map(str, arguments)])
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


def test_a_recording_gets_the_voice_of_a_persona(run, talk, tmp_path):
    code, said = run(
        talk, "-o", tmp_path / "out.flac", "--persona", "maya", "--report", tmp_path / "r.json", "--allow-leaks"
    )
    assert code in (0, 3), said
    assert Sound.open(tmp_path / "out.flac").measured.frames == Sound.open(talk).measured.frames
    finding = json.loads((tmp_path / "r.json").read_text())["findings"][0]
    assert finding["wanted"] == "Maya"
    assert f"pitch {finding['pitch_before_hz']:.0f} → {finding['pitch_hz']:.0f} Hz" in said


def test_a_plan_is_edited_and_rendered(run, talk, tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "out.wav"
    engine = ("--transcriber", "sphinx", "--synthesizer", "espeak")
    code, said = run("plan", talk, "-o", plan, "--method", "respeak", "--subtitles", tmp_path / "talk.srt", *engine)
    assert code == 0, said
    assert "1 voice" in said
    edited = json.loads(plan.read_text())
    edited["phrases"][0]["text"] = "Something else"
    plan.write_text(json.dumps(edited))
    assert "spoken anew" in run("render", talk, "--plan", plan, "-o", out, "--allow-leaks")[1]
    assert Sound.open(out).samples().any()
    assert "speaker-1" in run("check", talk, out, "--plan", plan)[1]


def test_a_persona_is_heard_and_adjusted(run, own_home, tmp_path):
    code, said = run("persona", "maya", "--pitch", "150", "-o", tmp_path / "sample.wav")
    assert code == 0, said
    assert voice_of(Vault(own_home).persona("Maya")).pitch_hz == 150
    heard = engines.load("voice_converter", "world").pitch_hz(Sound.open(tmp_path / "sample.wav"))
    assert heard == pytest.approx(150, rel=0.1)
    assert run("persona", "maya", "--pitch", "900")[0] == 2


@pytest.mark.parametrize("name", ["missing.wav", "letter.wav"])
def test_bad_input_is_one_sentence(run, tmp_path, name):
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam")
    code, said = run(tmp_path / name, "-o", tmp_path / "out.wav")
    assert code == 2
    assert name in said
    assert not (tmp_path / "out.wav").exists()
