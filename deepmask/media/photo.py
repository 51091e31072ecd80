"""A photo: 8-bit RGB for everything that looks at it, and what its file needs to be written back unharmed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from deepmask.errors import MediaError
from deepmask.faces import RGBImage
from deepmask.media import formats
from deepmask.media.original import STRIP_PX, Original


@dataclass(frozen=True, eq=False)
class Photo:
    """A still picture, upright. Made by :meth:`open` or :meth:`from_array`, changed by :meth:`edited`."""

    rgb: RGBImage = field(repr=False)
    """(H, W, 3) uint8, read-only."""
    name: str
    """File name, for people."""
    original: Original = field(repr=False)
    """What the file held; the same in all edits of it."""
    notes: tuple[str, ...] = ()
    """What the user should know, each a short clause: 'only the first frame of the animation is used'."""
    unmarked: RGBImage | None = field(default=None, repr=False)
    """(H, W, 3) uint8: the pixels before :meth:`marked`; None where it was not called."""

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise ValueError(f"a photo is (H, W, 3) uint8, got {self.rgb.shape} {self.rgb.dtype}")
        if self.rgb.size == 0:
            raise ValueError(f"a photo has at least one pixel, got {self.rgb.shape}")
        view = self.rgb.view()
        view.flags.writeable = False
        object.__setattr__(self, "rgb", view)

    @property
    def notes_on_looking(self) -> tuple[str, ...]:
        """Those of :attr:`notes` that also matter where no copy is made."""
        from deepmask.media.metadata import REMOVED

        return tuple(note for note in self.notes if not note.startswith(REMOVED))

    @classmethod
    def open(cls, path: Path, *, max_megapixels: int = 200) -> Self:
        """Read a picture file, whatever its suffix says, and turn it upright.

        Args:
            max_megapixels: larger pictures are refused before they are decoded.

        Raises:
            MediaError: one sentence: what is wrong with the file and what to do.
        """
        from deepmask.media.reading import read

        original, notes = read(path, max_megapixels=max_megapixels)
        return cls(original.rgb, path.name, original, notes)

    @classmethod
    def from_array(cls, rgb: RGBImage, name: str = "picture") -> Self:
        """A photo that never was a file; it is saved in the format of the name's suffix, or as PNG.

        The array is taken over, not copied: do not write into it afterwards.
        """
        row = formats.by_suffix(Path(name).suffix)
        return cls(rgb, name, Original(rgb, format=row.name if row else "PNG"))

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def format(self) -> str:
        """Format of the file: 'JPEG', 'PNG', ..."""
        return self.original.format

    @property
    def suffix(self) -> str:
        """The usual suffix of files of this format, with the dot."""
        return formats.by_name(self.format).suffixes[0]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of size and upright 8-bit pixels, as hex: the same picture in another file has the same."""
        digest = hashlib.sha256(f"{self.size_wh[0]}x{self.size_wh[1]}".encode())
        for rows in self.strips():
            digest.update(self.rgb[rows].tobytes())
        return digest.hexdigest()

    def strips(self) -> Iterator[slice]:
        """Slices of rows that cover the picture from top to bottom."""
        return (slice(top, top + STRIP_PX) for top in range(0, self.rgb.shape[0], STRIP_PX))

    def edited(self, rgb: RGBImage) -> Self:
        """The same photo with the pixels of ``rgb`` that differ.

        Bit depth, opacity, colour profile and compression stay; untouched pixels are written back as the file had
        them. The array is taken over, not copied.
        """
        if rgb.shape != self.rgb.shape:
            raise ValueError(f"an edit keeps the size: expected {self.rgb.shape}, got {rgb.shape}")
        photo = replace(self, rgb=rgb, unmarked=None)
        extra = photo._what_the_edit_costs()
        return replace(photo, notes=(*self.notes, *(note for note in extra if note not in self.notes)))

    def marked(self, rgb: RGBImage) -> Self:
        """The same photo with small differences all over, such as those of a tag.

        Deep samples are moved by as much and keep their fine steps; those of edited pixels have none, as before. The
        array is taken over, not copied.
        """
        return replace(self.edited(rgb), unmarked=self.rgb)

    @cached_property
    def is_edited(self) -> bool:
        """Whether any pixel differs from the file."""
        before = self.original.rgb
        return any(not np.array_equal(self.rgb[s], before[s]) for s in self.strips())

    @cached_property
    def is_grey(self) -> bool:
        """Whether no pixel has a colour."""
        return all((self.rgb[s] == self.rgb[s][..., :1]).all() for s in self.strips())

    @cached_property
    def is_bilevel(self) -> bool:
        """Whether all pixels are black or white."""
        return all(np.isin(self.rgb[s], (0, 255)).all() for s in self.strips()) and self.is_grey

    def save(self, path: Path) -> None:
        """Write the photo without any metadata, whole or not at all.

        The suffix of ``path`` names the format; without one it is the format the photo came in.

        Raises:
            MediaError: a format we cannot write, or a picture too large for it.
            DeepmaskError: the place cannot be written.
        """
        row = formats.by_suffix(path.suffix) if path.suffix else formats.by_name(self.format)
        if row is None:
            raise MediaError(
                f"Pictures cannot be saved as '{path.suffix}'; use a name that ends in .jpg, .png or .webp."
            )
        if max(self.size_wh) > row.max_side_px:
            raise MediaError(
                f"A {row.name} file holds at most {row.max_side_px} pixels a side and this picture is "
                f"{self.size_wh[0]} x {self.size_wh[1]}; save it as .png."
            )
        from deepmask.media.writing import write

        write(self, path, row.name)

    def _what_the_edit_costs(self) -> list[str]:
        """Notes on what the file's kind of picture cannot hold any more."""
        if self.original.bilevel and not self.is_bilevel and self.is_grey:
            return ["the picture was pure black and white and is grey now"]
        if self.original.grey and not self.is_grey:
            return ["the picture was greyscale and is in colour now"]
        if self.original.palette is not None and self.format != "GIF" and self.is_edited:
            return ["the picture had a table of colours and is in full colour now"]
        return []
