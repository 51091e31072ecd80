"""A recording speaks with another voice, in a real browser: masked, played, its words corrected and spoken anew."""

from __future__ import annotations

import time

import numpy as np
import pytest

from deepmask import engines
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Attributes, Persona
from deepmask.voice import Voice, voice_of
from tests.ui.browser import needs_browser, opened


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A short sentence by a machine with a low voice."""
    text = "Please tell the others that the room has changed."
    spoken, rate = engines.load("speech_synthesizer", "espeak").speak(text, Voice(pitch_hz=105, seed=2))
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    with SoundWriter(path, rate, 1) as writer:
        writer.write(np.pad(spoken * np.float32(0.6), rate // 2)[:, None])
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            blank = np.zeros((64, 64, 3), np.uint8)
            page.vault.add(Persona("", "Maya", "painter", blank, attributes=Attributes(gender="female")))
            yield page


@pytest.fixture
def page(browser):
    browser.driver.get(browser.url)
    browser.tab("Voice")
    return browser


PLAYERS = "return [...document.querySelectorAll('#voice-players audio')]"


def durations(page, count: int, seconds: float = 20) -> list[float]:
    """How long the players' sounds last, once all are known."""
    end = time.monotonic() + seconds
    while True:
        found = page.driver.execute_script(f"{PLAYERS}.map(a => a.duration || 0)")
        if len(found) == count and all(found):
            return found
        assert time.monotonic() < end, f"the players' durations are {found}"
        time.sleep(0.1)


def choose_method(page, words: str) -> None:
    label = next(e for e in page.all("#method label") if e.text == words)
    page.driver.execute_script("arguments[0].querySelector('input').click()", label)


@needs_browser
def test_a_recording_is_masked_played_and_downloaded(page, talk):
    length = Sound.open(talk).seconds
    page.upload("#voice-drop", talk)
    assert durations(page, 1) == [pytest.approx(length, abs=0.05)]
    page.click("#mask-voice")
    page.find("#download-voice", 60)
    assert durations(page, 2) == [pytest.approx(length, abs=0.05)] * 2
    page.says("Masked: Maya")
    page.says("Voice by voice")
    assert "Pitch" in page.find("#voice-report").text

    page.driver.execute_script(f"{PLAYERS}.forEach(a => {{ a.muted = true }})")
    page.click(".dm-masked .dm-play button")
    end = time.monotonic() + 10
    while not page.driver.execute_script(f"{PLAYERS}[1].currentTime > 0.2"):
        assert time.monotonic() < end, "the result does not play"
        time.sleep(0.1)

    page.click("#download-voice")
    assert Sound.open(page.downloaded("talk-masked.wav")).seconds == pytest.approx(length, abs=0.05)
    assert page.foreign_requests() == set()
    page.click("#voice-start-over")
    page.find("#voice-drop")


@needs_browser
def test_corrected_words_are_spoken_anew(page, talk):
    page.upload("#voice-drop", talk)
    page.find("#mask-voice")
    choose_method(page, "Speak anew")
    page.click("#listen")
    words = page.all("[data-phrase]", 60)
    count = len(words)
    page.driver.execute_script("arguments[0].focus(); arguments[0].textContent = ''", words[0])
    words[0].send_keys("Hello {{name}} <b>everybody</b>")
    page.driver.execute_script("arguments[0].blur()", words[0])
    page.click("#mask-voice")
    page.find("#download-voice", 60)
    page.says(f"{count} phrase")
    page.says("spoken anew")
    durations(page, 2)
    assert page.all("[data-phrase]")[0].text == "Hello {{name}} <b>everybody</b>"
    page.click("#download-srt")
    assert "Hello {{name}} <b>everybody</b>" in page.downloaded("talk.srt").read_text()


@needs_browser
def test_a_personas_voice_is_heard_adjusted_and_kept(page, talk):
    page.upload("#voice-drop", talk)
    page.find("#mask-voice")
    page.open("Adjust Maya")
    page.find("#tune-pitch_hz input[type=number]")
    page.driver.execute_script(
        "const number = document.querySelector('#tune-pitch_hz input[type=number]'); number.focus();"
        "number.value = 151;"
        "number.dispatchEvent(new Event('input', { bubbles: true })); number.blur();"
    )
    page.find("#keep-voice")
    page.click("#play-sample")
    page.find("#voice-sample .dm-player", 60)
    page.click("#keep-voice")
    page.says("Maya has this voice from now on")
    assert voice_of(page.vault.persona("Maya")).pitch_hz == 151


@needs_browser
def test_what_is_no_sound_is_told_and_another_can_be_dropped(page, talk, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing of the kind")
    page.upload("#voice-drop", broken)
    assert "broken.wav" in page.find(".toast-body").text
    page.find("#voice-drop [data-testid='upload-text']")
    page.upload("#voice-drop", talk)
    page.find("#mask-voice")
