"""Errors become one calm sentence, and the page is shown as it is whatever happened."""

import gradio as gr
import pytest

from deepmask.errors import InputError
from ui.events import UNEXPECTED, guarded, progress_of, worker
from ui.session import Session


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


@pytest.fixture
def infos(monkeypatch):
    told = []
    monkeypatch.setattr(gr, "Info", lambda message, **kwargs: told.append(message))
    return told


def fail(error):
    def event(*args):
        raise error

    return event


def shown(session):
    return {"page": "shown"}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("Give a name."), "Give a name."),
        (ZeroDivisionError("secret detail"), UNEXPECTED),
        (InputError("There is no '<img src=x>'."), "There is no '&lt;img src=x&gt;'."),
    ],
)
def test_users_see_a_sentence_and_never_a_detail_of_ours(error, sentence):
    with pytest.raises(gr.Error) as seen:
        guarded(fail(error))()
    assert seen.value.message == sentence
    assert seen.value.__cause__ is None


def test_failed_work_still_shows_the_page_before_it_tells(session):
    steps = worker(shown)(fail(InputError("No.")))(session)
    assert next(steps) == {"page": "shown"}
    with pytest.raises(gr.Error, match=r"No\."):
        next(steps)


def test_what_an_event_returns_lies_on_top(session):
    steps = worker(shown)(lambda session: {"form": ""})(session)
    assert list(steps) == [{"page": "shown", "form": ""}]


def test_stopped_work_is_no_error(session, infos):
    def event(session):
        report = progress_of(session, lambda fraction, desc: None)
        report(0.1, "begun")
        session.stop()
        report(0.2, "never said")

    assert list(worker(shown)(event)(session)) == [{"page": "shown"}]
    assert infos == ["Stopped; what was finished before is kept."]


def test_a_page_that_cannot_be_shown_is_one_sentence_too(session):
    with pytest.raises(gr.Error, match="damaged"):
        list(worker(fail(InputError("The roster is damaged.")))(lambda session: None)(session))
