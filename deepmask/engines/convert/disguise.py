"""What is drawn anew for each recording: how this one deviates from the persona's voice.

All of it comes from a secret that nobody keeps, so that two recordings of one person do not meet in the same numbers
and nobody can turn the conversion round.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from deepmask.engines.convert.profile import Profile
from deepmask.engines.convert.timbre import (
    COEFFICIENTS,
    DB,
    GRID_HZ,
    KNOTS_HZ,
    Floats,
    average_speech,
    random_curve,
)
from deepmask.voice import Voice
from deepmask.voice_plan import Strength

_MIDDLE_PITCH_HZ = 150.0
_SIZE_PER_PITCH = 0.24
"""Formants of people whose voices are higher lie higher: exponent of the ratio of pitches, from 0.93 at 110 Hz to 1.07
at 200 Hz."""
_LIVELIEST = 1.5
_HILL_POINTS = 6.0
_WAVES = 6
_HEARD = (GRID_HZ > 100) & (GRID_HZ < 6500)
"""Points at which recordings of any kind have something to compare."""


@dataclass(frozen=True)
class Amounts:
    """How far a strength goes."""

    size: tuple[float, float]
    """The least and the greatest change of the formant scale, in its logarithm, either way."""
    size_jitter: float
    power: tuple[float, float]
    """Exponents of the power law on the frequency axis, or their inverses."""
    knots: float
    colour_db: float
    """Of the persona's own colour."""
    deviation_db: float
    """Of what this recording's colour deviates from it."""
    blend: float
    """How much of each cepstral coefficient goes into the others."""
    contour: float
    """How far slow and fast movements of the pitch are scaled, in the logarithm."""
    wander: float
    """Spread of a slow wandering of the pitch, in its logarithm."""
    apart: float
    """0: the average envelope is moved; 1: those of voiced and of unvoiced speech, each to its own target. The latter
    hides more and costs words."""
    candidates: int
    """Deviations drawn, of which the one that lands farthest from the speaker's own average spectrum is taken."""


AMOUNTS: dict[Strength, Amounts] = {
    "natural": Amounts((0.03, 0.09), 0.03, (1.0, 1.02), 0.03, 5.0, 6.5, 0.0, 0.25, 0.03, 0.0, 32),
    "strong": Amounts((0.08, 0.18), 0.05, (1.05, 1.12), 0.08, 5.0, 11.0, 0.2, 0.4, 0.05, 1.0, 64),
}


@dataclass(frozen=True)
class Disguise:
    """The numbers for one recording."""

    pitch_hz: float
    slow: float
    """Scale of the movements of the pitch over phrases."""
    fast: float
    """Scale of the movements within words."""
    wander: tuple[Floats, Floats, Floats]
    """Amplitudes, frequencies in Hz and phases of sines added to the logarithm of the pitch."""
    size: float
    power: float
    knots: Floats
    target: Floats
    """(POINTS,) mean log power to arrive at."""
    apart: float
    """See :class:`Amounts`."""
    blend: Floats
    """(COEFFICIENTS, COEFFICIENTS) rotation; the level, coefficient 0, stays."""
    breath: float
    noise_seed: int

    @classmethod
    def drawn(cls, voice: Voice, profile: Profile, strength: Strength, secret: bytes) -> Disguise:
        """The same arguments give the same disguise."""
        amounts = AMOUNTS[strength]
        rng = np.random.default_rng(list(hashlib.sha256(b"deepmask voice" + secret).digest()))
        pace = float(np.clip(voice.liveliness / profile.spread, 0.5, 1.6))
        slow, fast = np.exp(rng.uniform(-amounts.contour, amounts.contour, 2))
        waves = rng.rayleigh(1.0, _WAVES)
        waves *= amounts.wander * np.sqrt(2 / np.sum(waves**2))
        persona = np.random.default_rng([voice.seed, *b"colour"])
        target = average_speech() + random_curve(persona, _HILL_POINTS) * amounts.colour_db / DB
        drawn = [random_curve(rng, _HILL_POINTS) * amounts.deviation_db / DB for _ in range(amounts.candidates)]
        power = np.exp(rng.choice([-1, 1]) * np.log(rng.uniform(*amounts.power)))
        return cls(
            pitch_hz=voice.pitch_hz,
            slow=min(float(pace * slow), _LIVELIEST),
            fast=min(float(pace * fast), _LIVELIEST),
            wander=(waves, rng.uniform(0.4, 2.0, _WAVES), rng.uniform(0, 2 * np.pi, _WAVES)),
            size=_size(voice, profile, amounts, rng),
            power=float(power),
            knots=1 + rng.uniform(-amounts.knots, amounts.knots, len(KNOTS_HZ)),
            target=target + max(drawn, key=lambda curve: _distance(target + curve, profile.mean)),
            apart=amounts.apart,
            blend=_rotation(rng, amounts.blend),
            breath=voice.breath * float(rng.uniform(0.8, 1.25)),
            noise_seed=int(rng.integers(2**62)),
        )


def _size(voice: Voice, profile: Profile, amounts: Amounts, rng: np.random.Generator) -> float:
    """Factor on the formants: from the size that the pitch lets expect to the persona's, and never none at all."""
    pitch = profile.pitch_hz or _MIDDLE_PITCH_HZ
    own = np.clip((pitch / _MIDDLE_PITCH_HZ) ** _SIZE_PER_PITCH, 0.88, 1.14)
    wanted = float(np.log(voice.size / own) + rng.uniform(-amounts.size_jitter, amounts.size_jitter))
    least, most = amounts.size
    if abs(wanted) < least:
        way = float(np.sign(voice.pitch_hz - pitch)) or 1.0
        wanted = way * (least + float(rng.uniform(0, amounts.size_jitter)))
    return float(np.exp(np.clip(wanted, -most, most)))


def _distance(a: Floats, b: Floats) -> float:
    """Between two mean spectra on the mel axis, levels left out of account."""
    return float(np.std((a - b)[_HEARD]))


def _rotation(rng: np.random.Generator, amount: float) -> Floats:
    """A random orthogonal matrix near the identity (Cayley's transform of a skew one), which keeps coefficient 0."""
    skew = rng.normal(0, amount / np.sqrt(COEFFICIENTS), (COEFFICIENTS, COEFFICIENTS))
    skew = skew - skew.T
    skew[0], skew[:, 0] = 0, 0
    one = np.eye(COEFFICIENTS)
    return np.linalg.solve(one - skew / 2, one + skew / 2)
