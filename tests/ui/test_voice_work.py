"""The verbs of the Voice tab on a session, without a browser; the engines are small fakes."""

import json
import shutil

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines import EngineSpec, Kind
from deepmask.errors import Cancelled, InputError, MediaError, PlanError
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.persona import Attributes, Gender, Persona
from deepmask.progress import silent
from deepmask.transcript import Phrase, Transcript
from deepmask.vault import Vault
from deepmask.voice import voice_of
from deepmask.voice_report import VoiceFinding, VoiceReport
from ui import wave
from ui.choices import EVERYBODY
from ui.panels import voice_view as view
from ui.session import Session
from ui.voice_work import ANONYMOUS, KEEP, VoiceWork, masked_name

RATE = 8000
ANNA, BEN = Phrase("one two", 0.5, 1.5, "anna", confidence=0.9), Phrase("<four>", 2.0, 2.5, "ben", confidence=0.2)


class Converter:
    def convert(self, sound, voice, *, strength="natural", secret, progress=None):
        for block in sound.blocks(0.5):
            yield block[::-1] * np.float32(0.5)

    def pitch_hz(self, sound):
        return 150.0


class Transcriber:
    languages, tells_speakers, hears_machines = ("en",), True, False

    def __init__(self):
        self.phrases, self.asked = (ANNA, BEN), 0

    def transcribe(self, sound, *, language=None, progress=None):
        self.asked += 1
        return Transcript(self.phrases, "en")


class Synthesizer:
    languages = ("en",)

    def __init__(self):
        self.said = []

    def speak(self, text, voice, *, language="en", seconds=None, progress=None):
        self.said.append((text, voice.pitch_hz))
        time = np.arange(round((seconds or 1.0) * RATE)) / RATE
        return np.sin(2 * np.pi * voice.pitch_hz * time).astype(np.float32), RATE


@pytest.fixture
def made(monkeypatch):
    made: dict[Kind, object] = {
        "voice_converter": Converter(),
        "transcriber": Transcriber(),
        "speech_synthesizer": Synthesizer(),
    }
    rows = tuple(EngineSpec(kind, "fake", "nowhere:Fake", "", "") for kind in made)
    monkeypatch.setattr(engines, "table", lambda: rows)
    monkeypatch.setattr(engines, "_instance", lambda row: made[row.kind])
    return made


@pytest.fixture
def vault(own_home):
    vault = Vault(own_home)
    people: list[tuple[str, Gender]] = [("Ben", "male"), ("Maya", "female")]
    for name, gender in people:
        blank = np.zeros((8, 8, 3), np.uint8)
        vault.add(Persona("", name, "painter", blank, attributes=Attributes(gender=gender)))
    return vault


@pytest.fixture
def work(vault, made):
    return VoiceWork(vault)


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Session(folder)


@pytest.fixture
def upload(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    path = folder / "talk.wav"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (RATE * 3, 1)).astype(np.float32)
    with SoundWriter(path, RATE, 1) as writer:
        writer.write(noise)
    return path


@pytest.fixture
def desk(work, session, upload):
    work.open(session, upload, "talk.wav", silent)
    return session.voice


def who(vault, name):
    return EVERYBODY + vault.persona(name).id


# ------------------------------------------------------------------------------------------------------------- uploads
def test_a_recording_moves_into_the_session_and_the_last_one_is_removed(work, session, upload, tmp_path):
    copy = tmp_path / "uploads" / "again.wav"
    shutil.copy(upload, copy)
    work.open(session, upload, "talk.wav", silent)
    first = session.voice.recording.path
    assert first.is_relative_to(session.folder)
    assert not upload.exists()
    assert session.voice.recording.before.path == first
    work.open(session, copy, "again.wav", silent)
    assert not first.exists()
    session.clear_voice()
    assert session.voice.recording is None
    assert not list(session.folder.rglob("*.wav"))


@pytest.mark.parametrize("data", [b"", b"RIFF", b"Dear Sir or Madam"])
def test_a_file_that_is_no_sound_is_refused_and_removed(work, session, tmp_path, data):
    path = tmp_path / "letter.wav"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"letter\.wav"):
        work.open(session, path, "letter.wav", silent)
    assert session.voice.recording is None
    assert not list(session.folder.rglob("letter*"))


def test_photos_that_are_cleared_leave_the_recording(desk, session):
    session.clear()
    assert desk.recording.path.is_file()
    assert desk.recording.before.path.is_file()


def test_opening_can_be_stopped(work, session, upload):
    def stopped(fraction, message):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        work.open(session, upload, "talk.wav", stopped)
    assert session.voice.recording is None


def test_what_a_browser_cannot_play_is_copied(work, session, tmp_path, upload):
    path = tmp_path / "uploads" / "tape.aiff"
    import soundfile

    soundfile.write(path, Sound.open(upload).samples(), RATE)
    work.open(session, path, "tape.aiff", silent)
    recording = session.voice.recording
    assert recording.before.path.suffix == ".mp3"
    assert masked_name(recording.sound) == "tape-masked.wav"


# ---------------------------------------------------------------------------------------------------------------- mask
def test_the_latest_persona_is_proposed_and_a_voice_of_nobody_without_any(work, session, desk, vault, tmp_path):
    assert work.known(session).who == who(vault, "Maya")
    work.mask(session, silent)
    assert desk.recording.report.findings[0].wanted == "Maya"
    assert VoiceWork(Vault(tmp_path / "empty")).known(Session(tmp_path)).who == ANONYMOUS


def test_a_change_makes_the_result_void_and_an_unchanged_choice_does_not(work, session, desk, vault):
    work.mask(session, silent)
    masked, version = desk.recording.masked, desk.recording.version
    assert masked.name == "talk-masked.wav"
    assert Sound.open(masked).measured.frames == RATE * 3
    work.decide(session)
    assert desk.recording.masked == masked
    work.set(session, strength="strong")
    assert desk.recording.masked is None
    assert desk.recording.version > version
    work.choose(session, who(vault, "Ben"))
    work.mask(session, silent)
    assert desk.recording.report.findings[0].wanted == "Ben"


def test_a_persona_that_was_removed_is_no_longer_chosen(work, session, desk, vault):
    work.choose(session, who(vault, "Ben"))
    vault.remove(vault.persona("Ben"))
    work.mask(session, silent)
    assert desk.recording.report.findings[0].wanted == "Maya"


def test_an_edit_during_the_work_is_not_lost(work, session, desk, made):
    work.set(session, method="respeak")
    work.listen(session, silent)
    edited = []

    def progress(fraction, message):
        if not edited and fraction > 0.3:
            edited.append(True)
            work.said(session, 0, "late")

    work.mask(session, progress)
    assert edited
    assert desk.recording.masked is not None
    assert "late" in [text for text, _ in made["speech_synthesizer"].said]
    assert desk.recording.plan.phrases[0].text == "late"


# --------------------------------------------------------------------------------------------------------------- words
def test_corrected_words_are_spoken_without_listening_again(work, session, desk, made):
    work.set(session, method="respeak")
    with pytest.raises(InputError, match="written down first"):
        work.mask(session, silent)
    work.listen(session, silent)
    work.mask(session, silent)
    work.said(session, 0, "  seven \n eight ")
    assert desk.recording.masked is None
    work.mask(session, silent)
    assert made["transcriber"].asked == 1
    assert [text for text, _ in made["speech_synthesizer"].said] == ["one two", "<four>", "seven eight", "<four>"]
    with pytest.raises(InputError, match="no longer"):
        work.said(session, 7, "x")


def test_nothing_understood_is_one_sentence(work, session, desk, made):
    made["transcriber"].phrases = ()
    with pytest.raises(InputError, match="convert the voice instead"):
        work.listen(session, silent)


def test_each_speaker_gets_a_decision(work, session, desk, vault, made):
    work.set(session, method="respeak")
    work.listen(session, silent)
    work.choose_one(session, "anna", KEEP)
    work.choose_one(session, "ben", who(vault, "Ben"))
    work.choose(session, ANONYMOUS)
    work.mask(session, silent)
    assert [(f.speaker, f.wanted) for f in desk.recording.report.findings] == [("anna", "keep"), ("ben", "Ben")]
    assert [text for text, _ in made["speech_synthesizer"].said] == ["<four>"]


def test_a_plan_is_saved_and_used_again(work, session, desk, vault, tmp_path, made):
    work.set(session, method="respeak", background="duck")
    work.listen(session, silent)
    work.said(session, 0, "kept")
    work.choose_one(session, "ben", KEEP)
    saved = tmp_path / "plan.json"
    shutil.copy(work.written(desk.recording, "-plan.json"), saved)
    plan, name = desk.recording.plan, who(vault, "Maya")
    desk.recording.changed(None)
    desk.options, desk.who, desk.others = type(desk.options)(), ANONYMOUS, {}
    work.take_plan(session, saved)
    assert desk.recording.plan == plan
    assert desk.who == name
    assert desk.options.background == "duck"
    assert made["transcriber"].asked == 1
    other = json.loads(saved.read_text()) | {"fingerprint": "0" * 64}
    saved.write_text(json.dumps(other))
    with pytest.raises(PlanError, match="another recording"):
        work.take_plan(session, saved)


def test_subtitles_and_report_are_files(work, session, desk):
    assert work.written(desk.recording, ".srt") is None
    work.set(session, method="respeak")
    work.listen(session, silent)
    work.mask(session, silent)
    assert "one two" in work.written(desk.recording, ".srt").read_text()
    assert work.written(desk.recording, ".vtt").name == "talk.vtt"
    assert json.loads(work.written(desk.recording, "-report.json").read_text())["safe"] is True


# ----------------------------------------------------------------------------------------------------- persona's voice
def test_a_voice_is_adjusted_heard_and_kept(work, session, desk, vault, made):
    work.mask(session, silent)
    work.tune(session, pitch_hz=99.0)
    assert voice_of(vault.persona("Maya")).pitch_hz != 99.0
    work.set(session, method="respeak")
    first = work.play_sample(session)
    assert made["speech_synthesizer"].said[-1][1] == 99.0
    second = work.play_sample(session)
    assert second.is_file()
    assert not first.exists(), "one sample is kept"
    assert work.keep_voice(session) == "Maya"
    assert voice_of(vault.persona("Maya")).pitch_hz == 99.0
    assert desk.recording.masked is None, "it was rendered with another voice"
    work.choose(session, ANONYMOUS)
    with pytest.raises(InputError, match="Choose a persona first"):
        work.tune(session, pitch_hz=120.0)


# ---------------------------------------------------------------------------------------------------------------- view
def test_the_page_shows_words_safely_and_marks_the_doubtful_ones(work, session, desk):
    work.set(session, method="respeak")
    work.listen(session, silent)
    shown = view.transcript(desk.recording.plan)
    assert "&lt;four&gt;" in shown
    assert shown.count("dm-unsure") == 1
    assert "Speaker 2" in shown
    assert "1 of 2 phrases are marked" in view.words_hint(desk.recording.plan)


def test_the_report_is_in_words():
    measured = VoiceFinding("anna", "Maya", "world", "weak", 0.75, 120.0, 200.0, 198.0)
    spoken = VoiceFinding("ben", "anonymous", "espeak", "unmeasured", phrases=7, phrases_too_long=2)
    told = view.report(VoiceReport("x.wav", (measured, spoken), "resemblyzer", words_lost=0.1))
    for words in ("Weak", "Maya. Pitch 198 Hz instead of 120.", "Likeness to the original 0.75", "10% of the words"):
        assert words in told
    for words in ("Not measured", "A voice of nobody.", "7 phrases spoken anew, 2 of them longer than their time"):
        assert words in told
    untold = view.report(VoiceReport("x.wav", (spoken,), None))
    assert "How far a voice is from the original was not measured" in untold


def test_a_wave_has_bars_of_the_loudness(upload):
    heights = wave.peaks(Sound.open(upload))
    assert len(heights) == wave.BARS
    assert max(heights) == 1.0
    loud = np.concatenate([np.zeros(RATE), np.ones(RATE)]).astype(np.float32)[:, None]
    heights = wave.peaks(Sound.from_array(loud, RATE))
    assert heights[0] == 0.0
    assert heights[-1] == 1.0
    assert wave.peaks(Sound.from_array(np.zeros((5, 1), np.float32), RATE)) == (0.0,)
    assert wave.shape(heights).startswith("data:image/svg+xml,")
