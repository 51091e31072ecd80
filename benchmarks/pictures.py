"""``python -m benchmarks.pictures [FOLDER]``: the pictures of the README, made anew (default: docs/pictures).

The people are Eileen Collins (NASA, in scikit-image) and Grace Hopper (US Navy, in matplotlib), both in the public
domain.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

from benchmarks import screenshot
from benchmarks.body_truth import compose
from deepmask.body_plan import BodyAction, BodyDecision
from deepmask.faces import Box, RGBImage, clip_box, enlarge
from deepmask.files import write_bytes
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.plan import Action, Decision
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import avatar, body, photo
from pipelines.avatar import AvatarOptions, Draft
from pipelines.photo import PhotoOptions
from pipelines.protect.tagging import tag
from pipelines.verify.detecting import detect
from ui.commands.demo import PROMPT, SEED
from ui.sheets import grid, row

FOLDER = Path("docs/pictures")
QUALITY = 84
HERO = np.s_[:384, 32:416]

GALLERY = (
    ("a good young indian office employee, black hair, male", 4),
    ("woman in her forties, fair skin, red curls, round glasses", 3),
    ("old man, fair skin, white hair, full beard, kind", 2),
    ("young black woman, long hair, happy, party dress", 2),
    ("east asian man in his thirties, glasses, black suit", 6),
    ("blonde woman, bob, freckles, blue eyes, fair skin, beach", 2),
    ("middle eastern man, stubble, cool, sunglasses, night", 8),
    ("elderly latina woman, grey hair in a bun, laughing", 7),
)
"""Prompts of the sheet of personas, each with its seed."""


def astronaut() -> Photo:
    """Eileen Collins, 512 × 512 px."""
    return Photo.from_array(data.astronaut(), "collins.png")


def admiral() -> Photo:
    """Grace Hopper, 512 × 606 px."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        return Photo.from_array(np.asarray(image.convert("RGB")), "hopper.png")


def draft(prompt: str, seed: int, style: str = "painter", size_px: int = 384) -> Draft:
    """One portrait."""
    return avatar.create(prompt, seed, AvatarOptions(style, 1, size_px))[0]


def masked(source: Photo, decision: Decision, vault: Vault) -> RGBImage:
    """The photo with every face masked the same way."""
    plan = photo.analyze(source, Roster())
    for region in plan.regions:
        plan = plan.with_region(region.decided(decision))
    result = photo.render(source, plan, vault)
    for outcome in result.outcomes:
        print(f"  {source.name}: wanted {decision.persona or decision.action}, got {outcome.engine}. {outcome.note}")
    return result.photo.rgb


def close_up(rgb: RGBImage, box: Box) -> RGBImage:
    """A square around a face, with hair and collar."""
    x1, y1, x2, y2 = clip_box(enlarge(box, 2.0), (rgb.shape[1], rgb.shape[0]))
    side = min(x2 - x1, y2 - y1)
    return rgb[y1 : y1 + side, x1 : x1 + side]


def hero(vault: Vault, maya: Persona) -> RGBImage:
    """Before, the persona, after."""
    before = astronaut()
    after = masked(before, Decision("persona", maya.id), vault)
    return row([before.rgb[HERO], maya.portrait, after[HERO]], 400)


def personas(vault: Vault, maya: Persona) -> RGBImage:
    """Eight prompts."""
    return grid([draft(prompt, seed).portrait for prompt, seed in GALLERY], 4, 290)


def styles(vault: Vault, maya: Persona) -> RGBImage:
    """The same four people painted and illustrated."""
    painted = [draft(prompt, seed).portrait for prompt, seed in GALLERY[4:]]
    drawn = [draft(prompt, seed, "illustrated").portrait for prompt, seed in GALLERY[4:]]
    return grid(painted + drawn, 4, 290)


def masks(vault: Vault, maya: Persona) -> RGBImage:
    """Two people without a mask and with each kind."""
    actions: tuple[Action, ...] = ("vector", "pixelate", "solid")
    decisions = [Decision("persona", maya.id), *(Decision(action) for action in actions)]
    tiles = []
    for source in (astronaut(), admiral()):
        box = photo.analyze(source, Roster()).regions[0].box_xyxy
        tiles.append(close_up(source.rgb, box))
        tiles += [close_up(masked(source, decision, vault), box) for decision in decisions]
    return grid(tiles, 1 + len(decisions), 230)


def bodies(vault: Vault, maya: Persona) -> RGBImage:
    """Three people: the nearest becomes the persona, the others silhouettes, cells, or nothing."""
    source = Photo.from_array(compose("near and far").image, "three.png")
    plan = body.analyze(source, Roster(), body.BodyOptions(bystanders="face", faces=PhotoOptions(persona=maya.id)))
    others = sorted(plan.regions, key=lambda region: region.area.pixels)[:-1]
    actions: tuple[BodyAction, ...] = ("silhouette", "pixelate", "remove")
    tiles = [source.rgb]
    for action in actions:
        for other in others:
            plan = plan.decided(other.id, BodyDecision(action))
        tiles.append(body.render(source, plan, vault).photo.rgb)
    return row(tiles, 246)


def fake(vault: Vault, maya: Persona) -> RGBImage:
    """A tagged photo, the same with somebody else's face after compression, and where the tag is missing."""
    tagged = tag(astronaut()).photo
    swapped = Photo.from_array(as_jpeg(masked(tagged, Decision("persona", maya.id), vault), 75), "shared.jpg")
    found = detect(swapped)
    print(f"  a swapped face in a tagged photo: {found.report.summary()}")
    return row([tagged.rgb[HERO], swapped.rgb[HERO], found.dossier().exhibits[0].image[HERO]], 400)


def as_jpeg(rgb: RGBImage, quality: int) -> RGBImage:
    """What comes back out of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def app(vault: Vault, maya: Persona) -> RGBImage:
    """The app with a masked photo."""
    photo_in_landscape = Photo.from_array(np.ascontiguousarray(data.astronaut()[:330, 4:444]), "launch.jpg")
    return screenshot.masked_photo(photo_in_landscape, maya)


PICTURES: dict[str, Callable[[Vault, Persona], RGBImage]] = {
    "hero": hero,
    "personas": personas,
    "styles": styles,
    "masks": masks,
    "bodies": bodies,
    "fake": fake,
    "app": app,
}


def main() -> None:
    """Write all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as home:
        vault = Vault(Path(home))
        maya = avatar.keep(draft(PROMPT, SEED, size_px=512), "Maya", vault)
        for name, make in PICTURES.items():
            if name == "app" and (missing := screenshot.browser_missing()):
                print(f"{folder / name}.jpg stays as it is: {missing} missing.")
                continue
            file = io.BytesIO()
            Image.fromarray(make(vault, maya)).save(file, "JPEG", quality=QUALITY, optimize=True, subsampling=0)
            write_bytes(folder / f"{name}.jpg", file.getvalue())
            print(f"{folder / name}.jpg: {len(file.getvalue()) // 1024} kB")


if __name__ == "__main__":
    main()
