"""What was done to protect a photo, laid out for people."""

from __future__ import annotations

from deepmask.dossier import Dossier, Table, Tone
from deepmask.tag_keys import in_words
from deepmask.tag_report import TagReport

_MEANS = (
    "The id says nothing by itself: whoever has the key of the tag can remove it or lay it again, and whoever has a "
    "picture with it can copy it. What shows that it is yours is the signed record on this computer, which also tells "
    "when the tag lies on a picture that looks different."
)


def tag_dossier(report: TagReport) -> Dossier:
    """A tag, and what it withstood."""
    lost = [trial.what for trial in report.trials if not trial.read]
    tone: Tone = "good" if not lost else "info" if report.safe else "warn"
    after = "It is read after all trials." if not lost else f"It is not read after {' and '.join(lost)}."
    who = "only you can read it" if report.key == "private" else "everybody with Deepmask can read it"
    return Dossier(
        title=f"Tag of {report.source_name}",
        verdict="Tagged" if report.safe else "Tagged, but it holds badly",
        tone=tone,
        summary=f"{in_words(int(report.tag_id, 16))}: {who}. {after}",
        reasons=(_record(report),),
        tables=(_trials(report), _seen(report)),
        notes=(_MEANS, *(f"{note[:1].upper()}{note[1:]}." for note in report.notes)),
    )


def _record(report: TagReport) -> str:
    if not report.recorded:
        return "No record of it was kept."
    signed = "is signed with your key" if report.signed else "is not signed"
    return (
        f"The record of when it was given, and of how the picture roughly looks, is kept on this computer and {signed}."
    )


def _trials(report: TagReport) -> Table:
    rows = tuple((trial.what, "read" if trial.read else "not read") for trial in report.trials)
    return Table("What it withstands", ("The picture", "The tag"), rows, "Tried with this picture before it was kept.")


def _seen(report: TagReport) -> Table:
    rows = (
        ("Strength", f"{report.strength:.2g} grey levels"),
        ("PSNR", f"{report.psnr_db:.1f} dB"),
        ("SSIM", f"{report.ssim:.3f}"),
    )
    return Table("What is seen of it", ("", ""), rows, "From 40 dB on hardly anybody sees a difference.")
