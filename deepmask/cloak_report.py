"""What a cloak did to a photo, and which networks it deceives: measured, not promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from deepmask.report_json import Saved

VERSIONS = ("PNG", "JPEG 75", "half size")
"""As which a cloaked photo is looked at."""


@dataclass(frozen=True)
class Trial:
    """One network looking at one face of one version of the photo."""

    victim: str
    """The network: 'dlib', 'ArcFace', 'CenterFace', ..."""
    attacked: bool
    """Whether the cloak was made against it; otherwise it was never seen."""
    kind: Literal["identity", "finder"]
    face: str
    version: str
    before: float
    """Without the cloak: of recognisers the distance from the original, of finders the score, 0 for nothing found."""
    after: float
    """The same with the cloak."""
    bar: float
    """Distance from which on it is somebody else; score below which no face is seen."""

    @property
    def deceived(self) -> bool:
        """Whether the network takes the face for somebody else's, or for none, and did not before."""
        return (
            (self.before < self.bar <= self.after) if self.kind == "identity" else self.after < self.bar <= self.before
        )


@dataclass(frozen=True)
class CloakReport(Saved):
    """The check of one cloaked photo."""

    source_name: str
    engine: str
    strength: int
    """1..5."""
    region: str
    filters: dict[str, float]
    """Photo filters that were applied beforehand."""
    seed: int
    faces: int
    psnr_db: float
    """Within the regions of the faces; the rest is untouched."""
    ssim: float
    """Of the brightness, within the regions."""
    largest_change: int
    """Grey levels of 255."""
    trials: tuple[Trial, ...]
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether the networks it was made against are deceived in every version and face."""
        attacked = [trial for trial in self.trials if trial.attacked]
        return bool(attacked) and all(trial.deceived for trial in attacked)

    @property
    def victims(self) -> tuple[str, ...]:
        """All networks that looked, those attacked first."""
        ordered = sorted(self.trials, key=lambda trial: not trial.attacked)
        return tuple(dict.fromkeys(trial.victim for trial in ordered))

    def of(self, victim: str, version: str) -> tuple[Trial, ...]:
        """The trials of one network with one version, a face each."""
        return tuple(t for t in self.trials if t.victim == victim and t.version == version)

    def summary(self) -> str:
        """For people: what the table shows and no more."""
        held = {victim: said for victim in self.victims if (said := self._deceived_as(victim))}
        missed = [victim for victim in self.victims if victim not in held]
        attacked = {trial.victim for trial in self.trials if trial.attacked}
        resisting = (
            _listed([victim for victim in missed if victim in attacked]),
            _listed([victim for victim in missed if victim not in attacked]) + ", never attacked",
        )
        told = [one for one in resisting if one and not one.startswith(",")]
        rest = f" Not deceived: {'; '.join(told)}." if told else ""
        if not held:
            return f"This photo is not protected.{rest}"
        return f"Deceives {'; '.join(f'{victim} {said}' for victim, said in held.items())}.{rest}"

    def to_json(self) -> str:
        """JSON text, each trial with its verdict."""
        import json

        data = {"safe": self.safe, "summary": self.summary(), **asdict(self)}
        for one, trial in zip(data["trials"], self.trials, strict=True):
            one["deceived"] = trial.deceived
        return json.dumps(data, indent=2) + "\n"

    def _deceived_as(self, victim: str) -> str:
        """'as PNG, as JPEG 75 (not at half size)'; empty where the network is never deceived."""
        held, failed = [], []
        for version in VERSIONS:
            trials = self.of(victim, version)
            count = sum(trial.deceived for trial in trials)
            if not count:
                failed.append(_as(version))
            else:
                share = "" if count == len(trials) else f" with {count} of {len(trials)} faces"
                held.append(f"{_as(version)}{share}")
        missed = f" (not {_listed(failed)})" if failed and held else ""
        return f"{_listed(held)}{missed}" if held else ""


def _as(version: str) -> str:
    return "at half size" if version == "half size" else f"as {version}"


def _listed(words: Iterable[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
