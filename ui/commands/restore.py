"""``deepmask restore``: the originals of sealed photos, bit for bit."""

from __future__ import annotations

from pathlib import Path

import click

from deepmask.signing import Keyring
from pipelines.protect.sealing import refuse_lossy, save_exactly
from pipelines.verify.authenticating import restore
from ui.commands.shared import existing, overwrite_option, progress_bar, read_photo, refuse_existing, say


@click.command()
@click.argument("photo", type=existing)
@click.option("-o", "--out", type=existing, required=True, help="File to write (PNG, TIFF, WebP).")
@click.option("--partly", is_flag=True, help="If blocks were changed, restore the others and leave these as they are.")
@overwrite_option
def command(photo: Path, out: Path, partly: bool, overwrite: bool) -> None:
    """Take the seal out of a photo again: every bit is as it was before it was sealed."""
    refuse_lossy(out)
    refuse_existing([out], overwrite)
    source = read_photo(photo)
    with progress_bar() as progress:
        restored = restore(source, Keyring().known(), partly=partly, progress=progress)
    save_exactly(restored, out)
    say(f"{photo} → {out}: the original, fingerprint {restored.fingerprint[:16]}")
