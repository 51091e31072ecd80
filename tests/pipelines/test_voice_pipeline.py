"""Whose voice is heard when, what happens when an engine fails, and what the check calls the result.

The engines are small fakes here: what is asked is what the pipeline does with their answers.
"""

from dataclasses import replace

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import Cancelled, EngineFailed, InputError, MediaError, PlanError
from deepmask.media.sound import Sound
from deepmask.transcript import Phrase, Transcript
from deepmask.vault import Vault
from deepmask.voice_plan import VoiceDecision
from pipelines import voice
from pipelines.voice import VoiceOptions
from pipelines.voice.analysis import drawn_voice
from pipelines.voice.timeline import Turn, gate, mixed, turns

RATE = 8000
NOISE = (np.random.default_rng(1).uniform(-0.5, 0.5, (RATE * 4, 1))).astype(np.float32)
ANNA, BEN = Phrase("one two three", 0.5, 1.5, "anna"), Phrase("four five", 2.5, 3.5, "ben")


class Converter:
    """Plays a recording backwards, block by block."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def convert(self, sound, voice, *, strength="natural", secret, progress=None):
        self.strength, self.secret = strength, secret
        for block in sound.blocks(0.25):
            if self.error:
                raise self.error
            yield block[::-1] * np.float32(0.5)

    def pitch_hz(self, sound):
        return 150.0


class Transcriber:
    languages, tells_speakers = ("en",), True

    def __init__(self, *phrases: Phrase, hears_machines: bool = True) -> None:
        self.phrases, self.hears_machines = phrases, hears_machines

    def transcribe(self, sound, *, language=None, progress=None):
        return Transcript(self.phrases, "en")


class Synthesizer:
    """Hums for as long as it is asked to."""

    languages = ("en",)

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.said = failures, []

    def speak(self, text, voice, *, language="en", seconds=None, progress=None):
        if self.failures:
            self.failures -= 1
            raise EngineFailed("The synthesiser stumbled.")
        self.said.append(text)
        time = np.arange(round((seconds or 1.0) * 16000)) / 16000
        return np.sin(2 * np.pi * voice.pitch_hz * time).astype(np.float32), 16000


class Judge:
    same_above, hidden_below = 0.78, 0.72

    def __init__(self, similarity: float) -> None:
        self.similarity, self.asked = similarity, 0

    def embed(self, blocks, rate_hz):
        self.asked += 1
        s = self.similarity
        return np.array([1.0, 0.0] if self.asked % 2 else [s, np.sqrt(1 - s * s)], np.float32)


@pytest.fixture
def use(monkeypatch):
    """Replaces all engines by fakes."""

    def install(converter=None, transcriber=None, synthesizer=None, judge=None):
        made = {
            "voice_converter": converter or Converter(),
            "transcriber": transcriber or Transcriber(ANNA, BEN),
            "speech_synthesizer": synthesizer or Synthesizer(),
            "speaker_recognizer": judge,
        }
        rows = tuple(EngineSpec(kind, "fake", "nowhere:Fake", "", "") for kind, one in made.items() if one)
        monkeypatch.setattr(engines, "table", lambda: rows)
        monkeypatch.setattr(engines, "_instance", lambda row: made[row.kind])
        return made

    return install


@pytest.fixture
def source():
    return Sound.from_array(NOISE, RATE, "noise.wav")


def _samples(path):
    return Sound.open(path).samples()[:, 0]


def _rms(samples, start, end):
    return float(np.sqrt(np.mean(np.square(samples[round(start * RATE) : round(end * RATE)]))))


# ------------------------------------------------------------------------------------------------------------ timeline
def test_every_moment_belongs_to_somebody_and_pauses_are_shared():
    parts = turns((ANNA, BEN), 4.0, frozenset(), "nobody")
    assert parts == [Turn(0.0, 2.0, "anna"), Turn(2.0, 4.0, "ben")]
    assert turns((), 4.0, frozenset(), "nobody") == [Turn(0.0, 4.0, "nobody")]


def test_whoever_is_masked_has_the_pauses_and_what_is_said_at_once():
    parts = turns((ANNA, BEN), 4.0, frozenset({"anna"}), "nobody")
    assert parts == [Turn(0.0, 1.5, "anna"), Turn(1.5, 4.0, "ben")]
    both = (Phrase("a", 0.0, 3.0, "anna"), Phrase("b", 1.0, 2.0, "ben"))
    parts = turns(both, 4.0, frozenset({"anna"}), "nobody")
    assert [turn for turn in parts if turn.speaker == "ben"] == [Turn(1.0, 2.0, "ben")]


@pytest.mark.parametrize("count", [1, 7, 1000])
def test_gates_of_all_speakers_add_up_to_the_recording_whatever_the_blocks(count):
    parts = turns((ANNA, BEN), 4.0, frozenset(), "nobody")

    def cut():
        return iter(np.array_split(NOISE, count))

    both = np.concatenate(list(mixed([gate(cut(), RATE, parts, name) for name in ("anna", "ben")], 777)))
    assert both.shape == NOISE.shape
    changed = np.flatnonzero(np.abs(both - NOISE)[:, 0] > 1e-6) / RATE
    assert set(np.round(changed, 1)) == {2.0, 4.0}, "only the fades at the change of speakers and at the end"


# ------------------------------------------------------------------------------------------------------------- convert
def test_a_converted_recording_is_as_long_as_before_and_is_no_longer_the_original(use, source, tmp_path):
    made = use(judge=Judge(0.5))
    result = voice.mask(source, Vault(), tmp_path / "out.wav")
    assert len(_samples(result.path)) == len(NOISE)
    assert abs(np.corrcoef(_samples(result.path), NOISE[:, 0])[0, 1]) < 0.1
    finding = result.report.findings[0]
    assert (finding.verdict, finding.engine, finding.similarity, finding.pitch_hz) == ("hidden", "fake", 0.5, 150.0)
    assert result.report.safe
    secret = made["voice_converter"].secret
    voice.mask(source, Vault(), tmp_path / "again.wav")
    assert made["voice_converter"].secret != secret, "each recording has a secret of its own"


@pytest.mark.parametrize("own_hz", [60.0, 110.0, 150.0, 200.0, 400.0])
def test_a_voice_of_nobody_is_another_each_time_and_never_near_the_speakers(own_hz):
    drawn = [drawn_voice(own_hz).pitch_hz for _ in range(60)]
    assert min(abs(np.log(hz / own_hz)) for hz in drawn) > 0.14
    assert len(set(drawn)) > 30


def test_a_voice_that_cannot_be_converted_is_silent(use, source, tmp_path):
    use(converter=Converter(RuntimeError("boom")))
    result = voice.mask(source, Vault(), tmp_path / "out.wav")
    assert not _samples(result.path).any()
    assert result.report.findings[0].engine == "silence"
    assert "Silence instead of fake" in result.report.findings[0].note


@pytest.mark.parametrize(("similarity", "strength"), [(0.6, "natural"), (0.75, "strong"), (0.9, "strong")])
def test_a_voice_that_still_resembles_the_original_is_converted_strongly(use, source, tmp_path, similarity, strength):
    made = use(judge=Judge(similarity))
    found = voice.mask(source, Vault(), tmp_path / "out.wav").report.findings[0]
    assert made["voice_converter"].strength == strength
    assert ("Converted strongly" in found.note) == (strength == "strong")


def test_only_whoever_is_kept_is_heard_in_the_original(use, source, tmp_path):
    use()
    plan = voice.analyze(source, VoiceOptions(transcribe=True)).decided("ben", VoiceDecision("keep"))
    masked = voice.render(source, plan, Vault(), tmp_path / "out.wav")
    heard = _samples(tmp_path / "out.wav")
    anna, ben = slice(0, int(2.45 * RATE)), slice(int(2.6 * RATE), int(3.4 * RATE))
    assert np.abs(heard[ben] - NOISE[ben, 0]).max() < 1e-3, "kept to the last bit of 16"
    assert abs(np.corrcoef(heard[anna], NOISE[anna, 0])[0, 1]) < 0.1
    assert {o.speaker: o.engine for o in masked.outcomes} == {"anna": "fake", "ben": "none"}
    report = voice.check(source, masked.sound, plan, Vault(), masked.outcomes)
    assert [f.verdict for f in report.findings] == ["unmeasured", "kept"]


def test_a_cancelled_rendering_leaves_nothing(use, source, tmp_path):
    use(converter=Converter(Cancelled("Stopped.")))
    with pytest.raises(Cancelled):
        voice.mask(source, Vault(), tmp_path / "out.wav")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------------- respeak
RESPEAK = VoiceOptions(method="respeak")


def test_of_a_respoken_recording_nothing_remains(use, source, tmp_path):
    made = use()
    result = voice.mask(source, Vault(), tmp_path / "out.wav", RESPEAK)
    heard = _samples(result.path)
    assert made["speech_synthesizer"].said == ["one two three", "four five"]
    assert len(heard) == len(NOISE)
    assert _rms(heard, 0, 0.45) == _rms(heard, 1.6, 2.4) == 0.0, "silence between the phrases"
    assert _rms(heard, 0.5, 1.5) == pytest.approx(0.08, rel=0.1)
    assert result.report.findings[0].engine == "fake"


def test_corrected_words_are_spoken_and_removed_ones_are_not(use, source, tmp_path):
    made = use()
    plan = voice.analyze(source, RESPEAK).said(0, "seven").said(1, "")
    voice.render(source, plan, Vault(), tmp_path / "out.wav")
    assert made["speech_synthesizer"].said == ["seven"]
    assert _rms(_samples(tmp_path / "out.wav"), 2.4, 3.6) == 0.0


def test_a_phrase_is_tried_twice_and_then_everything_is_converted(use, source, tmp_path):
    made = use(synthesizer=Synthesizer(failures=1))
    assert voice.mask(source, Vault(), tmp_path / "once.wav", RESPEAK).report.findings[0].note == ""
    made = use(synthesizer=Synthesizer(failures=2))
    found = voice.mask(source, Vault(), tmp_path / "twice.wav", RESPEAK).report.findings[0]
    assert made["voice_converter"].strength == "strong"
    assert "instead of spoken anew" in found.note
    assert abs(np.corrcoef(_samples(tmp_path / "twice.wav"), NOISE[:, 0])[0, 1]) < 0.1


def test_a_stopped_rendering_goes_on_where_it_was(use, source, tmp_path, own_home):
    class Stops(Synthesizer):
        def speak(self, text, voice, **kwargs):
            if len(self.said) == 1:
                raise Cancelled("Stopped.")
            return super().speak(text, voice, **kwargs)

    first = use(synthesizer=Stops())["speech_synthesizer"]
    plan = voice.analyze(source, RESPEAK)
    with pytest.raises(Cancelled):
        voice.render(source, plan, Vault(), tmp_path / "out.wav")
    assert first.said == ["one two three"]
    second = use()["speech_synthesizer"]
    voice.render(source, plan, Vault(), tmp_path / "out.wav")
    assert second.said == ["four five"]
    assert not [path for path in (own_home / "unfinished").rglob("*") if path.is_file()]


def test_a_background_is_the_converted_recording(use, source, tmp_path):
    use()
    plan = voice.analyze(source, replace(RESPEAK, background="keep"))
    voice.render(source, plan, Vault(), tmp_path / "keep.wav")
    voice.render(source, replace(plan, background="duck"), Vault(), tmp_path / "duck.wav")
    keep, duck = _samples(tmp_path / "keep.wav"), _samples(tmp_path / "duck.wav")
    pause = slice(int(1.7 * RATE), int(2.3 * RATE))
    assert abs(np.corrcoef(keep[pause], NOISE[pause, 0])[0, 1]) < 0.1, "never the original"
    assert _rms(duck, 1.7, 2.3) == pytest.approx(0.25 * _rms(keep, 1.7, 2.3), rel=0.02)
    assert _rms(keep, 1.7, 2.3) > 0.05


def test_nothing_to_speak_is_one_sentence(use, source):
    use(transcriber=Transcriber())
    with pytest.raises(InputError, match="No speech was understood"):
        voice.analyze(source, RESPEAK)
    with pytest.raises(InputError, match="understands en, not 'fr'"):
        voice.analyze(source, replace(RESPEAK, language="fr"))


# --------------------------------------------------------------------------------------------------------------- check
@pytest.mark.parametrize(("similarity", "verdict"), [(0.9, "leak"), (0.75, "weak"), (0.6, "hidden")])
def test_the_judge_decides(use, source, tmp_path, similarity, verdict):
    use(judge=Judge(similarity))
    report = voice.mask(source, Vault(), tmp_path / "out.wav").report
    assert report.findings[0].verdict == verdict
    assert report.safe == (verdict == "hidden")


def test_an_unchanged_stretch_leaks_whatever_the_judge_says(use, source, tmp_path):
    use(judge=Judge(0.1))
    plan = voice.analyze(source)
    half = NOISE.copy()
    half[RATE:] = half[RATE:][::-1]
    report = voice.check(source, Sound.from_array(half, RATE), plan, Vault())
    assert report.findings[0].verdict == "leak"


def test_lost_words_are_told(use, source, tmp_path):
    use(transcriber=Transcriber(ANNA, BEN))
    plan = voice.analyze(source, RESPEAK)
    masked = voice.render(source, plan, Vault(), tmp_path / "out.wav")
    use(transcriber=Transcriber(replace(ANNA, text="one three")))
    report = voice.check(source, masked.sound, plan, Vault(), masked.outcomes)
    assert report.words_lost == pytest.approx(0.6)
    assert "60% of the words" in report.notes[0]


def test_words_are_counted_as_lost_only_by_a_recogniser_that_understands_the_synthesiser(use, source, tmp_path):
    use(transcriber=Transcriber(ANNA, BEN, hears_machines=False))
    report = voice.mask(source, Vault(), tmp_path / "out.wav", RESPEAK).report
    assert report.words_lost is None
    assert [(f.phrases, f.phrases_too_long) for f in report.findings] == [(1, 0), (1, 0)]


def test_phrases_that_run_into_the_next_are_counted(use, source, tmp_path):
    class Slow(Synthesizer):
        def speak(self, text, voice, *, seconds=None, **kwargs):
            return super().speak(text, voice, seconds=3 * seconds, **kwargs)

    use(synthesizer=Slow())
    findings = voice.mask(source, Vault(), tmp_path / "out.wav", RESPEAK).report.findings
    assert [(f.phrases, f.phrases_too_long) for f in findings] == [(1, 1), (1, 1)]


def test_another_recording_is_refused(use, source, tmp_path):
    use()
    plan = voice.analyze(source)
    other = Sound.from_array(NOISE[: RATE * 3].copy(), RATE, "other.wav")
    with pytest.raises(PlanError, match="another recording"):
        voice.render(other, plan, Vault(), tmp_path / "out.wav")
    with pytest.raises(InputError, match="lengths differ"):
        voice.check(source, other, plan, Vault())
    with pytest.raises(MediaError, match="no picture"):
        voice.render(source, plan, Vault(), tmp_path / "out.mp4")
