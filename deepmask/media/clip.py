"""A clip: the moving pictures of a file, streamed with their true times so that hours need little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from deepmask.faces import RGBImage

if TYPE_CHECKING:
    from deepmask.media.clip_timeline import Damage, Timeline


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a clip."""

    index: int
    """0, 1, ... in the order of showing."""
    time: Fraction
    """Seconds after the clip's start at which it appears."""
    pts: int
    """The same in ticks of the clip's ``time_base``."""
    duration: int
    """Ticks until the next picture appears."""
    rgb: RGBImage
    """(H, W, 3) uint8, upright."""

    def edited(self, rgb: RGBImage) -> Self:
        """The same moment with other pixels of the same size."""
        if rgb.shape != self.rgb.shape:
            raise ValueError(f"an edit keeps the size: expected {self.rgb.shape}, got {rgb.shape}")
        return replace(self, rgb=rgb)


@dataclass(frozen=True)
class Colours:
    """How the samples of a file stand for colours, in the numbers of ITU-T H.273."""

    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True, eq=False)
class Clip:
    """Moving pictures in a file. Made by :meth:`open`; can be pickled and opened again in another process."""

    name: str
    """File name, for people."""
    path: Path
    size_wh: tuple[int, int]
    """Width and height in pixels of the upright pictures."""
    fps: float
    """Pictures a second, on average."""
    variable: bool
    """Whether pictures are shown for different lengths of time, as far as the beginning of the file tells."""
    seconds: float
    """By the header of the file, which may be a little off; ``timeline`` is exact."""
    frames: int
    """Number of pictures by the header, an estimate; ``len(timeline)`` is exact."""
    codec: str
    """In FFmpeg's name: 'h264', 'vp9', 'gif', ..."""
    has_sound: bool
    time_base: Fraction
    """Seconds of one tick."""
    hdr: str = ""
    """'PQ', 'HLG' or 'BT.2020' where the file has more light or colours than the pictures we give; else empty."""
    colours: Colours = Colours(2, 2, 2)
    """Of the file."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of an upright pixel divided by its height."""
    is_animation: bool = False
    """GIF, WebP or PNG instead of a video."""
    notes: tuple[str, ...] = ()
    """What the user should know, each a short clause."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the header of a video or animation file, whatever its suffix says, and decode its first picture.

        Raises:
            MediaError: one sentence: what is wrong with the file and what to do.
        """
        from deepmask.media.clip_reading import read_header

        return cls(**read_header(path))

    @cached_property
    def timeline(self) -> Timeline:
        """When each picture is shown and where decoding can begin; reads the file once, without decoding it."""
        from deepmask.media.clip_timeline import measure

        return measure(self)

    def at(self, path: Path) -> Self:
        """The same clip in another place, not measured again."""
        moved = replace(self, path=path)
        moved.__dict__["timeline"] = self.timeline
        return moved

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the size and the coded pictures, as hex; the same in another container."""
        return self.timeline.fingerprint

    @property
    def damaged(self) -> str:
        """What of the file is missing or broken, as a clause; empty for a sound file.

        It is found without decoding; what decoding stumbles over is told by the ``damage`` of :meth:`pictures`.
        """
        return self.timeline.damaged

    def pictures(self, start: int = 0, stop: int | None = None, *, damage: Damage | None = None) -> Iterator[Picture]:
        """The pictures from index ``start`` up to, not including, ``stop``; each call decodes anew.

        A picture is the same whether decoding began at the start of the file or at ``start``. Where the file is broken
        what can be decoded is given, and indices that cannot are left out.

        Args:
            damage: filled in with what could not be decoded.

        Raises:
            MediaError: the file is gone or has become another one.
        """
        from deepmask.media.clip_decoding import pictures
        from deepmask.media.clip_timeline import Damage

        if start < 0 or (stop is not None and stop < start):
            raise ValueError(f"expected 0 <= start <= stop, got {start} and {stop}")
        return pictures(self, start, stop, damage if damage is not None else Damage())
