"""What is said in a recording, by whom, and what is to happen to each voice: JSON, edited by people.

A plan belongs to one recording, recognised by the fingerprint of its samples. It is rendered, and rendered again after
an edit of the words or of a decision, without listening again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

from deepmask.errors import PlanError
from deepmask.files import write_text
from deepmask.plan_json import Kind, text_of
from deepmask.transcript import Phrase, Word
from deepmask.voice import Voice

SCHEMA_VERSION = 1
_KIND = Kind("voice", "a recording", "deepmask voice plan", SCHEMA_VERSION)

Method = Literal["convert", "respeak"]
"""convert: the recording itself with another voice's sound; respeak: its words spoken anew, nothing of it remains."""
Strength = Literal["natural", "strong"]
Background = Literal["drop", "duck", "keep"]
"""What happens between the phrases of a respoken recording: silence, quiet original, or the original."""
VoiceAction = Literal["persona", "anonymous", "keep"]
"""persona: the persona's voice; anonymous: a voice drawn for this recording; keep: as it is, on request only."""


@dataclass(frozen=True)
class VoiceDecision:
    """What happens to one speaker."""

    action: VoiceAction = "anonymous"
    persona: str | None = None
    """Id of the persona, for action 'persona' only."""

    def __post_init__(self) -> None:
        if self.action not in get_args(VoiceAction):
            raise PlanError(f"A voice gets one of {', '.join(get_args(VoiceAction))}, not {self.action!r}.")
        if (self.action == "persona") != (self.persona is not None):
            raise PlanError("A decision names a persona if, and only if, its action is 'persona'.")


@dataclass(frozen=True)
class Speaker:
    """One voice of the recording."""

    id: str
    decision: VoiceDecision
    voice: Voice | None = None
    """The voice drawn for action 'anonymous', so that rendering again gives the same."""


@dataclass(frozen=True)
class VoicePlan:
    """Speakers and phrases of one recording with their decisions."""

    source_name: str
    fingerprint: str
    """SHA-256 of the decoded samples."""
    seconds: float
    speakers: tuple[Speaker, ...]
    phrases: tuple[Phrase, ...] = ()
    """Empty where nobody had to listen: a single speaker who is converted."""
    method: Method = "convert"
    strength: Strength = "natural"
    background: Background = "drop"
    language: str = "en"
    """ISO 639-1."""
    engines: dict[str, str] = field(default_factory=dict)
    """Kind of engine → name."""
    medium: Literal["voice"] = "voice"
    version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        for name, words in (("method", Method), ("strength", Strength), ("background", Background)):
            if getattr(self, name) not in get_args(words):
                raise PlanError(f"{name} must be one of {', '.join(get_args(words))}, got {getattr(self, name)!r}.")
        known = [speaker.id for speaker in self.speakers]
        if not known or len(set(known)) != len(known):
            raise PlanError("The plan is damaged: it needs at least one speaker, each with a name of its own.")
        if strangers := {phrase.speaker for phrase in self.phrases} - set(known):
            raise PlanError(f"The plan is damaged: phrases of unknown speakers {', '.join(sorted(strangers))}.")

    def speaker(self, id: str) -> Speaker:
        """The speaker called ``id``."""
        for speaker in self.speakers:
            if speaker.id == id:
                return speaker
        raise PlanError(f"The plan has no speaker {id!r}; it has {', '.join(s.id for s in self.speakers)}.")

    def decided(self, id: str, decision: VoiceDecision) -> Self:
        """A copy with another decision for one speaker."""
        self.speaker(id)
        return replace(self, speakers=tuple(replace(s, decision=decision) if s.id == id else s for s in self.speakers))

    def said(self, index: int, text: str) -> Self:
        """A copy in which phrase ``index`` has other words; an empty text is not spoken."""
        if not 0 <= index < len(self.phrases):
            raise PlanError(f"The plan has {len(self.phrases)} phrases, there is no number {index + 1}.")
        words = " ".join(text.split())
        phrase = replace(self.phrases[index], text=words, words=(), confidence=None)
        return replace(self, phrases=(*self.phrases[:index], phrase, *self.phrases[index + 1 :]))

    def to_json(self) -> str:
        """JSON text, readable and stable."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> VoicePlan:
        """Read a plan; raises ``PlanError`` with one sentence when it cannot be used."""
        return cls.from_json(text_of(path))

    @classmethod
    def from_json(cls, text: str) -> VoicePlan:
        """From :meth:`to_json`."""
        return _KIND.parse(text, _plan)


def _plan(data: dict[str, Any]) -> VoicePlan:
    return VoicePlan(
        **data
        | {
            "speakers": tuple(_speaker(s) for s in data["speakers"]),
            "phrases": tuple(_phrase(p) for p in data.get("phrases", ())),
            "seconds": float(data["seconds"]),
            "engines": {str(kind): str(name) for kind, name in dict(data.get("engines", {})).items()},
        }
    )


def _speaker(data: dict[str, Any]) -> Speaker:
    voice = data.get("voice")
    decision = VoiceDecision(**data["decision"])
    return Speaker(str(data["id"]), decision, None if voice is None else Voice.from_json(voice))


def _phrase(data: dict[str, Any]) -> Phrase:
    words = tuple(Word(str(w["text"]), float(w["start_s"]), float(w["end_s"])) for w in data.get("words", ()))
    phrase = Phrase(**{**data, "words": words, "start_s": float(data["start_s"]), "end_s": float(data["end_s"])})
    if not 0 <= phrase.start_s < phrase.end_s or not isinstance(phrase.text, str):
        raise ValueError(f"phrase at {phrase.start_s} s")
    return phrase
