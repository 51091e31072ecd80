"""How fast the painter paints: portraits, masks over a photographed face, and a whole photo with several faces."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from benchmarks.tables import Measure, print_table, seconds
from deepmask import engines
from deepmask.faces import Face, RGBImage
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.prompt import read
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import avatar, photo
from pipelines.avatar import AvatarOptions
from pipelines.photo import PhotoOptions

PORTRAIT_BAR_S = 0.8
MASK_BAR_MS = 100
PHOTO_BAR_S = 3.5
CROP_PX = 450
"""Side of the patch whose time is told."""

PROMPTS = (
    "a good young indian office employee, black hair, male",
    "old woman with white hair in a bun, round glasses",
    "man with a full red beard and long hair",
    "woman with an afro, laughing, on a beach",
)


def portrait_seconds(style: str) -> float:
    """Median time of a portrait of a persona that was never drawn before, 512 px, after warm-up."""
    painter = engines.load("portrait_painter", style)
    painter.paint(Attributes(), 0)
    seeds = iter(range(1, 1000))
    readings = [read(prompt).attributes for prompt in PROMPTS]
    return seconds(lambda: [painter.paint(attributes, next(seeds)) for attributes in readings]) / len(readings)


def mask_milliseconds(name: str) -> float:
    """Median time of one mask in a patch of about ``CROP_PX``, as for the frames of a clip: the persona is known."""
    swapper = engines.load("face_swapper", name)
    persona = _persona()
    image = data.astronaut()
    rows, columns = swapper.swap(image, _face(image), persona).alpha.shape
    factor = CROP_PX / max(rows, columns)
    side = round(image.shape[0] * factor)
    image = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS))
    face = _face(image)
    swapper.swap(image, face, persona)
    return 1000 * seconds(lambda: swapper.swap(image, face, persona), 11)


def _persona() -> Persona:
    attributes = read(PROMPTS[0]).attributes
    portrait = engines.load("portrait_painter", "painter").paint(attributes, 7)
    return Persona("p", "P", "painter", portrait, 7, PROMPTS[0], attributes)


def _face(image: RGBImage) -> Face:
    box = engines.load("face_finder", "fast").find(image)[0].box_xyxy
    return Face(box, 1.0, engines.load("face_landmarker").fit(image, box), 0.0)


def photo_of_five() -> RGBImage:
    """A photo, (1000, 1500, 3), with five faces of different sizes: one person several times, some of them mirrored."""
    person = Image.fromarray(data.astronaut()[:300, 60:360])
    canvas = Image.new("RGB", (1500, 1000), (190, 186, 178))
    for n, (x, y, side) in enumerate(
        ((20, 40, 420), (540, 20, 500), (1080, 60, 400), (200, 560, 380), (800, 580, 360))
    ):
        tile = person.resize((side, side), Image.Resampling.LANCZOS)
        canvas.paste(tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if n % 2 else tile, (x, y))
    return np.asarray(canvas)


def photo_seconds(persona: str | None) -> tuple[float, int]:
    """Median time to analyse, render and check the photo of five, and the number of faces found."""
    rgb = photo_of_five()
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder))
        (draft,) = avatar.create(PROMPTS[0], 7, AvatarOptions(count=1))
        avatar.keep(draft, "P", vault)
        options = PhotoOptions(persona=persona)

        def work() -> int:  # a new photo each time, since measurements of a photo are remembered
            return len(photo.mask(Photo.from_array(rgb, "five.png"), vault, Roster(), options).plan.regions)

        found = work()
        return seconds(work, 3), found


def main() -> None:
    """Print the times."""
    measures = [
        Measure("painter: portrait, 512 px", portrait_seconds("painter"), "s", PORTRAIT_BAR_S),
        Measure("illustrated: portrait, 512 px", portrait_seconds("illustrated"), "s", PORTRAIT_BAR_S),
        Measure(f"painter: mask, {CROP_PX} px patch", mask_milliseconds("painter"), "ms", MASK_BAR_MS),
    ]
    for label, persona in (("a persona for all", "P"), ("bystanders pixelated", None)):
        took, found = photo_seconds(persona)
        measures.append(Measure(f"photo 1500 × 1000 px, {found} faces, {label}", took, "s", PHOTO_BAR_S))
    print_table("Times of the painter, and of a whole photo", measures)


if __name__ == "__main__":
    main()
