"""The second portrait style: a flat illustration of the same person.

Identity, colours and proportions come from the painter, so the drawn and the painted persona are recognisably one.
"""

from __future__ import annotations

from deepmask import __version__
from deepmask.engines.illustrated import clothes, face, hair, scene
from deepmask.engines.illustrated.palette import palette_of
from deepmask.engines.illustrated.pen import Pen
from deepmask.engines.illustrated.proportions import proportions_of
from deepmask.engines.painter.identity import identity_of
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, silent
from deepmask.wishes import Preview, Wishes, unseen

__all__ = ["Illustrator"]


class Illustrator:
    """Draws personas with flat shapes; fulfils ``PortraitPainter``."""

    def paint(
        self,
        attributes: Attributes,
        seed: int,
        size_px: int = 512,
        *,
        wishes: Wishes | None = None,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """A (size_px, size_px, 3) illustration; the same arguments give the same bits in every process."""
        progress(0.0, "drawing")
        who = identity_of(attributes, seed)
        colours, p = palette_of(who), proportions_of(who)
        pen, head = Pen(size_px), face.head_path(p)
        do = hair.hairdo(who.hair.style, p, who.female)
        scene.draw_scene(pen, attributes.background or "studio", seed)
        tilt = 3.0 if who.pose[0] > 0 else -3.0
        with pen.tilted(tilt, 0, -9):
            hair.draw_back(pen, do, colours)
        face.draw_neck(pen, who, p, colours, head)
        clothes.draw_clothes(pen, who, colours)
        with pen.tilted(tilt, 0, -9):
            if who.hair.style not in hair.COVERS_EARS:
                face.draw_ears(pen, p, colours)
            face.draw_face(pen, who, p, colours, head)
            hair.draw_cast(pen, do, colours, head)
            face.draw_beard(pen, who, p, colours, head)
            face.draw_mouth(pen, who, p, colours)
            face.draw_eyes(pen, who, p, colours)
            face.draw_brows(pen, who, p, colours)
            hair.draw_front(pen, do, colours)
            face.draw_glasses(pen, who, p)
        progress(1.0, "drawn")
        return pen.picture()

    def recipe(self, wishes: Wishes | None = None) -> dict[str, str]:
        """Attributes and seed say all, but for the version of the code."""
        return {"deepmask": __version__}
