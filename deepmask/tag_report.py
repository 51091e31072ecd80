"""What was tagged and what it withstood; which tag was read and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.records import MADE_UP, MASKED, RETAGGED, Standing
from deepmask.report_json import Saved
from deepmask.tag_keys import KeyKind


@dataclass(frozen=True)
class Trial:
    """One thing that was done to the tagged picture to see whether the tag is still read."""

    what: str
    """'as written', 'JPEG 75', 'half size', ..."""
    read: bool
    needed: bool = True
    """Whether the strength is raised until it is read."""


@dataclass(frozen=True)
class TagReport(Saved):
    """One tagged picture or video."""

    source_name: str
    tag_id: str
    """16 hex digits."""
    key: KeyKind
    engine: str
    strength: float
    """Grey levels on medium texture, as it was needed."""
    psnr_db: float
    """Peak signal-to-noise ratio of the change; higher is less visible."""
    ssim: float
    """Structural similarity of the brightness, 1 for equal pictures."""
    trials: tuple[Trial, ...]
    recorded: bool
    """Whether a record of the id was kept."""
    signed: bool
    """Whether that record is signed."""
    notes: tuple[str, ...] = ()
    """What else the user should know, each a clause."""

    @property
    def safe(self) -> bool:
        """The tag was read after each of the trials that matter."""
        return all(trial.read for trial in self.trials if trial.needed)

    def summary(self) -> str:
        """One sentence for people."""
        lost = [trial.what for trial in self.trials if not trial.read]
        seen = f"PSNR {self.psnr_db:.1f} dB, SSIM {self.ssim:.3f}"
        withstood = ", ".join(trial.what for trial in self.trials if trial.read)
        after = f"read after: {withstood}" + (f"; NOT READ after: {', '.join(lost)}" if lost else "")
        return f"Tagged {self.tag_id} at strength {self.strength:.2g} ({seen}); {after}."


GAP_SHARE = 0.01
"""Of a picture: smaller gaps of a tag are chance."""
Fit = Literal["fits", "other", "unsure", ""]
"""Whether a picture is the one its record was made for; empty: there is no record, or it says nothing of it."""


@dataclass(frozen=True)
class TagReading(Saved):
    """What was read in one picture or video."""

    source_name: str
    tag_id: str = ""
    """16 hex digits; empty: no tag was found."""
    key: KeyKind | Literal[""] = ""
    engine: str = ""
    confidence: float = 0.0
    """Deviations by which the pattern stands out."""
    resized: float | None = None
    """By which factor the picture was made smaller or larger since; None where no record tells its size."""
    shown_share: float | None = None
    """Share of the tagged picture's area that is still there, 0..1; None where no record tells its size."""
    angle_degrees: float = 0.0
    """By which it was turned since, anticlockwise."""
    mirrored: bool = False
    stretched: float = 1.0
    """By how much more it was widened than heightened."""
    intact_share: float | None = None
    """Share of the picture in which the tag is as it was laid, 0..1; of a video the mean of pictures that have it."""
    what: str = ""
    """By the record: 'a photo', 'a masked photo', ..."""
    created_at: str = ""
    standing: Standing | Literal[""] = ""
    """Who signed the record; empty: there is none."""
    signer: str = ""
    """Their name, or the id of their key."""
    fit: Fit = ""
    agreement: float | None = None
    """How well the picture agrees with the record: 1 fully, 0 as by chance."""
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a tag."""
        return bool(self.tag_id)

    @property
    def safe(self) -> bool:
        """There is a tag, and nothing speaks against it and its record."""
        return self.found and self.fit != "other" and self.standing != "broken"

    @property
    def made_up(self) -> bool:
        """Whether the record says that something is shown that no camera saw."""
        return any(word in self.what for word in (MASKED, MADE_UP))

    @property
    def retagged(self) -> bool:
        """Whether the picture had another tag before, of which it is not known what it stood for."""
        return RETAGGED in self.what

    def verdict(self) -> str:
        """The answer in a few words."""
        if not self.found:
            return "No tag"
        if self.standing == "broken":
            return "Tagged; its record was tampered with"
        if self.fit == "other":
            return "A copied tag"
        if self.standing == "yours":
            return "Your tag"
        if self.standing == "known":
            return f"The tag of {self.signer}"
        return "Your private tag" if self.key == "private" else "Tagged by Deepmask"

    def summary(self) -> str:
        """One sentence for people."""
        if not self.found:
            return "No tag was found; that does not say that there never was one."
        return f"{self.verdict()}: {self.tag_id}{self._of_record()}{self._of_gaps()}."

    def _of_gaps(self) -> str:
        if self.intact_share is None or self.intact_share > 1 - GAP_SHARE or not self.safe:
            return ""
        return f"; in {1 - self.intact_share:.0%} of it the tag is missing"

    def _of_record(self) -> str:
        if self.standing == "":
            return ", of which this machine has no record"
        if self.standing == "broken":
            return ", whose record does not match its signature"
        when = f", given to {self.what} on {self.created_at[:10]}"
        ends = {
            "fits": "; by its rough likeness this is the picture it was given to",
            "other": "; but this is not the picture it was given to",
            "unsure": "; whether this is the picture it was given to cannot be told",
            "": "",
        }
        return when + ends[self.fit]
