"""What of a video has been worked out already, so that a killed run goes on and an edit redoes only what it changes.

Pieces lie in ``work`` below the home folder, each video in a folder of its own, under names that are digests of all
they depend on. They hold places of faces and outlines of people, masked frames, masked sound and, where words are
written down, words. What a killed run left unfinished goes when the next one begins, and folders that were not used for
a week go.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepmask.config import home
from deepmask.faces import Face
from deepmask.files import Hold, replacing, write_text
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.provenance import PixelTag
from pipelines.video.drawing import Drawn
from pipelines.video.figures import Figure
from pipelines.video.looking import COLOURS, Glimpse, Sight
from pipelines.video.outlining import Shape, Shapes, Told
from pipelines.video.preparing import Mask

KEPT_DAYS = 7.0
_RECIPE = "1"
"""Changes when the same input is drawn otherwise by a newer version."""


class Work:
    """The pieces of one video."""

    def __init__(self, clip: Clip) -> None:
        self.folder = home() / "work" / clip.fingerprint[:24]
        self._hold: Hold | None = None

    def used(self) -> None:
        """Remember that the pieces are wanted, as long as this object lives; remove what killed runs left unfinished,
        and the pieces of videos that were not wanted for a week.

        Raises:
            DeepmaskError: the folder cannot be written.
        """
        write_text(self.folder / "used", f"{time.time():.0f}\n")
        self._hold = Hold(self.folder)
        if self._hold.was_alone:
            _remove(piece for piece in self.folder.iterdir() if piece.name.startswith("."))
        _remove(other for other in self.folder.parent.iterdir() if _is_old(other))

    def glimpse_path(self, start: int, stop: int, finder: str, stride: int) -> Path:
        """Where what was seen in a stretch is kept."""
        return self.folder / f"{_digest('seen', start, stop, finder, stride)}.npz"

    def outline_path(self, looks: dict[int, bool], segmenter: str, told: Sequence[Told]) -> Path:
        """Where it is kept who was seen from head to foot in a stretch."""
        return self.folder / f"{_digest('outlined', list(looks.items()), segmenter, told)}.npz"

    def segment_path(
        self,
        masks: Sequence[Mask],
        figures: Sequence[Figure],
        look: Look,
        start: int,
        stop: int,
        encoding: Encoding,
        tag: PixelTag | None = None,
    ) -> Path:
        """Where a drawn stretch is kept."""
        here = [_described(mask, start, stop) for mask in masks if mask.track.first < stop and mask.track.last >= start]
        people = [vars(part) for figure in figures if (part := figure.within(start, stop)) is not None]
        more = [*([people] if people else []), *([vars(tag)] if tag is not None else [])]
        return self.folder / f"{_digest('drawn', start, stop, vars(encoding), vars(look), here, *more)}.mp4"

    def voice_plan_path(self, options: dict[str, Any]) -> Path:
        """Where what was heard is kept."""
        return self.folder / f"{_digest('heard', options)}.json"

    def sound_path(self, plan: str, voices: Sequence[dict[str, Any]]) -> Path:
        """Where a masked sound track is kept."""
        return self.folder / f"{_digest('spoken', plan, voices)}.wav"

    def passing_path(self, suffix: str) -> Path:
        """A new name for a finished video on its way; what is left there by a killed run goes with the next one."""
        return self.folder / f".{secrets.token_hex(6)}{suffix}"


def clean() -> int:
    """Remove the pieces of all videos but those that are being worked on; returns how many bytes that were."""
    folders = [folder for folder in _folders() if Hold(folder).was_alone]
    count = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    _remove(folders)
    return count


def _folders() -> list[Path]:
    root = home() / "work"
    return [folder for folder in root.iterdir() if (folder / "used").is_file()] if root.is_dir() else []


def _is_old(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - (folder / "used").stat().st_mtime > KEPT_DAYS * 86_400
    return False


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _digest(*parts: Any) -> str:
    text = json.dumps([_RECIPE, *parts], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _described(mask: Mask, start: int, stop: int) -> list[Any]:
    """All of a mask that can be seen in a stretch and a little beyond it."""
    keys = mask.track.keys
    inner = [n for n, key in enumerate(keys) if start <= key.frame < stop]
    low, high = (min(inner), max(inner)) if inner else _around(mask, start)
    places = [[key.frame, *key.box_xyxy] for key in keys[max(0, low - 3) : high + 4]]
    persona = None
    if mask.persona is not None:
        portrait = hashlib.sha256(mask.persona.portrait.tobytes()).hexdigest()
        persona = [mask.persona.id, str(mask.persona.attributes), mask.persona.seed, portrait]
    body = [mask.track.body] if mask.track.body else []
    return [mask.track.id, places, [vars(rung) for rung in mask.rungs], persona, *body]


def _around(mask: Mask, frame: int) -> tuple[int, int]:
    before = max(n for n, key in enumerate(mask.track.keys) if key.frame <= frame)
    return before, before + 1


def write_glimpse(path: Path, glimpse: Glimpse) -> None:
    """Write what was seen, atomically.

    Raises:
        DeepmaskError: the place cannot be written.
    """
    looked = sorted(glimpse.faces)
    sights = [(frame, sight) for frame in looked for sight in glimpse.faces[frame]]
    with replacing(path) as file:
        np.savez_compressed(
            file,
            span=np.array([glimpse.start, glimpse.stop]),
            looked=np.array(looked, np.int64),
            cuts=np.array(glimpse.cuts, np.int64),
            frames=np.array([frame for frame, _ in sights], np.int64),
            boxes=np.array([[*s.face.box_xyxy, s.face.score] for _, s in sights], np.float64).reshape(-1, 5),
            colours=np.array([s.colours for _, s in sights], np.float32).reshape(len(sights), COLOURS),
        )


def read_glimpse(path: Path) -> Glimpse | None:
    """What :func:`write_glimpse` wrote; None when it is not there or damaged."""
    try:
        with np.load(path, allow_pickle=False) as data:
            faces: dict[int, tuple[Sight, ...]] = {int(frame): () for frame in data["looked"]}
            for frame, (x1, y1, x2, y2, score), colours in zip(
                data["frames"].tolist(), data["boxes"].tolist(), data["colours"], strict=True
            ):
                faces[frame] += (Sight(Face((x1, y1, x2, y2), score), colours),)
            start, stop = data["span"].tolist()
            return Glimpse(start, stop, faces, tuple(data["cuts"].tolist()))
    except (OSError, ValueError, KeyError, EOFError):
        return None


def write_shapes(path: Path, shapes: Shapes) -> None:
    """Write who was seen from head to foot, atomically.

    Raises:
        DeepmaskError: the place cannot be written.
    """
    seen = [(frame, shape) for frame in sorted(shapes) for shape in shapes[frame]]
    with replacing(path) as file:
        np.savez(
            file,
            looked=np.array(sorted(shapes), np.int64),
            frames=np.array([frame for frame, _ in seen], np.int64),
            places=np.array([[*s.origin_xy, *s.size_wh] for _, s in seen], np.int64).reshape(-1, 4),
            faces=np.array([s.face or "" for _, s in seen], np.str_),
            scores=np.array([s.score for _, s in seen], np.float64),
            tones=np.array([s.tone for _, s in seen], np.int64).reshape(-1, 3),
            lengths=np.array([len(s.bits) for _, s in seen], np.int64),
            bits=np.frombuffer(b"".join(s.bits for _, s in seen), np.uint8),
        )


def read_shapes(path: Path) -> Shapes | None:
    """What :func:`write_shapes` wrote; None when it is not there or damaged."""
    try:
        with np.load(path, allow_pickle=False) as data:
            shapes: Shapes = {int(frame): () for frame in data["looked"]}
            ends = np.cumsum(data["lengths"]).tolist()
            bits, starts = data["bits"].tobytes(), [0, *ends]
            rows = zip(data["frames"].tolist(), data["places"].tolist(), data["faces"].tolist(), strict=True)
            more = zip(data["scores"].tolist(), data["tones"].tolist(), starts, ends, strict=False)
            for (frame, (x, y, w, h), face), (score, (r, g, b), start, end) in zip(rows, more, strict=True):
                shapes[frame] += (Shape((x, y), (w, h), bits[start:end], face or None, score, (r, g, b)),)
            return shapes
    except (OSError, ValueError, KeyError, EOFError):
        return None


def write_drawn(segment: Path, drawn: Drawn) -> None:
    """Write how a segment was drawn, beside it."""
    data = {"start": drawn.start, "engines": drawn.engines, "reasons": drawn.reasons}
    write_text(segment.with_suffix(".json"), json.dumps(data) + "\n")


def read_drawn(segment: Path) -> Drawn | None:
    """How a finished segment was drawn; None when it is not finished."""
    if not segment.is_file():
        return None
    try:
        data = json.loads(segment.with_suffix(".json").read_text("utf-8"))
        return Drawn(data["start"], {t: Counter(e) for t, e in data["engines"].items()}, data["reasons"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
