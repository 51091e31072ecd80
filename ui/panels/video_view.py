"""What the Video tab shows of a session: HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from deepmask.media.clip_formats import ANIMATION_SUFFIXES
from deepmask.track import Span, Track
from ui import video_frames
from ui.choices import EVERYBODY, ROSTER, STARTER, Choice, Known, in_words
from ui.panels.shared import note
from ui.panels.video_timeline import DOUBTS, colour
from ui.panels.voice_view import clock
from ui.theme import ASSETS
from ui.video_desk import Film, VideoDesk
from ui.video_work import BODY

SCRIPT = (ASSETS / "video.js").read_text("utf-8")
"""Behaviour of all that is made here; each part of the page runs it for itself."""
_SHOWN_FLAGS = 6
_GRAVEST = list(DOUBTS)
_BODY_WORDS = {"keep": "Body stays", "silhouette": "Becomes a silhouette", "pixelate": "Pixelated from head to foot"}
_NO_PICTURE = '<p class="dm-sorry">This browser cannot play it; download it instead.</p>'


def title(film: Film) -> str:
    """Name, length, size and how many faces."""
    clip, plan = film.clip, film.plan
    seconds = plan.seconds if plan is not None else clip.seconds
    facts = [clock(seconds), f"{clip.size_wh[0]} × {clip.size_wh[1]}", f"{clip.fps:.3g} fps"]
    if plan is not None:
        count = len(plan.tracks)
        facts.append({0: "no face found", 1: "1 face"}.get(count, f"{count} faces"))
    return f"<strong>{escape(film.path.name)}</strong><span>{' · '.join(facts)}</span>"


def hint(film: Film, desk: VideoDesk, unrecognised: str) -> str:
    """What the next click does, or what should be known of the file."""
    if desk.pointing == "":
        return note("Draw a box over the face: press and drag, or click on two opposite corners.")
    if desk.pointing is not None:
        return note("Draw the box where the face is in this frame; between frames it moves in a straight line.")
    if film.clip.damaged:
        return note(_sentence(f"This file is damaged: {film.clip.damaged}"), "warn")
    if film.plan is not None and not film.plan.tracks:
        return note("No face was found. If there is one, go to a frame that shows it and add it by hand.")
    return note(unrecognised)


def names(film: Film, known: Known, values: dict[str, str]) -> dict[str, str]:
    """What each track is called on the page: its number, who it is, what happens to it."""
    tracks = film.plan.tracks if film.plan is not None else ()
    return {t.id: f"{n} · {_called(t, known)}{future(t, known, values)}" for n, t in enumerate(tracks, 1)}


def future(track: Track, known: Known, values: dict[str, str]) -> str:
    """What will happen to a track, in words."""
    if track.body is not None:
        return "is covered from head to foot"
    return "becomes a new persona" if values[track.id] == STARTER else in_words(track.decision, known.names)


def _called(track: Track, known: Known) -> str:
    person = person_of(track, known)
    return f"{person} " if person and track.identity == "confirmed" else ""


def person_of(track: Track, known: Known) -> str | None:
    """Name of the enrolled person it is, or may be."""
    return known.people.get(track.match.person) if track.match is not None else None


# ------------------------------------------------------------------------------------------------------- what to see
def flags(film: Film) -> str:
    """The spans somebody should look at, the gravest first."""
    tracks = film.plan.tracks if film.plan is not None else ()
    found = [(span, n, track) for n, track in enumerate(tracks, 1) for span in track.doubts]
    if not found:
        return ""
    found.sort(key=lambda one: (_GRAVEST.index(one[0].doubt), one[0].first))
    items = [_flag(film, span, n, track) for span, n, track in found]
    more = ""
    if len(items) > _SHOWN_FLAGS:
        rest = items[_SHOWN_FLAGS - 1 :]
        items = items[: _SHOWN_FLAGS - 1]
        more = f"<details><summary>{len(rest)} more</summary><ul>{''.join(rest)}</ul></details>"
    return f'<div class="dm-flags"><h3>Look here first</h3><ul>{"".join(items)}</ul>{more}</div>'


def _flag(film: Film, span: Span, number: int, track: Track) -> str:
    middle = (span.first + span.last) // 2
    return (
        f'<li><button type="button" data-track="{escape(track.id)}" data-frame="{middle}"><b>{number}</b>'
        f"<span>{escape(DOUBTS[span.doubt])}</span><time>{_range(film, span.first, span.last)}</time></button></li>"
    )


def viewer(film: Film, desk: VideoDesk, known: Known, values: dict[str, str]) -> str:
    """The frame that is shown, with a box over every face in it."""
    width, height = film.clip.size_wh
    path = video_frames.frame(film, desk.frame)
    frames = film.plan.frames if film.plan is not None else film.clip.frames
    numbered = list(enumerate(film.plan.tracks, 1)) if film.plan is not None else []
    boxes = "".join(
        _box(n, t, box, (width, height), t.id == desk.selected, names(film, known, values)[t.id])
        for n, t in numbered
        if (box := t.box_at(desk.frame)) is not None
    )
    picture = f'<img src="{_address(path)}" alt="" draggable="false">' if path else "<p>This frame is damaged.</p>"
    kind = " dm-pointing" if desk.pointing is not None else ""
    return (
        f'<figure class="dm-viewer{kind}" data-size="{width},{height}" '
        f'style="--ratio:{width / height:.5f}"><div class="dm-still">{picture}{boxes}</div>'
        f"<figcaption><time>{stamp(film.seconds(desk.frame))}</time><span>frame {desk.frame + 1} of {frames}</span>"
        "</figcaption></figure>"
    )


def _box(number: int, track: Track, box: Sequence[float], size_wh: tuple[int, int], selected: bool, name: str) -> str:
    (x1, y1, x2, y2), (w, h) = box, size_wh
    left, top = max(x1, 0) / w, max(y1, 0) / h
    wide, high = min(x2, w) / w - left, min(y2, h) / h - top
    places = ("dm-low" if top < 0.06 else "", "dm-right" if left > 0.75 else "", "selected" if selected else "")
    return (
        f'<button type="button" class="dm-box dm-{colour(track.decision)} {" ".join(filter(None, places))}" '
        f'data-track="{escape(track.id)}" aria-label="{escape(name)}" '
        f'style="left:{left:.3%};top:{top:.3%};width:{wide:.3%};height:{high:.3%}">'
        f"<span>{escape(name) if selected else number}</span></button>"
    )


def cards(film: Film, desk: VideoDesk, known: Known, values: dict[str, str], choices: Sequence[Choice]) -> str:
    """One card for each track: its best faces, when it is seen, who it is, and what happens to it."""
    tracks = film.plan.tracks if film.plan is not None else ()
    bodies = film.plan is not None and film.plan.covers_bodies
    items = "".join(
        _card(film, n, track, track.id == desk.selected, known, values[track.id], choices, bodies)
        for n, track in enumerate(tracks, 1)
    )
    return f'<div class="dm-cards">{items}</div>' if items else ""


def _card(
    film: Film,
    number: int,
    track: Track,
    selected: bool,
    known: Known,
    value: str,
    choices: Sequence[Choice],
    bodies: bool,
) -> str:
    cuts = video_frames.cuts(film, track)
    faces = "".join(
        f'<button type="button" data-track="{escape(track.id)}" data-frame="{frame}" '
        f'aria-label="Show face {number} at {clock(film.seconds(frame))}"><img src="{_address(path)}" alt=""></button>'
        for frame, path in cuts
    )
    options = "".join(
        f'<option value="{escape(one)}"{" selected" if one == value else ""}>{escape(words)}</option>'
        for words, one in choices
    )
    kinds = {span.doubt for span in track.doubts}
    doubts = " · ".join(words for doubt, words in DOUBTS.items() if doubt in kinds)
    return (
        f'<article class="dm-track dm-{colour(track.decision)}{" selected" if selected else ""}" '
        f'data-track="{escape(track.id)}"><div class="dm-cuts">{faces}</div><div class="dm-about"><p><b>{number}</b>'
        f"<time>{_range(film, track.first, track.last)}</time>{_who(track, known)}</p>"
        f"{_face(track, number, options) if track.body is None else ''}{_body(track, number) if bodies else ''}"
        f"{f'<small>{escape(_sentence(doubts))}</small>' if doubts else ''}</div></article>"
    )


def _face(track: Track, number: int, options: str) -> str:
    """What happens to the face."""
    return f'<select data-decide="{escape(track.id)}" aria-label="Face {number}">{options}</select>'


def _body(track: Track, number: int) -> str:
    """What happens to the whole person."""
    options = "".join(
        f'<option value="{BODY}{value}"{" selected" if value == (track.body or "keep") else ""}>{words}</option>'
        for value, words in _BODY_WORDS.items()
    )
    return f'<select data-decide="{escape(track.id)}" aria-label="Body of face {number}">{options}</select>'


def _who(track: Track, known: Known) -> str:
    """Who it is, and how sure that is."""
    person = person_of(track, known)
    if track.identity == "confirmed" and person:
        return f'<span class="dm-chip dm-hidden">{escape(person)}</span>'
    if track.identity == "conflict":
        who = f"{escape(person)}?" if person else "Not sure"
        return f'<span class="dm-chip dm-weak">{who}</span>'
    if track.identity == "unknown" or not known.roster.people:
        return ""
    return '<span class="dm-chip dm-kept">Not recognised</span>'


# ------------------------------------------------------------------------------------------------------------ playing
def players(film: Film, names: Sequence[str]) -> str:
    """The original, and the masked video beside it; they play together.

    Args:
        names: of the personas that are seen in it.
    """
    if film.masked is None:
        return ""
    becomes = f": {', '.join(names)}" if names else ""
    return (
        '<div class="dm-players dm-videos dm-together">'
        f"{_player('Original', film.path)}{_player(f'Masked{becomes}', film.masked, 'dm-masked')}</div>"
    )


def _player(label: str, path: Path, kind: str = "") -> str:
    if path.suffix.lower() in ANIMATION_SUFFIXES:
        inner = f'<img src="{_address(path)}" alt="">'
    else:
        inner = f'<video src="{_address(path)}" preload="metadata" controls playsinline></video>{_NO_PICTURE}'
    return f'<figure class="dm-player {kind}"><figcaption>{escape(label)}</figcaption>{inner}</figure>'


def stamp(seconds: float) -> str:
    """A moment to the hundredth of a second."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _range(film: Film, first: int, last: int) -> str:
    start, end = clock(film.seconds(first)), clock(film.seconds(last))
    if start != end:
        return f"{start}–{end}"
    count = last - first + 1
    return f"{start}, {count} frame{'' if count == 1 else 's'}"


def _address(path: Path) -> str:
    return f"gradio_api/file={quote(str(path))}"


def _sentence(words: str) -> str:
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def named(film: Film, selected: str | None) -> str:
    """Which track is being edited."""
    tracks = film.plan.tracks if film.plan is not None else ()
    number, track = next(((n, t) for n, t in enumerate(tracks, 1) if t.id == selected), (0, None))
    if track is None:
        return ""
    return f"<strong>Face {number}</strong><span>{_range(film, track.first, track.last)}</span>"


def told_of_bodies(desk: VideoDesk, known: Known) -> str:
    """Who is covered from head to foot."""
    if desk.bodies is None:
        return ""
    who = "Everybody but enrolled people" if known.who == ROSTER and known.roster.people else "Everybody"
    return note(f"{who} is covered from head to foot, also when seen from behind. It takes several times as long.")


def told_of_voices(film: Film, desk: VideoDesk, known: Known) -> str:
    """Whose voice is heard."""
    if not film.clip.has_sound:
        return ""
    if desk.voice is None:
        return note("The sound stays as it is: voices can be recognised, too.")
    persona = next((p.name for p in known.personas if EVERYBODY + p.id == known.who), None)
    return note(f"Whoever speaks gets the voice of {persona or 'nobody in particular'}; words and rhythm stay.")
