"""What a seal holds, and what was found of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.report_json import Saved

Verdict = Literal["authentic", "changed", "unknown key", "not authentic", "not sealed"]
"""authentic: every pixel as somebody known sealed it; changed: sealed, and not all of it is as it was; unknown key: as
sealed, by somebody the user does not know; not authentic: the seal is forged or belongs to another picture; not sealed:
no seal, or one that was destroyed."""

Rectangle = tuple[int, int, int, int]
"""left, top, width, height in whole pixels."""


@dataclass(frozen=True)
class SealReport(Saved):
    """What was laid into a picture, and what reading it back gave."""

    source_name: str
    authentication: str
    """The string to print: of the segmentation maps before and after, the picture and the key."""
    key_id: str
    """Of the key that signed."""
    fingerprint: str
    """Of the original's pixels (:attr:`deepmask.media.Photo.fingerprint`)."""
    restores: bool
    """Whether the seal was read back, its signature held, and taking it out gave every bit of the original."""
    psnr_db: float
    """Of the sealed copy against the original; over 50 nobody sees a difference."""
    ssim: float
    bits: int
    """Laid into the picture."""
    blocks: int
    fine_blocks: int
    """Of these, the small ones where more protection was asked for."""
    may_change: int
    """How many blocks may be changed without the seal becoming unreadable."""
    parser: str
    """The engine of the segmentation maps."""
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """The original can be taken out again."""
        return self.restores

    def summary(self) -> str:
        """One sentence for people."""
        if not self.restores:
            return "The seal could not be read back."
        return (
            f"Sealed as {self.authentication}: {self.blocks} blocks, of which {self.may_change} may be changed and "
            f"the seal still says which; {self.psnr_db:.1f} dB from the original, which it gives back bit for bit."
        )


@dataclass(frozen=True)
class ClassAgreement:
    """One class of the segmentation maps."""

    name: str
    agreement: float
    """0..1, how far its place now is that of the sealed picture."""


@dataclass(frozen=True)
class AuthenticityReport(Saved):
    """What a picture's seal says."""

    source_name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    """Why, a sentence each."""
    signer: str = ""
    """How the user calls who sealed it; empty: nobody they know."""
    key_id: str = ""
    public_key: str = ""
    """Of who sealed it, 64 hex digits."""
    authentication: str = ""
    """The string that was printed when it was sealed."""
    fingerprint: str = ""
    """Of the original, 64 hex digits."""
    blocks: int = 0
    """Of the picture when it was sealed."""
    intact: int = 0
    """Blocks that are as they were."""
    changed_boxes: tuple[Rectangle, ...] = ()
    """Where they are not, in the file's own pixels, however it was turned."""
    bare_boxes: tuple[Rectangle, ...] = ()
    """Where the original's pixels are, which the signature vouches for, but not the seal that was laid into them."""
    cropped: bool = False
    """Whether blocks are not in the picture any more."""
    classes: tuple[ClassAgreement, ...] = ()
    """How the segmentation map of the picture compares with the sealed one; empty where all is as sealed."""
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Every pixel is as somebody known sealed it."""
        return self.verdict == "authentic"

    def summary(self) -> str:
        """One sentence for people."""
        return f"{self.verdict[:1].upper()}{self.verdict[1:]}: {' '.join(self.reasons)}"
