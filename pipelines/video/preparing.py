"""Which mask each track gets, decided before anything is drawn: one that changed from frame to frame would flicker.

Every mask of the ladder is tried on several frames of the track; the first that hides the face in all of them, by every
judge that is there, is used throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepmask import engines, weights
from deepmask.errors import Cancelled, EngineError
from deepmask.faces import Face
from deepmask.media.clip import Clip
from deepmask.persona import Persona
from deepmask.plan import Decision
from deepmask.progress import Progress, silent
from deepmask.track import Track
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines.photo.choosing import judges, ladder, starting
from pipelines.photo.measuring import Original
from pipelines.photo.rendering import PLAINEST, STRENGTHS, unsuitable

TRIALS, PLAIN_TRIALS = 4, 2
"""Frames of a track on which masks that show a persona are tried, and those that show nobody."""


@dataclass(frozen=True)
class Rung:
    """One mask and how strongly it is drawn."""

    engine: str
    strength: float = 1.0


@dataclass(frozen=True)
class Mask:
    """What a track gets: the first rung where it can be drawn, else the next."""

    track: Track
    persona: Persona | None
    rungs: tuple[Rung, ...]
    """Empty: it stays as it is."""
    note: str = ""
    """Why the first rungs of the ladder are not in it, as a clause."""


def prepare(source: Clip, plan: VideoPlan, vault: Vault, *, progress: Progress = silent) -> tuple[Mask, ...]:
    """A mask for every track.

    Raises:
        UnknownName: the plan names a persona that is not in the vault, or a swapper that does not exist.
        EngineMissing: the swapper it names cannot be used.
    """
    first = _started(plan)
    bars = {name: engines.load("face_recognizer", name).hidden_above for name in judges()}
    masks = []
    for n, track in enumerate(as_drawn(plan).tracks):
        progress(n / len(plan.tracks), f"Trying masks on face {n + 1} of {len(plan.tracks)}")
        persona = vault.persona(track.decision.persona) if track.decision.persona else None
        if track.decision.action == "keep":
            masks.append(Mask(track, None, ()))
            continue
        rungs = [
            Rung(name, strength)
            for name in ladder(track.decision.action, persona, first)
            for strength in STRENGTHS.get(name, (1.0,))
        ]
        masks.append(_chosen(_Trial(source, track, persona, plan, bars), rungs))
    return tuple(masks)


def as_drawn(plan: VideoPlan) -> VideoPlan:
    """The plan as its faces are drawn: below a covered body lies a plain mask, should the outline miss the head."""
    tracks = [
        track.decided(Decision("pixelate")) if track.body and track.decision.action in ("keep", "persona") else track
        for track in plan.tracks
    ]
    return replace(plan, tracks=tuple(tracks))


def _started(plan: VideoPlan) -> str | None:
    """The swapper that persona faces start with, its weights verified: broken ones are told, not passed over."""
    asked = plan.engines.get("face_swapper")
    row = None if asked is None else starting(asked)
    if row is None or not any(track.decision.persona for track in plan.tracks):
        return None
    for name in row.needed_weights():
        weights.location(name)
    return row.name


def _chosen(trial: _Trial, rungs: Sequence[Rung]) -> Mask:
    reasons: list[str] = []
    for n, rung in enumerate(rungs):
        reason = None if rung.engine == PLAINEST else trial.reason_against(rung)
        if reason is None:
            rest = [later for later in rungs[n + 1 :] if later.engine != rung.engine]
            return Mask(trial.track, trial.persona, (rung, *rest), "; ".join(dict.fromkeys(reasons)))
        reasons.append(reason.rstrip("."))
    return Mask(trial.track, trial.persona, (Rung(PLAINEST),), "; ".join(dict.fromkeys(reasons)))


class _Trial:
    """Frames of a track on which masks are tried."""

    def __init__(
        self, source: Clip, track: Track, persona: Persona | None, plan: VideoPlan, bars: dict[str, float]
    ) -> None:
        self.track, self.persona, self._look, self._bars = track, persona, plan.look, bars
        self._frames: list[tuple[Original, Face]] = []
        for frame in _trial_frames(track):
            box = track.box_at(frame)
            for picture in source.pictures(frame, frame + 1):
                original = Original(picture.rgb)
                if box is not None:
                    self._frames.append((original, original.face(box)))

    def reason_against(self, rung: Rung) -> str | None:
        """Why the track cannot have this mask, as a clause; None if it hides the face wherever it can be drawn."""
        swapper = engines.load("face_swapper", rung.engine)
        refused: list[str] = []
        with engines.exclusive:
            for original, face in self._frames:
                if reason := unsuitable(rung.engine, swapper, face):
                    refused.append(reason)
                    continue
                try:
                    canvas = original.rgb.copy()
                    patch = swapper.swap(canvas, face, self.persona, strength=rung.strength, look=self._look)
                    patch.paste(canvas)
                    if not self._hides(original, face, canvas):
                        return f"{rung.engine} disguised too little"
                except Cancelled:
                    raise
                except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
                    if isinstance(error, EngineError):
                        refused.append(str(error))
                    else:
                        refused.append(f"{rung.engine} failed ({type(error).__name__})")
        return refused[0] if refused and len(refused) == len(self._frames) else None

    def _hides(self, original: Original, face: Face, canvas: np.ndarray) -> bool:
        measured = ((original.distance(judge, face, canvas), bar) for judge, bar in self._bars.items())
        return all(distance is None or distance >= bar for distance, bar in measured)


def _trial_frames(track: Track) -> list[int]:
    """Those in which the face is seen best, and others from where it is seen: at the ends nobody may be there yet."""
    first, last = (min(track.shown), max(track.shown)) if track.shown else (track.first, track.last)
    trials = TRIALS if track.decision.persona else PLAIN_TRIALS
    spread = np.linspace(first, last, trials).round().astype(int).tolist()
    return sorted({*track.shown[:2], *spread[1:-1]} or {first})
