"""The endpoints for voices, through the server and the embedded engines."""

from pathlib import Path

import numpy as np
import pytest

from deepmask import engines
from deepmask.config import Settings
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.voice import Voice
from tests.ui.test_app import free_port
from ui.app import running


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A sentence by a machine with a low voice."""
    spoken, rate = engines.load("speech_synthesizer", "espeak").speak("Tell the others.", Voice(pitch_hz=105, seed=2))
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    with SoundWriter(path, rate, 1) as writer:
        writer.write(np.pad(spoken * np.float32(0.6), rate // 2)[:, None])
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("home")))
        with running(Settings(port=free_port())) as url:
            yield url


@pytest.fixture
def client(server, tmp_path):
    from gradio_client import Client

    return Client(server, verbose=False, download_files=str(tmp_path))


def test_a_recording_is_masked_with_the_voice_of_a_persona(client, talk):
    from gradio_client import handle_file

    client.predict("woman", 3, "illustrated", "Vera", api_name="/keep_persona")
    masked, report = client.predict(handle_file(str(talk)), "vera", "convert", "strong", api_name="/mask_voice")
    assert Path(masked).name == "talk-masked.wav"
    assert Sound.open(Path(masked)).measured.frames == Sound.open(talk).measured.frames
    finding = report["findings"][0]
    assert (finding["wanted"], finding["engine"]) == ("Vera", "world")
    assert finding["pitch_hz"] > 1.4 * finding["pitch_before_hz"]


def test_words_are_written_down_corrected_and_spoken(client, talk):
    from gradio_client import handle_file

    plan = client.predict(handle_file(str(talk)), "", "en", api_name="/transcribe_voice")
    assert plan["method"] == "respeak"
    plan["phrases"][0]["text"] = "Something else."
    masked, report = client.predict(handle_file(str(talk)), plan, api_name="/render_voice")
    assert Sound.open(Path(masked)).samples().any()
    assert report["findings"][0]["phrases"] == len(plan["phrases"])


def test_errors_are_one_sentence(client, talk, tmp_path):
    from gradio_client import handle_file

    text = tmp_path / "notes.wav"
    text.write_text("not a sound")
    with pytest.raises(Exception, match=r"notes\.wav"):
        client.predict(handle_file(str(text)), "", "convert", "natural", api_name="/mask_voice")
    with pytest.raises(Exception, match="no persona named 'Nobody'"):
        client.predict(handle_file(str(talk)), "Nobody", "convert", "natural", api_name="/mask_voice")
    with pytest.raises(Exception, match="not a Deepmask plan for a recording"):
        client.predict(handle_file(str(talk)), {"a": 1}, api_name="/render_voice")
    with pytest.raises(Exception, match="Give a recording"):
        client.predict(None, "", "en", api_name="/transcribe_voice")
