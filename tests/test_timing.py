"""Phrases end at pauses, and new speech finds its place in the time of the old."""

import numpy as np
import pytest

from deepmask.media.tempo import at_tempo
from deepmask.timing import fit, nearest, phrases_of, spare_times, trimmed
from deepmask.transcript import Phrase, Word


def words(*times: tuple[float, float]) -> list[Word]:
    return [Word(f"w{k}", start, end) for k, (start, end) in enumerate(times)]


def test_a_phrase_ends_at_a_pause():
    found = phrases_of(words((0, 0.4), (0.5, 1), (1.3, 1.8), (1.9, 2)), confidences=[1, 0.5, 0.2, 0.4])
    assert [(p.text, p.start_s, p.end_s) for p in found] == [("w0 w1", 0, 1), ("w2 w3", 1.3, 2)]
    assert [p.confidence for p in found] == pytest.approx([0.75, 0.3])
    assert phrases_of([]) == []


def test_long_phrases_are_cut_and_no_word_is_lost():
    spoken = words(*((0.3 * k, 0.3 * k + 0.28) for k in range(60)))
    found = phrases_of(spoken)
    assert all(1 < p.end_s - p.start_s <= 4.0 for p in found)
    assert [word for p in found for word in p.words] == spoken


def test_a_long_phrase_is_cut_where_the_speaker_hesitates():
    spoken = words((0, 1), (1, 2), (2, 2.5), (2.7, 3.5), (3.5, 4.4))
    assert [p.text for p in phrases_of(spoken)] == ["w0 w1 w2", "w3 w4"]


def test_one_endless_word_stays_one():
    assert len(phrases_of(words((0, 9)))) == 1


@pytest.mark.parametrize(
    ("spoken", "spare", "tempo", "seconds", "too_long"),
    [
        (2.0, 0.0, 1.0, 2.0, 0.0),
        (2.2, 0.0, 1.1, 2.0, 0.0),
        (1.0, 0.0, 0.8, 1.25, 0.0),  # shorter is no harm
        (3.0, 0.5, 1.25, 2.4, 0.0),  # borrows
        (3.0, 0.1, 1.25, 2.4, 0.3),  # and says what it could not
    ],
)
def test_speech_is_fitted_into_its_time(spoken, spare, tempo, seconds, too_long):
    found = fit(spoken, 2.0, spare)
    assert (found.tempo, found.seconds, found.too_long_s) == pytest.approx((tempo, seconds, too_long))


def test_spare_time_ends_when_anybody_speaks():
    phrases = [Phrase("a", 0, 1, "x"), Phrase("b", 1.5, 2, "y"), Phrase("c", 1.8, 3, "x")]
    assert spare_times(phrases, 4.0) == pytest.approx([0.42, 0, 0.92])


def test_the_nearest_of_several_attempts_is_taken():
    assert nearest([1.0, 2.2, 4.0], 2.0) == 1


def test_silence_is_trimmed():
    sound = np.zeros(16_000, np.float32)
    sound[4_000:8_000] = 0.5
    assert len(trimmed(sound, 16_000)) == 4_000 + 2 * 80
    assert len(trimmed(np.zeros(100, np.float32), 16_000)) == 0


@pytest.mark.parametrize("tempo", [0.8, 0.93, 1.0, 1.25])
def test_another_tempo_keeps_the_pitch(tempo):
    tone = np.sin(2 * np.pi * 200 * np.arange(32_000) / 16_000).astype(np.float32)
    changed = at_tempo(tone, 16_000, tempo)
    assert len(changed) == round(32_000 / tempo)
    spectrum = np.abs(np.fft.rfft(changed[:16_000]))
    assert abs(int(spectrum.argmax()) - 200) <= 2
    assert np.sqrt(np.mean(changed[-800:] ** 2)) > 0.4, "the end is not lost"
