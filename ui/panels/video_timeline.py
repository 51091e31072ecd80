"""The tracks of a video as strips over its length: HTML that stays sharp and readable at any width."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from deepmask.plan import Decision
from deepmask.track import Doubt, Track
from ui.panels.voice_view import clock
from ui.video_desk import Film

DOUBTS: dict[Doubt, str] = {
    "conflict": "looks like different people",
    "uncertain": "perhaps no face",
    "short": "seen only for a moment",
    "lost": "followed where no face was seen",
    "edge": "cut by the frame's edge",
}
"""In the order in which they matter."""
_LEAST_GAP = 0.012
"""Strips on one line are at least so far apart, in parts of the whole length."""
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 7


def timeline(film: Film, frame: int, selected: str | None, names: dict[str, str]) -> str:
    """The slider over all frames, and under it every track: coloured by decision, hatched where in doubt.

    Args:
        names: what each track is called, by id.
    """
    plan = film.plan
    if plan is None:
        return ""
    span = max(plan.frames - 1, 1)
    numbers = {track.id: n for n, track in enumerate(plan.tracks, 1)}
    rows = "".join(
        f'<div class="dm-lane">{"".join(_strip(t, numbers[t.id], span, selected, names[t.id]) for t in lane)}</div>'
        for lane in lanes(plan.tracks, plan.frames)
    )
    cuts = "".join(f'<i class="dm-cut" style="left:{first / span:.3%}"></i>' for first in plan.shots[1:])
    return (
        f'<div class="dm-timeline" data-span="{span}" data-seconds="{film.seconds(plan.frames - 1):.3f}" '
        f'style="--at:{frame / span:.5f}"><div class="dm-scrub">'
        '<button type="button" data-step="-1" aria-label="One frame back">‹</button>'
        f'<input type="range" min="0" max="{plan.frames - 1}" step="1" value="{frame}" aria-label="Frame">'
        '<button type="button" data-step="1" aria-label="One frame on">›</button></div>'
        f'<div class="dm-lanes"><div class="dm-inner">{cuts}{rows}<i class="dm-head-line"></i>'
        f"{_ticks(film.seconds(plan.frames - 1))}</div></div></div>"
    )


def lanes(tracks: Sequence[Track], frames: int) -> list[list[Track]]:
    """Tracks on as few lines as possible, none over another."""
    gap = max(1, round(_LEAST_GAP * frames))
    found: list[list[Track]] = []
    for track in sorted(tracks, key=lambda t: (t.first, t.last)):
        lane = next((lane for lane in found if lane[-1].last + gap < track.first), None)
        if lane is None:
            found.append([track])
        else:
            lane.append(track)
    return found


def colour(decision: Decision) -> str:
    """Name of the colour of a decision."""
    return decision.action if decision.action in ("persona", "keep") else "mask"


def _strip(track: Track, number: int, span: int, selected: str | None, name: str) -> str:
    length = max(track.last - track.first, 1)
    doubts = "".join(
        f'<i class="dm-doubt" style="left:{max(s.first - track.first, 0) / length:.2%};'
        f'width:{max((s.last - s.first + 1) / (length + 1), 0.01):.2%}"></i>'
        for s in track.doubts
    )
    kind = f"dm-{colour(track.decision)}{' selected' if track.id == selected else ''}"
    return (
        f'<button type="button" class="dm-strip-of {kind}" data-track="{escape(track.id)}" '
        f'title="{escape(name)}" aria-label="{escape(name)}" '
        f'style="left:{track.first / span:.3%};width:{(track.last - track.first) / span:.3%}">{doubts}<b>{number}</b>'
        "</button>"
    )


def _ticks(seconds: float) -> str:
    step = next((s for s in _TICKS_S if seconds / s <= _MOST_TICKS), _TICKS_S[-1])
    times = [n * step for n in range(int(seconds // step) + 1)] if seconds > 0 else [0]
    marks = "".join(f'<span style="left:{t / seconds if seconds else 0:.2%}">{clock(t)}</span>' for t in times)
    return f'<div class="dm-ticks" aria-hidden="true">{marks}</div>'
