"""Work that can be watched: its states reach the page, it can be stopped, and it ends with the page."""

import threading
import time

import gradio as gr
import numpy as np
import pytest

from deepmask.errors import EngineFailed
from ui.live import live
from ui.session import Session


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


@pytest.fixture(autouse=True)
def infos(monkeypatch):
    told = []
    monkeypatch.setattr(gr, "Info", lambda message, **kwargs: told.append(message))
    return told


def watched(event):
    return live(lambda s: {"page": s.painting}, lambda s: {"faces": len(s.drafts)}, "frame")(event)


def test_previews_and_finished_pictures_are_shown_while_the_work_goes_on(session):
    def event(session, words, stage):
        for n in range(2):
            stage.progress(n / 2, f"<{words}> {n}")
            stage.preview(np.full((40, 60, 3), 90, np.uint8))
            time.sleep(0.3)
            session.drafts.append(object())
            stage.finished()
            time.sleep(0.3)
        return {"form": ""}

    states = list(watched(event)(session, "bald"))
    assert states[-1] == {"page": False, "form": ""}
    frames = [state["frame"] for state in states if "frame" in state]
    assert any("data:image/jpeg;base64," in frame for frame in frames)
    assert "&lt;bald&gt; 0" in frames[0]
    assert "width:50%" in frames[-1]
    assert [state["faces"] for state in states if "faces" in state] == [1, 2]


def test_stopping_is_told_and_shows_what_is_there(session, infos):
    started = threading.Event()

    def event(session, stage):
        while True:
            stage.progress(0.1, "Painting")
            started.set()
            time.sleep(0.02)

    steps = watched(event)(session)
    next(steps)
    assert session.painting
    assert started.wait(5)
    session.stop()
    *_, last = steps
    assert last == {"page": False}
    assert infos == ["Stopped; what was finished before is kept."]


def test_a_refusal_is_one_sentence_after_the_page_is_shown(session):
    def event(session, stage):
        raise EngineFailed("The picture was refused.")

    steps = watched(event)(session)
    shown = next(state for state in steps if "page" in state)
    assert shown == {"page": False}
    with pytest.raises(gr.Error, match=r"The picture was refused\."):
        next(steps)


def test_the_work_ends_with_the_page(session):
    ended = threading.Event()

    def event(session, stage):
        try:
            while True:
                stage.progress(0.1, "Painting")
                time.sleep(0.02)
        finally:
            ended.set()

    steps = watched(event)(session)
    next(steps)
    steps.close()
    assert ended.wait(5)
    assert not session.painting
