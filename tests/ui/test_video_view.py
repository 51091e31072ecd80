"""What the Video tab shows: plain words, safe HTML, lanes that do not overlap."""

import itertools
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepmask.media.clip import Clip
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision, Match
from deepmask.roster import Roster
from deepmask.track import Key, Span, Track
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoFinding, VideoReport
from ui import pictures
from ui.choices import ROSTER, Known
from ui.panels import video_report
from ui.panels import video_view as view
from ui.panels.video_timeline import lanes, timeline
from ui.video_desk import Film, VideoDesk

FRAMES, FPS = 300, 10
EVIL = "<img src=x onerror=alert(1)>"


def track(id, first, last, decision="pixelate", **more):
    keys = (Key(first, (10.0, 10.0, 60.0, 70.0)), Key(last, (30.0, 10.0, 80.0, 70.0)))
    return Track(id, keys, Decision(decision), shown=(first,), **more)


@pytest.fixture
def roster():
    return Roster().enrolled(EVIL, [np.zeros(128, np.float32)], None)


@pytest.fixture
def known(roster):
    maya = Persona("maya", "Maya", "painter", np.zeros((8, 8, 3), np.uint8), attributes=Attributes())
    return Known((maya,), roster, ROSTER)


@pytest.fixture
def film(tmp_path, roster):
    person = roster.people[0].id
    tracks = (
        track("face-1", 0, 99, identity="confirmed", match=Match(person, 0.3, 0.2)),
        track(
            "face-2", 40, 199, identity="conflict", match=Match(person, 0.5, 0.0), doubts=(Span(40, 199, "conflict"),)
        ),
        track("face-3", 120, 129, doubts=(Span(120, 122, "edge"), Span(125, 127, "lost"))),
    )
    clip = Clip(
        "party.mp4", tmp_path / "party.mp4", (320, 240), FPS, False, 30.0, FRAMES, "h264", True, Fraction(1, FPS)
    )
    clip.__dict__["timeline"] = SimpleNamespace(pts=np.arange(FRAMES), damaged="")
    plan = VideoPlan("party.mp4", "f", (320, 240), FRAMES, 30.0, (0, 150), tracks)
    film = Film(tmp_path / "party.mp4", clip, plan=plan)
    for one in tracks:
        x1, y1, x2, y2 = (round(v) for v in one.box_at(one.first))
        pictures.write(np.zeros((8, 8, 3), np.uint8), tmp_path / f"face-{one.first}-{x1}-{y1}-{x2}-{y2}.jpg")
    pictures.write(np.zeros((8, 8, 3), np.uint8), tmp_path / "frame-50.jpg")
    return film


def values(film):
    return {track.id: track.decision.action for track in film.plan.tracks}


def test_the_gravest_doubts_come_first_and_in_plain_words(film):
    html = view.flags(film)
    assert html.index("looks like different people") < html.index("followed where no face was seen")
    assert html.index("followed where no face was seen") < html.index("cut by the frame&#x27;s edge")
    assert 'data-frame="119"' in html, "a click shows the middle of the span"


def test_nothing_in_doubt_shows_nothing(film):
    film.plan = film.plan.without("face-2").without("face-3")
    assert view.flags(film) == ""


def test_many_doubts_are_folded(film):
    spans = tuple(Span(n, n, "edge") for n in range(0, 40, 4))
    film.plan = film.plan.with_track(track("face-1", 0, 99, doubts=spans))
    assert "<details><summary>8 more</summary>" in view.flags(film)


def test_cards_say_when_who_how_sure_and_what(film, known):
    html = view.cards(film, VideoDesk(film), known, values(film), [("Pixelate", "pixelate"), ("Leave visible", "keep")])
    first, second, third = html.split("</article>")[:3]
    assert "0:00–0:10" in first
    assert "&lt;img src=x onerror=alert(1)&gt;</span>" in first
    assert "alert(1)&gt;?</span>" in second, "a question mark where samples disagree"
    assert "0:12–0:13" in third
    assert '<option value="pixelate" selected>' in third
    assert "Followed where no face was seen · cut by the frame&#x27;s edge." in third


def test_who_is_covered_from_head_to_foot_has_no_choice_of_faces(film, known):
    choices = [("Pixelate", "pixelate")]
    film.plan = film.plan.with_track(film.plan.track("face-2").with_body("silhouette"))
    first, second, *_ = view.cards(film, VideoDesk(film), known, values(film), choices).split("</article>")
    assert first.count("<select") == 2
    assert '<option value="body:keep" selected>' in first
    assert second.count("<select") == 1
    assert '<option value="body:silhouette" selected>' in second
    assert "covered from head to foot" in view.names(film, known, values(film))["face-2"]


def test_names_of_people_and_files_are_never_markup(film, known):
    film.path = Path(f"{film.path.parent}/{EVIL.replace('/', '')}.mp4")
    called = view.names(film, known, values(film))
    desk = VideoDesk(film, frame=50, selected="face-1")
    pages = [
        view.title(film), view.flags(film), view.viewer(film, desk, known, values(film)),
        view.cards(film, desk, known, values(film), [(EVIL, EVIL)]), timeline(film, 50, "face-1", called),
    ]  # fmt: skip
    assert all("<img src=x" not in page for page in pages)
    assert "onerror" in pages[2], "the name is there"


def test_the_viewer_has_a_box_for_everybody_in_the_frame_and_nobody_else(film, known):
    html = view.viewer(film, VideoDesk(film, frame=50, selected="face-2"), known, values(film))
    assert html.count('class="dm-box') == 2
    assert "2 · pixelated" in html, "the selected one is named in full"
    assert "0:05.00" in html
    assert "frame 51 of 300" in html


def test_strips_on_one_line_never_overlap():
    tracks = [track(f"face-{n}", 7 * n % 200, 7 * n % 200 + 30 + n) for n in range(40)]
    found = lanes(tracks, FRAMES)
    assert sorted(t.id for lane in found for t in lane) == sorted(t.id for t in tracks)
    for lane in found:
        assert all(a.last < b.first for a, b in itertools.pairwise(lane))
    together = max(sum(t.first <= f <= t.last + 4 for t in tracks) for f in range(FRAMES))
    assert len(found) <= together, "as few lines as possible"


def test_the_timeline_shows_decisions_doubts_cuts_and_the_frame(film, known):
    film.plan = film.plan.with_track(film.plan.track("face-1").decided(Decision("keep")))
    html = timeline(film, 150, "face-3", view.names(film, known, values(film)))
    assert "dm-strip-of dm-keep" in html
    assert "dm-strip-of dm-mask selected" in html
    assert html.count("dm-doubt") == 3
    assert html.count("dm-cut") == 1
    assert 'max="299" step="1" value="150"' in html
    assert ">0:10<" in html


def test_one_frame_has_a_timeline(film):
    one = Track("face-1", (Key(0, (10.0, 10.0, 60.0, 70.0)),), Decision("solid"))
    film.plan = VideoPlan("x", "f", (320, 240), 1, 0.1, (0,), (one,))
    assert "dm-strip-of" in timeline(film, 0, None, {"face-1": "1"})


def test_the_report_names_masks_in_plain_words_and_leads_to_what_leaks(film, known):
    findings = (
        VideoFinding("face-1", "maya", "hidden", 100, {"painter": 100}, 0.81),
        VideoFinding("face-2", "maya", "leak", 160, {"painter": 120, "pixelate": 40}, 0.31, ((60, 80),),
                     "Plainer masks were used, because painter finds no face mesh."),
        VideoFinding("face-3", "keep", "kept", 10),
    )  # fmt: skip
    film.report = VideoReport("party.mp4", FRAMES, 50, findings, ("dlib",), ("colours were brought to sRGB",))
    html = video_report.report(film, known)
    assert html.index("Recognisable") < html.index("Hidden"), "what needs attention comes first"
    assert "Maya: the persona painted in this pose and light in 120 frames" in html
    assert "because the painter finds no face mesh" in html
    assert 'data-frame="60" data-at="6.000"' in html
    assert "0:06–0:08" in html
    assert "Colours were brought to sRGB." in html
    assert "plainer mask" in video_report.summary(film.report)
    assert not video_report.misses_any(film.report)


def test_a_video_without_faces_is_no_success(film):
    report = VideoReport("party.mp4", FRAMES, 50, (), ("dlib",))
    assert "dm-info" in video_report.summary(report)


def test_a_face_that_was_missed_can_be_covered(film, known):
    missed = VideoFinding("extra-1", "nothing", "leak", 4, {}, None, ((8, 11),), "", (1.0, 1.0, 9.0, 9.0))
    film.report = VideoReport("party.mp4", FRAMES, 50, (missed,), ("dlib",))
    assert "Cover what was missed" in video_report.summary(film.report)
    assert "Another face was found in the masked video" in video_report.report(film, known)
    assert "data-review" not in video_report.report(film, known), "there is no track to be reviewed yet"
