"""Who is seen in a video, when and where, and what is to happen to each: JSON, edited by people.

A plan belongs to one video, recognised by the fingerprint of its coded picture, and is rendered without looking for
faces again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from deepmask.errors import PlanError
from deepmask.files import write_text
from deepmask.look import Look
from deepmask.plan import Decision, Match
from deepmask.plan_json import Kind, text_of
from deepmask.track import BODY_COVERS, BodyCover, Key, Span, Track
from deepmask.voice_plan import VoicePlan

SCHEMA_VERSION = 2
_KIND = Kind("video", "a video", "deepmask video plan", SCHEMA_VERSION)


@dataclass(frozen=True)
class VideoPlan:
    """The faces of one video with their decisions."""

    source_name: str
    fingerprint: str
    """Of the clip."""
    size_wh: tuple[int, int]
    """Upright."""
    frames: int
    seconds: float
    shots: tuple[int, ...] = (0,)
    """First frame of every shot; tracks end where a shot does."""
    tracks: tuple[Track, ...] = ()
    engines: dict[str, str] = field(default_factory=dict)
    """Kind of engine → name; 'face_swapper' starts the ladder of persona faces, as in plans of photos."""
    look: Look = Look()
    voice: VoicePlan | None = None
    """What happens to the voices; None: the sound stays as it is."""
    bodies: BodyCover | None = None
    """What covers people whose face is on no track, such as those who are turned away; None: nobody looks for them."""
    medium: Literal["video"] = "video"
    version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        ids = [track.id for track in self.tracks]
        if len(set(ids)) != len(ids):
            raise PlanError("The plan is damaged: two tracks have the same id.")
        if not self.shots or self.shots[0] != 0 or list(self.shots) != sorted(set(self.shots)):
            raise PlanError("The plan is damaged: shots must begin with frame 0 and grow.")
        if self.bodies is not None and self.bodies not in BODY_COVERS:
            raise PlanError(f"In a video bodies get one of {', '.join(BODY_COVERS)}, not {self.bodies!r}.")
        for track in self.tracks:
            if track.last >= self.frames:
                raise PlanError(f"{track.id} ends in frame {track.last}, but the video has {self.frames} frames.")

    def track(self, id: str) -> Track:
        """The track called ``id``."""
        for track in self.tracks:
            if track.id == id:
                return track
        raise PlanError(f"The plan has no track {id!r}; it has {', '.join(t.id for t in self.tracks) or 'none'}.")

    def with_track(self, track: Track) -> Self:
        """A copy in which ``track`` replaces the one of the same id, or is added."""
        known = track.id in {t.id for t in self.tracks}
        kept = [track if t.id == track.id else t for t in self.tracks]
        return replace(self, tracks=tuple(kept if known else [*kept, track]))

    def without(self, id: str) -> Self:
        """A copy without the track ``id``."""
        self.track(id)
        return replace(self, tracks=tuple(t for t in self.tracks if t.id != id))

    def at(self, frame: int) -> list[Track]:
        """The tracks that are seen in a frame."""
        return [track for track in self.tracks if track.first <= frame <= track.last]

    @property
    def covers_bodies(self) -> bool:
        """Whether anybody is to be covered from head to foot."""
        return self.bodies is not None or any(track.body is not None for track in self.tracks)

    def new_id(self) -> str:
        """An id no track has."""
        taken = {track.id for track in self.tracks}
        return next(f"face-{n}" for n in range(1, len(taken) + 2) if f"face-{n}" not in taken)

    def to_json(self) -> str:
        """JSON text, readable and stable; a key is [frame, x1, y1, x2, y2], a doubt [first, last, why]."""
        data = {name: value for name, value in vars(self).items() if name not in ("tracks", "look", "voice")}
        tracks = [_track_json(track) for track in self.tracks]
        voice = None if self.voice is None else asdict(self.voice)
        whole = data | {"look": asdict(self.look), "voice": voice, "tracks": tracks}
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> VideoPlan:
        """Read a plan; raises ``PlanError`` with one sentence when it cannot be used."""
        return cls.from_json(text_of(path))

    @classmethod
    def from_json(cls, text: str) -> VideoPlan:
        """From :meth:`to_json`."""
        return _KIND.parse(text, _plan)


def _plan(data: dict[str, Any]) -> VideoPlan:
    return VideoPlan(
        **data
        | {
            "size_wh": (int(data["size_wh"][0]), int(data["size_wh"][1])),
            "frames": int(data["frames"]),
            "seconds": float(data["seconds"]),
            "shots": tuple(int(frame) for frame in data["shots"]),
            "tracks": tuple(_track(track) for track in data["tracks"]),
            "engines": {str(kind): str(name) for kind, name in dict(data.get("engines", {})).items()},
            "look": Look.from_json(data.get("look", {})),
            "voice": VoicePlan.from_json(json.dumps(data["voice"])) if data.get("voice") else None,
            "bodies": data.get("bodies"),
        }
    )


def _track_json(track: Track) -> dict[str, Any]:
    return vars(track) | {
        "keys": [[key.frame, *map(float, key.box_xyxy)] for key in track.keys],
        "decision": asdict(track.decision),
        "match": asdict(track.match) if track.match else None,
        "doubts": [[span.first, span.last, span.doubt] for span in track.doubts],
    }


def _track(data: dict[str, Any]) -> Track:
    def key(values: list[Any]) -> Key:
        x1, y1, x2, y2 = (float(v) for v in values[1:])
        return Key(int(values[0]), (x1, y1, x2, y2))

    return Track(
        **data
        | {
            "id": str(data["id"]),
            "keys": tuple(key(values) for values in data["keys"]),
            "decision": Decision(**data["decision"]),
            "match": Match(**data["match"]) if data.get("match") else None,
            "doubts": tuple(Span(int(first), int(last), doubt) for first, last, doubt in data.get("doubts", [])),
            "shown": tuple(int(frame) for frame in data.get("shown", [])),
        }
    )
