"""Pictures of a video for the page: single frames, and cuts of the faces of its tracks."""

from __future__ import annotations

from pathlib import Path

from deepmask.faces import RGBImage
from deepmask.progress import Progress
from deepmask.track import Track
from ui import pictures
from ui.video_desk import Film

CUTS = 3
"""Faces shown of each track, as far as there are."""
MANY_TRACKS = 40
"""From more tracks on, one face of each has to do: every one is decoded."""


def frame(film: Film, index: int) -> Path | None:
    """One frame, at most as large as the page shows it; None where the file is broken."""
    path = film.folder / f"frame-{index}.jpg"
    if not path.is_file():
        rgb = _decoded(film, index)
        if rgb is None:
            return None
        pictures.write(pictures.preview(rgb), path)
    return path


def cuts(film: Film, track: Track) -> list[tuple[int, Path]]:
    """The faces of a track that are shown, with their frames, best first; what is not cut out yet is now."""
    wanted = track.shown[: CUTS if _few(film) else 1] or ((track.first + track.last) // 2,)
    found = []
    for index in wanted:
        box = track.box_at(index)
        if box is None:
            continue
        x1, y1, x2, y2 = (round(v) for v in box)
        path = film.folder / f"face-{index}-{x1}-{y1}-{x2}-{y2}.jpg"
        if not path.is_file():
            rgb = _decoded(film, index)
            if rgb is None:
                continue
            pictures.write(pictures.crop(rgb, box), path)
        found.append((index, path))
    return found


def cut_all(film: Film, progress: Progress) -> None:
    """Cut out the faces of all tracks."""
    tracks = film.plan.tracks if film.plan is not None else ()
    for n, track in enumerate(tracks):
        progress(n / len(tracks), "Cutting out faces")
        cuts(film, track)


def _few(film: Film) -> bool:
    return film.plan is None or len(film.plan.tracks) <= MANY_TRACKS


def _decoded(film: Film, index: int) -> RGBImage | None:
    return next((picture.rgb for picture in film.clip.pictures(index, index + 1)), None)
