"""``deepmask demo``: the main job from end to end, on a public-domain photo that scikit-image ships."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from deepmask.media import Photo
from deepmask.progress import part
from deepmask.report_json import noted
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import avatar, photo
from pipelines.avatar import AvatarOptions
from pipelines.photo import PhotoOptions
from pipelines.provenance import render_photo
from ui.commands.shared import existing, overwrite_option, progress_bar, refuse_existing

PROMPT = "a friendly woman in her thirties with fair skin, a chestnut bob and green eyes"
SEED = 2
_NAMES = ("persona.png", "before.png", "after.png", "compare.png", "report.json")


@click.command()
@click.option("-o", "--out", type=existing, default=Path("out/demo"), show_default=True, help="Folder to write.")
@overwrite_option
def command(out: Path, overwrite: bool) -> None:
    """Paint a persona, mask NASA's portrait of Eileen Collins with it, and check the result."""
    refuse_existing([out / name for name in _NAMES], overwrite)
    from skimage import data

    from ui.sheets import row

    before = Photo.from_array(data.astronaut(), "before.png")
    with tempfile.TemporaryDirectory() as folder, progress_bar() as progress:
        vault = Vault(Path(folder))
        (draft,) = avatar.create(PROMPT, SEED, AvatarOptions("painter", 1), progress=part(progress, 0.0, 0.4))
        persona = avatar.keep(draft, "Maya", vault)
        options = PhotoOptions(persona=persona.id)
        plan = photo.analyze(before, Roster(), options, progress=part(progress, 0.4, 0.6))
        after, report = render_photo(before, plan, vault, ".png", progress=part(progress, 0.6, 1.0))
    report = noted(report, after.save(out / "after.png"))
    report.save(out / "report.json")
    compare = row([before.rgb, draft.portrait, after.photo.rgb], 512)
    for name, rgb in {"persona.png": draft.portrait, "before.png": before.rgb, "compare.png": compare}.items():
        Photo.from_array(rgb, name).save(out / name)
    click.echo(f"{report.summary()} Look at {out / 'compare.png'}.")
