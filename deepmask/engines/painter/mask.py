"""The painted persona worn over a real face: the engine 'painter' among the face swappers.

Only pose, size, openness of eyes and mouth, gaze and light come from the person. Outline, lips, eyes, nose and brows
are the persona's. Three layers lie over the photo: neck and ears tinted to the persona's skin, a plain skin-coloured
underlay wherever the real face is, and the rendered head; hair that surely lies over the forehead stays in front.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.avatar import Avatar
from deepmask.engines.painter.colours import SKIN_TONES, colour, to_linear, to_srgb
from deepmask.engines.painter.expression import Expression
from deepmask.engines.painter.finish import blurred, grain, grain_of, softness_of
from deepmask.engines.painter.fit import HeadFit, covering, fit_head, towards
from deepmask.engines.painter.geometry import NECK_PIVOT, Array, Array32, smoothstep
from deepmask.engines.painter.identity import HERITAGE_TONES, identity_of
from deepmask.engines.painter.light import Seen, light_for, light_level, see_light
from deepmask.engines.painter.matte import FEATHER_CM, Regions, find_regions
from deepmask.engines.painter.portrait import shoulder
from deepmask.engines.painter.render import HEAD_MATERIALS, render
from deepmask.errors import EngineFailed
from deepmask.faces import Face, Patch, RGBImage
from deepmask.look import Look
from deepmask.persona import Attributes, Persona

CROP_HALF_CM, CROP_CENTRE_CM = 13.0, -1.6
"""The surroundings that a mask may touch: hairline to neck."""
HEAD_HALF_CM = 11.2
"""Half the side of the rendered square."""
STYLISED = {
    "mouth_y": -0.8, "nose_len": 0.8, "eye_space": -0.35, "eye_size": -0.1, "chin_len": 0.8, "brow_y": 0.4,
    "mouth_w": 0.1,
}  # fmt: skip
"""By how much a mask departs from the persona's face, see :class:`FaceShape`: of thirty changes tried, those that take
a face recogniser farthest from whoever is beneath (together about .07 in dlib's distance)."""
USUAL_STRENGTH = 0.8
"""Beyond it the persona's own expression takes over, and its features are moved farther."""
RESTING_LIDS = 0.04
"""How much farther than in portraits the lids are closed: wide eyes under real hair look startled."""
GREY_BELOW = 3.0
"""Mean difference between the channels of a black-and-white photo."""
BAND_PX = 1024
MOST_PX = 760
"""Larger crops are rendered at this size and enlarged."""
FILM_GRAIN = 0.5
"""Share of a frame's noise that is put on: codecs take it away again, and what they leave of it flickers."""
FINE_BELOW_PX = 300
"""Smaller crops are rendered at twice their size."""


class PainterMask:
    """Fulfils :class:`deepmask.engines.protocols.FaceSwapper`."""

    needs_persona = True
    needs_landmarks = True
    min_size_px = 24.0
    max_yaw_degrees = 50.0

    def derive(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """(31,) the light: 27 harmonics and 3 of the mean skin colour (see :class:`Seen`), brightness of the picture.

        Raises:
            EngineFailed: no landmarks.
        """
        if face.landmarks is None:
            raise EngineFailed("Light is read off the landmarks of a face.")
        crop = _Crop(image, fit_head(face.landmarks))
        seen = see_light(crop.small, (0, 0), crop.fit)
        return np.concatenate([seen.harmonics.ravel(), seen.mean, [scene_light(image)]])

    def swap(
        self,
        image: RGBImage,
        face: Face,
        persona: Persona | None,
        *,
        strength: float = 0.8,
        look: Look | None = None,
        derived: NDArray[np.float64] | None = None,
    ) -> Patch:
        """The persona's painted face over ``face``.

        Args:
            strength: how much is covered around the face and how far the features depart from a real face's; beyond
                .8 the persona's own expression takes over, so that at 1 nothing but pose, size, gaze and light is
                the person's.
            derived: the light, from :meth:`derive`; None: that of this picture.

        Raises:
            EngineFailed: no persona, no landmarks, or a head turned too far.
        """
        if persona is None or face.landmarks is None:
            raise EngineFailed("The painter mask needs a persona and the landmarks of the face.")
        fit = fit_head(face.landmarks)
        yaw = max(abs(fit.yaw_degrees), face.yaw_degrees or 0.0)
        if yaw > self.max_yaw_degrees:
            raise EngineFailed(f"The head is turned by {yaw:.0f} degrees; the painter mask fits up to 50.")
        strength = float(np.clip(strength, 0, 1))
        beyond = max(0.0, (strength - USUAL_STRENGTH) / (1 - USUAL_STRENGTH))
        stylised = round(min(1.0, strength / USUAL_STRENGTH) * 4 + beyond * 2) / 4
        avatar = _bare_avatar(*drawable(persona), stylised)
        crop = _Crop(image, fit)
        if derived is None:
            seen, scene = see_light(crop.small, (0, 0), crop.fit), scene_light(image)
        else:
            seen, scene = Seen(derived[:27].reshape(9, 3), derived[27:30]), float(derived[30])
        noise = 1.0 if derived is None else FILM_GRAIN
        return Patch(*_Wearer(avatar, crop, seen, scene, strength, noise).composite(), crop.origin)


def scene_light(image: RGBImage) -> float:
    """Mean linear brightness of a picture, from a grid of its pixels."""
    h, w = image.shape[:2]
    grid = image[:: max(1, h // 64), :: max(1, w // 64)]
    return float(to_linear(grid.astype(np.float32) / 255).mean())


@lru_cache(8)
def _bare_avatar(attributes: Attributes, seed: int, stylised: float) -> Avatar:
    """The persona without its hair, for the person's own stays visible around the mask.

    Args:
        stylised: share of ``STYLISED``, 0..1.5: features move to where hardly a real face has them.
    """
    who = identity_of(attributes, seed)
    moved = {name: getattr(who.face, name) + stylised * change for name, change in STYLISED.items()}
    return Avatar(replace(who, face=replace(who.face, **moved), hair=replace(who.hair, style="bald")))


def drawable(persona: Persona) -> tuple[Attributes, int]:
    """Attributes and seed to draw a persona by; an imported portrait lends its skin, its id all the rest."""
    if persona.attributes is not None:
        return persona.attributes, persona.seed
    seed = int.from_bytes(hashlib.sha256(persona.id.encode()).digest()[:4], "big")
    h, w = persona.portrait.shape[:2]
    middle = persona.portrait[int(h * 0.3) : int(h * 0.65), int(w * 0.35) : int(w * 0.65)].reshape(-1, 3)
    ycc = cv2.cvtColor(middle[None], cv2.COLOR_RGB2YCrCb)[0].astype(int)
    skin = middle[(abs(ycc[:, 1] - 152) < 19) & (abs(ycc[:, 2] - 108) < 23) & (ycc[:, 0] > 30)]
    if len(skin) < 0.05 * len(middle):
        return Attributes(glasses="none", beard="none"), seed
    tone = np.percentile(skin, 65, axis=0).astype(int)
    nearest = min(SKIN_TONES, key=lambda name: float(np.abs(_rgb(SKIN_TONES[name]) - tone).sum()))
    heritages = [name for name, tones in HERITAGE_TONES.items() if nearest in tones]
    colour = "#{:02x}{:02x}{:02x}".format(*tone)
    return Attributes(skin=colour, heritage=heritages[seed % len(heritages)], glasses="none", beard="none"), seed


def _rgb(code: str) -> NDArray[np.int_]:
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)])


class _Crop:
    """The square of the photo around a head, and the same at the size that is worked on."""

    def __init__(self, image: RGBImage, fit: HeadFit) -> None:
        middle = fit.on_picture(np.array([[0.0, CROP_CENTRE_CM, 0.0]]))[0]
        half = max(8, int(np.ceil(CROP_HALF_CM * fit.scale)))
        self.origin = round(float(middle[0])) - half, round(float(middle[1])) - half
        self.side = 2 * half
        self.rgb = _cut(image, self.origin, self.side)
        self.k = min(1.0, MOST_PX / self.side)
        n = round(self.side * self.k)
        small = cv2.resize(self.rgb, (n, n), interpolation=cv2.INTER_AREA) if self.k < 1 else self.rgb
        self.small: RGBImage = np.asarray(small, np.uint8)
        moved = np.array([-self.origin[0], self.origin[1], 0.0])
        self.fit = replace(fit, scale=fit.scale * self.k, shift=(fit.shift + moved) * self.k,
                           points=(fit.points + moved) * self.k)  # fmt: skip

    def window(self, layer: Array32) -> tuple[RGBImage, Array32]:
        """The middle of the crop at full size, and the same of a layer of working size."""
        half = min(self.side, BAND_PX) // 2
        low, high = self.side // 2 - half, self.side // 2 + half
        return self.rgb[low:high, low:high], self.rows(layer, low, high)[:, low:high]

    def rows(self, layer: Array32, start: int, stop: int) -> Array32:
        """Rows start..stop of a layer of working size, enlarged to the size of the crop."""
        if self.k == 1:
            return layer[start:stop]
        k = self.small.shape[0] / self.side
        to_layer = np.array([[k, 0, 0.5 * k - 0.5], [0, k, (start + 0.5) * k - 0.5]])
        size, how = (self.side, stop - start), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(layer, to_layer, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _cut(image: RGBImage, origin: tuple[int, int], side: int) -> RGBImage:
    """(side, side, 3) at ``origin``; beyond the picture its border is repeated."""
    h, w = image.shape[:2]
    x0, y0 = origin
    if x0 >= 0 and y0 >= 0 and x0 + side <= w and y0 + side <= h:
        return np.ascontiguousarray(image[y0 : y0 + side, x0 : x0 + side])
    xs, ys = np.clip(np.arange(x0, x0 + side), 0, w - 1), np.clip(np.arange(y0, y0 + side), 0, h - 1)
    return np.ascontiguousarray(image[ys[:, None], xs[None]])


class _Wearer:
    """One face being covered; works in pixels of the small crop."""

    def __init__(self, avatar: Avatar, crop: _Crop, seen: Seen, scene: float, strength: float, noise: float) -> None:
        self.noise = noise
        self.avatar, self.crop, self.fit = avatar, crop, crop.fit
        self.n = crop.small.shape[0]
        self.margin_cm = 0.10 + 0.25 * strength
        own = avatar.identity.expression
        self.expression: Expression = towards(
            crop.fit.expression.with_lids(RESTING_LIDS),
            own.with_lids(RESTING_LIDS),
            max(0.0, (strength - USUAL_STRENGTH) / (1 - USUAL_STRENGTH)),
        )
        self.seen = seen
        self.albedo: Array = colour(avatar.identity.skin.tone).astype(np.float64)
        self.scene = scene
        self.face: Array = avatar.face(self.expression)
        self.scale, self.shift = covering(self.fit, self.face, self.margin_cm + FEATHER_CM)

    def composite(self) -> tuple[RGBImage, Array32]:
        """Colours (side, side, 3) uint8 and opacity (side, side)."""
        regions = find_regions(self.crop.small, self.fit, self.margin_cm)
        head, head_alpha = self._head(regions)
        skin, around = self._skin_target(), regions.skin_around
        gain, tinted = np.ones((*around.shape, 3), np.float32), around > 1 / 256
        ratio = np.clip(skin / self.seen.mean, 0.2, 3.0)
        gain[tinted] = (1 + (ratio - 1) * around[tinted, None]) ** (1 / 2.2)
        eyes = self.fit.points[[33, 263], :2].mean(0) * [1, -1]
        head = blurred(head, softness_of(self.crop.small, head, (float(eyes[0]), float(eyes[1]))))
        behind = 1 - regions.in_front
        under, over = regions.must_cover * behind, head_alpha * behind
        opacity = under + over - under * over
        paint = self._underlay(skin, regions)
        paint += (head - paint) * (over / np.maximum(opacity, 1e-3))[..., None]
        if np.ptp(self.crop.small, axis=2).mean() < GREY_BELOW:
            gain, paint = _without_colour(gain), _without_colour(paint)
        return self._developed(gain, paint, opacity, around)

    def _developed(self, gain: Array32, paint: Array32, opacity: Array32, around: Array32) -> tuple[RGBImage, Array32]:
        """The photo times ``gain`` under ``paint`` with the photo's grain; in bands, for faces of many megapixels."""
        crop = self.crop
        rgb, touched = np.empty_like(crop.rgb), np.empty(crop.rgb.shape[:2], np.float32)
        sigma = self.noise * grain_of(*crop.window(opacity))
        for start in range(0, crop.side, BAND_PX):
            stop = min(crop.side, start + BAND_PX)
            alpha = crop.rows(opacity, start, stop)
            out = crop.rgb[start:stop] * crop.rows(gain, start, stop)
            out += (crop.rows(paint, start, stop) - out) * alpha[..., None]
            out += (grain(out.shape[0], crop.side, sigma, self.avatar.identity.seed + start) * alpha)[..., None]
            rgb[start:stop] = np.clip(out + 0.5, 0, 255)
            touched[start:stop] = np.maximum(alpha, crop.rows(around, start, stop)) > 1 / 256
        return rgb, touched

    def _head(self, regions: Regions) -> tuple[Array32, Array32]:
        """The rendered head (n, n, 3) in sRGB 0..255 and its soft matte (n, n)."""
        half = int(np.ceil(HEAD_HALF_CM * self.scale))
        middle = self.shift[:2] * [1, -1]
        corner = np.round(middle).astype(int) - half
        size = 2 * half
        pivot = self.scale * (NECK_PIVOT - self.fit.R @ NECK_PIVOT)
        shift = (middle - pivot[:2] * [1, -1]) - corner - half
        linear, alpha = render(
            self.avatar,
            size,
            2 if size < FINE_BELOW_PX else 1,
            R=self.fit.R,
            expression=self.expression,
            light=light_for(self.seen, self.scene, self.albedo),
            px_per_cm=self.scale,
            centre=(0, 0, 0),
            camera=None,
            materials=HEAD_MATERIALS,
            hair=("face",),
            body=False,
            shift=(float(shift[0]), float(shift[1])),
            shadow_size=350,
        )
        rgb = to_srgb(shoulder(linear / np.maximum(alpha, 1e-3)[..., None])) * 255
        rgb, alpha = _placed(rgb, corner, self.n), _placed(alpha, corner, self.n)
        return rgb, alpha * self._matte(regions)

    def _matte(self, regions: Regions) -> Array32:
        """Where the head may be seen: the persona's outline, and what of the real face lies beyond it."""
        q = (self.scale * self.face[lm.OVAL] @ self.fit.R.T + self.shift)[:, :2] * [1, -1]
        m = np.zeros((self.n, self.n), np.float32)
        cv2.fillPoly(m, [np.round(q * 16).astype(np.int32)], (1.0,), cv2.LINE_AA, 4)
        feather = max(0.8, FEATHER_CM * self.scale * 0.5)
        soft = cv2.GaussianBlur(m, (0, 0), feather)
        inside = smoothstep(soft, 0.35, 0.95).astype(np.float32)
        return np.maximum(inside, cv2.GaussianBlur(regions.must_cover, (0, 0), 0.8))

    def _skin_target(self) -> Array:
        """(3,) linear colour of the persona's skin in the light of the photo."""
        level, tint = light_level(self.seen.mean, self.scene, self.albedo)
        target = self.albedo * level * tint * 0.8
        return target * min(1.0, 0.60 / target.max())

    def _underlay(self, skin: Array, regions: Regions) -> Array32:
        """Plain skin (n, n, 3), 0..255, with only the broadest shading of the photo."""
        sigma = 1.2 * self.fit.scale
        luma = cv2.cvtColor(self.crop.small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        weight = np.maximum(regions.must_cover, 1e-3)
        k = max(1, int(sigma / 4))
        small = (self.n // k + 1, self.n // k + 1)
        num = cv2.GaussianBlur(cv2.resize(luma * weight, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / k)
        den = cv2.GaussianBlur(cv2.resize(weight, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / k)
        broad = cv2.resize(num / np.maximum(den, 1e-4), (self.n, self.n), interpolation=cv2.INTER_LINEAR)
        shade = np.clip(broad / max(float(np.median(broad[weight > 0.5])), 1.0), 0.6, 1.15)
        return (to_srgb(skin) * 255 * shade[..., None]).astype(np.float32)


def _without_colour(picture: Array32) -> Array32:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)[..., None].repeat(3, axis=2)


def _placed(layer: Array32, corner: np.ndarray, n: int) -> Array32:
    """``layer`` at ``corner`` on an empty (n, n) canvas."""
    out = np.zeros((n, n, *layer.shape[2:]), np.float32)
    size = layer.shape[0]
    x0, y0 = (int(v) for v in corner)
    X0, Y0, X1, Y1 = max(0, x0), max(0, y0), min(n, x0 + size), min(n, y0 + size)
    if X0 < X1 and Y0 < Y1:
        out[Y0:Y1, X0:X1] = layer[Y0 - y0 : Y1 - y0, X0 - x0 : X1 - x0]
    return out
