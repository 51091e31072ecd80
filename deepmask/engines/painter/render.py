"""From an avatar to a picture: premultiplied linear colour and alpha, for portraits and for masks over photos."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.avatar import Avatar, Posed
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.expression import Expression
from deepmask.engines.painter.geometry import Array, Array32, rotation, smoothstep, transform, turn_head, unit
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.raster import draw_depth, draw_strands, draw_triangles, in_bands

HEAD_MATERIALS = (sh.SKIN, sh.EYE, sh.TOOTH, sh.CAVITY, sh.GLASSES)
"""What a face mask shows: no ears, no body."""
HairKind = str
"""'scalp' or 'face' (beard); brows and lashes are always drawn."""


def sky_ambient(sky: ArrayLike, ground: ArrayLike, front: ArrayLike = (0, 0, 0)) -> Array:
    """(9, 3) spherical-harmonic ambient light from the colours above, below and before the face."""
    a = np.zeros((9, 3))
    a[0], a[1] = (np.asarray(sky) + np.asarray(ground)) / 2, (np.asarray(sky) - np.asarray(ground)) / 2
    a[2] = front
    return a


@dataclass(frozen=True)
class Lamp:
    """A distant light; ``towards`` points to it, x right, y up, z to the viewer."""

    towards: tuple[float, float, float]
    colour: tuple[float, float, float]
    casts_shadow: bool = False


@dataclass(frozen=True)
class Light:
    """Lamps (the first is the key light) and ambient light as (9, 3) spherical harmonics (see ``shading``)."""

    lamps: tuple[Lamp, ...]
    ambient: Array = field(repr=False)
    catch: float = 0.947
    """Cosine from which the eye mirrors the key light."""
    bump: float = 1.0
    glare: float = 1.0

    def rows(self) -> Array:
        """(n, 7) for the kernels: direction, colour, shadow flag."""
        return np.array([[*unit(np.array(q.towards)), *q.colour, float(q.casts_shadow)] for q in self.lamps])


STUDIO = Light(
    lamps=(
        Lamp((-0.60, 0.55, 0.58), (0.90, 0.825, 0.735), True),
        Lamp((0.85, 0.10, 0.45), (0.085, 0.105, 0.145)),
        Lamp((0.80, 0.40, -0.50), (1.30, 1.25, 1.25)),
        Lamp((-0.9, 0.25, -0.45), (0.60, 0.63, 0.72)),
    ),
    ambient=sky_ambient((0.155, 0.168, 0.195), (0.085, 0.070, 0.064), (0.035, 0.033, 0.030)),
)


@dataclass(frozen=True)
class View:
    """Camera: world cm to pixels of a square picture."""

    pixels: int
    per_cm: float
    centre: tuple[float, float, float]
    distance: float | None
    """cm to the viewer; None = parallel projection."""
    shift: tuple[float, float]
    """Pixels to the right and down."""

    @property
    def eye(self) -> Array:
        """Position of the viewer."""
        return np.array([0.0, 0.0, self.distance or 1e4])

    def project(self, points: NDArray) -> Array32:
        """(..., 3) world points -> x, y in pixels and z in cm."""
        k = self.distance / (self.distance - points[..., 2]) if self.distance else 1.0
        x = (points[..., 0] - self.centre[0]) * k * self.per_cm + self.pixels / 2 + self.shift[0]
        y = -(points[..., 1] - self.centre[1]) * k * self.per_cm + self.pixels / 2 + self.shift[1]
        return np.stack([x, y, points[..., 2]], -1).astype(np.float32)


def render(
    avatar: Avatar,
    size: int = 640,
    supersample: int = 2,
    *,
    R: Array | None = None,
    expression: Expression | None = None,
    light: Light = STUDIO,
    px_per_cm: float = 20.5,
    centre: tuple[float, float, float] = (0.0, -2.0, 0.0),
    camera: float | None = 85.0,
    materials: Collection[int] | None = None,
    hair: Collection[HairKind] = ("scalp", "face"),
    body: bool = True,
    body_hides: bool = False,
    shift: tuple[float, float] = (0.0, 0.0),
    face_offset: Array | None = None,
    shadow_size: int = 700,
) -> tuple[Array32, Array32]:
    """Linear premultiplied colour (size, size, 3) and alpha (size, size).

    Args:
        R: 3x3 head rotation; None = the persona's own pose.
        expression: None = the persona's own.
        camera: distance in cm, or None for a parallel projection.
        materials: draw only parts of these materials; None = all.
        hair: kinds of strands to draw.
        body: whether ears, neck, shoulders and clothes are there.
        body_hides: the body is not painted but hides what lies behind it (to put a head on a photo).
        shift: moves the picture by this many output pixels, right and down.
        face_offset: (468, 3) cm, added to the moved face.
        shadow_size: texels of the shadow map, per side.
    """
    p = avatar.identity
    turn = rotation(*p.pose) if R is None else R
    posed = avatar.posed(p.expression if expression is None else expression, materials, body=body,
                         face_offset=face_offset)  # fmt: skip
    view = View(size * supersample, px_per_cm * supersample, centre, camera,
                (shift[0] * supersample, shift[1] * supersample))  # fmt: skip
    frame = _Frame(avatar, posed, turn, light, view, hair)
    frame.draw_meshes(shadow_size, whole=body)
    if body_hides:
        frame.cut_out_body()
    frame.draw_hair()
    frame.draw_lenses()
    image, alpha = np.minimum(frame.image, 1.25), frame.alpha
    if supersample > 1:
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha, (size, size), interpolation=cv2.INTER_AREA)
    return image.astype(np.float32, copy=False), alpha.astype(np.float32, copy=False)


class _Frame:
    """One picture being drawn."""

    def __init__(
        self, avatar: Avatar, posed: Posed, R: Array, light: Light, view: View, hair: Collection[HairKind]
    ) -> None:
        self.avatar, self.posed, self.R, self.light, self.view = avatar, posed, R, light, view
        self.strands = [
            (g, kind, bias)
            for g, kind, bias in ((avatar.hair.scalp, "scalp", 0.25), (avatar.hair.beard, "face", 0.35))
            if g is not None and kind in hair
        ]
        self.scalp_drawn = any(kind == "scalp" for _, kind, _ in self.strands)
        self.lights = light.rows()
        W = view.pixels
        self.depth = np.full((W, W), -1e9, np.float32)
        self.tri_id = np.full((W, W), -1, np.int32)
        self.image = np.zeros((W, W, 3), np.float32)
        self.alpha = np.zeros((W, W), np.float32)
        self.through = self._light_through_hair()

    def _light_through_hair(self) -> Array32:
        """(lamps, nx, ny, nz): how much of each lamp reaches the cells of the hair's grid.

        A beard alone, as in a mask, is lit by its open sky: hair that is not drawn casts no shadow.
        """
        hair = self.avatar.hair
        out = np.empty((len(self.lights), *hair.density.shape), np.float32)
        for k, lamp in enumerate(self.lights):
            if self.scalp_drawn and (lamp[6] > 0 or lamp[2] < 0):
                out[k] = hair.light_from(self.R.T @ lamp[:3])
            else:
                out[k] = hair.open_sky
        return out

    def draw_meshes(self, shadow_size: int, *, whole: bool) -> None:
        """Rasterize and shade all meshes."""
        scene, view, W = self.posed.scene, self.view, self.view.pixels
        follow = scene.follow[:, None]
        world = scene.vertices + (turn_head(scene.vertices, self.R) - scene.vertices) * follow
        normals = scene.normals + (transform(scene.normals, self.R) - scene.normals) * follow
        bary = np.zeros((W, W, 2), np.float32)
        in_bands(draw_triangles, W, view.project(world), scene.triangles, self.depth, self.tri_id, bary)
        shadow, axes, origin, per_cm = self._shadow_map(world, shadow_size, whole)
        look = scene.look.copy()
        self._hair_shadows(look)
        p, avatar = self.avatar.identity, self.avatar
        iris = np.array([0.585, *(colour(p.eye) * 1.9), *(colour("#8a5a2a") * 0.8), 0.3, 0.46, self.light.catch, 1.0])
        in_bands(
            sh.shade, W, self.tri_id, bary, scene.triangles, scene.material, world.astype(np.float32),
            normals.astype(np.float32), look, avatar.skin, avatar.cloth, shadow, axes, origin, per_cm, self.lights,
            self.light.ambient, iris, view.eye, float(self.light.bump), self.image,
        )  # fmt: skip
        self.alpha[:] = self.tri_id >= 0
        self._scatter()

    def _shadow_map(self, world: Array, size: int, whole: bool) -> tuple[Array32, Array, Array, float]:
        """Depth seen from the key light, its axes (3, 3), origin (2,) and texels per cm."""
        Lz = self.lights[0, :3]
        Lx = unit(np.cross([0, 1, 0], Lz))
        axes = np.array([Lx, np.cross(Lz, Lx), Lz])
        half, middle = (19.0, np.array([0, -3.0, 0])) if whole else (12.0, np.array([0, 1.0, -2.0]))
        origin = np.array([(middle * axes[0]).sum() - half, (middle * axes[1]).sum() - half])
        per_cm = size / (2 * half)
        scene = self.posed.scene
        q = transform(world, axes)
        q[:, :2] = (q[:, :2] - origin) * per_cm
        depth = np.full((size, size), -1e9, np.float32)
        solid = np.ascontiguousarray(scene.triangles[scene.material != sh.GLASSES])
        in_bands(draw_depth, size, q.astype(np.float32), solid, depth)
        return depth, axes, origin, per_cm

    def _hair_shadows(self, look: Array32) -> None:
        """Shadows of the hair on the meshes; hair also blocks the lamps behind, else cheeks get a white edge."""
        if not self.scalp_drawn:
            return
        hair, V = self.avatar.hair, self.posed.scene.vertices
        look[:, sh.HAIR_SHADOW] = hair.shadow_on(V, self.through[0])
        dimmed = np.zeros(len(V))
        for k, lamp in enumerate(self.lights):
            if lamp[2] < 0:
                near = smoothstep(V[:, 0] * np.sign(lamp[0]), -2.5, 2.5)
                dimmed += near * (1 - hair.shadow_on(V, self.through[k]))
        look[:, sh.RIM_SHADOW] = 1 - np.clip(dimmed, 0, 1)

    def _scatter(self) -> None:
        """Red light spreads under the skin (d'Eon and Luebke, 2007, reduced to one blur of one channel)."""
        material = np.append(self.posed.scene.material, np.int32(-1))[self.tri_id]
        skin = ((material == sh.SKIN) | (material == sh.FLESH)).astype(np.float32)
        rows, columns = np.flatnonzero(skin.any(1)), np.flatnonzero(skin.any(0))
        if not len(rows):
            return
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        skin, red = skin[window], self.image[..., 0][window]
        sigma = 0.085 * self.view.per_cm
        spread = cv2.GaussianBlur(red * skin, (0, 0), sigma) / (cv2.GaussianBlur(skin, (0, 0), sigma) + 1e-4)
        red += (spread - red) * skin * np.float32(0.45)

    def cut_out_body(self) -> None:
        """Remove pixels of the body, but let it hide the hair behind it."""
        scene = self.posed.scene
        fixed = np.append(scene.follow[scene.triangles].mean(1) < 0.9, False)
        hidden = fixed[self.tri_id]
        self.alpha[hidden], self.image[hidden] = 0, 0
        self.depth[hidden] -= 0.4

    def draw_hair(self) -> None:
        """Shade and paint the strands."""
        hair, R, per_cm = self.avatar.hair, self.R, self.view.per_cm
        batch = _Segments()
        for g, kind, bias in self.strands:
            step = 1 if kind == "scalp" else max(1, round(30 / per_cm))  # a small beard needs fewer, wider strands
            points = hair.placed(g, self.posed.surface, step)
            world = turn_head(points, R)
            screen = self.view.project(world) + np.array([0, 0, bias], np.float32)
            seen = self._seen(screen)
            near = seen.copy()  # a segment is drawn when one of its ends is seen
            near[:, 1:] |= seen[:, :-1]
            near[:, :-1] |= seen[:, 1:]
            rgb = hair.shaded(
                g, step, points, world, near, R, self.through, self.lights, self.light.ambient, self.view.eye
            )
            width = g.width[::step] * np.float32(per_cm * step**0.7)
            batch.add(screen, rgb, width, g.opacity[::step], seen)
        level = np.float32(0.25 + 0.75 * np.clip(self.lights[0, 3:6], 0, 1.2))
        for q in hair.brows_and_lashes.on(self.posed.face, self.posed.eyeballs):
            screen = self.view.project(turn_head(q.points, R)) + np.array([0, 0, 0.45], np.float32)
            rgb = np.repeat((q.colour * level)[:, None], q.points.shape[1], 1)
            batch.add(screen, rgb, q.width * np.float32(per_cm), q.opacity, self._seen(screen))
        layer = np.zeros((*self.depth.shape, 4), np.float32)
        in_bands(
            draw_strands, self.view.pixels, self.image, self.alpha, self.depth, layer, *batch.arrays(), batch.order()
        )

    def _seen(self, screen: Array32) -> NDArray[np.bool_]:
        """(n, T): points inside the picture that no mesh hides."""
        x, y = screen[..., 0].astype(np.int32), screen[..., 1].astype(np.int32)
        W = self.view.pixels
        inside = (x >= 0) & (y >= 0) & (x < W) & (y < W)
        return inside & (screen[..., 2] > self.depth[np.clip(y, 0, W - 1), np.clip(x, 0, W - 1)] - 0.3)

    def draw_lenses(self) -> None:
        """Tint and reflections of spectacle lenses."""
        for rim in self.posed.lenses:
            outline = self.view.project(turn_head(rim, self.R))[:, :2]
            _draw_lens(self.avatar.identity, self.image, self.alpha, outline, self.light.glare)


class _Segments:
    """Strands of several kinds, gathered for one pass of :func:`raster.draw_strands`."""

    def __init__(self) -> None:
        self._points: list[Array32] = []
        self._colours: list[Array32] = []
        self._opacities: list[Array32] = []
        self._widths: list[Array32] = []
        self._drawn: list[NDArray[np.bool_]] = []

    def add(self, screen: Array32, rgb: Array32, width: Array32, opacity: Array32, seen: NDArray[np.bool_]) -> None:
        """screen, rgb (n, T, 3); width, opacity (n, T); seen (n, T): segments with no end seen are left out."""
        drawn = np.zeros(seen.shape, bool)  # whether the segment that starts here is drawn
        drawn[:, :-1] = seen[:, :-1] | seen[:, 1:]
        self._points.append(screen.reshape(-1, 3))
        self._colours.append(np.ascontiguousarray(rgb, np.float32).reshape(-1, 3))
        self._opacities.append(opacity.ravel())
        self._widths.append(width.ravel())
        self._drawn.append(drawn.ravel())

    def arrays(self) -> tuple[Array32, Array32, Array32, Array32]:
        """Points (n, 3), colours (n, 3), opacities (n,), widths (n,)."""
        join = np.concatenate
        return join(self._points), join(self._colours), join(self._opacities), join(self._widths)

    def order(self) -> NDArray[np.intp]:
        """Starts of the segments, front to back; ranks of 16 bits make the sort linear and stable."""
        start = np.flatnonzero(np.concatenate(self._drawn))
        if not len(start):
            return start
        z = np.concatenate(self._points)[:, 2]
        depth = z[start] + z[start + 1]
        low, high = depth.min(), depth.max()
        rank = ((high - depth) * np.float32(65535 / max(high - low, 1e-6))).astype(np.uint16)
        return start[np.argsort(rank, kind="stable")]


def _draw_lens(p: Identity, image: Array32, alpha: Array32, rim: Array32, glare: float) -> None:
    """One lens, in place; only its bounding box is touched."""
    (x0, y0), (x1, y1) = rim.min(0), rim.max(0)
    h, w = alpha.shape
    left, right, top, bottom = max(0, int(x0) - 1), min(w, int(x1) + 2), max(0, int(y0) - 1), min(h, int(y1) + 2)
    if left >= right or top >= bottom:
        return
    m = np.zeros((bottom - top, right - left), np.float32)
    cv2.fillPoly(m, [np.round((rim - [left, top]) * 8).astype(np.int32)], (1.0,), cv2.LINE_AA, 3)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    u = (x - x0) / (x1 - x0) + (y - y0) / (y1 - y0)
    shine = (np.exp(-(((u - 0.62) / 0.10) ** 2)) * 0.07 + np.exp(-(((u - 0.82) / 0.04) ** 2)) * 0.05 + 0.012) * glare
    view, cover = image[top:bottom, left:right], alpha[top:bottom, left:right]
    if p.glasses == "sunglasses":
        fade = np.clip((y - y0) / (y1 - y0), 0, 1)[..., None]
        k = m[..., None] * 0.975 * (1 - 0.10 * fade)
        view += (colour("#20242b") * (0.30 + 0.5 * fade) - view) * k
        shine = shine * 1.3
    view += ((shine * m * cover)[..., None] * np.array([0.9, 0.95, 1.0], np.float32)).astype(np.float32)
