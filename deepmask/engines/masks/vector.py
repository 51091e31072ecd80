"""A drawn theatre mask, worn by the head: it turns and tilts with it and stands in the light of the scene.

The mask is a rigid shell, so neither expression nor proportions of the face beneath come through. Only the pose, the
size and three numbers about the light are taken from the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from deepmask.engines.masks import theatre
from deepmask.engines.masks.light import Light, scene_light
from deepmask.errors import EngineFailed
from deepmask.faces import Face, Landmarks, Patch, RGBImage
from deepmask.head_pose import Similarity, frontal_face, head_pose, similarity_fit
from deepmask.landmark_points import MESH_SIZE, RIGID
from deepmask.look import Look
from deepmask.persona import Persona

_LEVELS = (12, 24, 40)
"""Pixels a centimetre at which the mask is kept; the next larger one is taken, so that nothing aliases."""
_GRID = (31, 39)
"""Columns and rows of the mesh that carries the drawing."""
_RENDER_PX = 1400
"""Larger masks are drawn at this size and scaled up."""
_MARGIN = 1.04
"""How much larger than the face the mask is."""
_MOST_SCALE = 1.5


class VectorMask:
    """Ivory and teal, a gold seam, dark almond eyes."""

    needs_persona = False
    needs_landmarks = True
    min_size_px = 16.0
    max_yaw_degrees = 60.0

    def swap(
        self,
        image: RGBImage,
        face: Face,
        persona: Persona | None = None,
        *,
        strength: float = 0.8,
        look: Look | None = None,
    ) -> Patch:
        """The patch that hides ``face`` behind the mask.

        Raises:
            EngineFailed: there are no landmarks, or the head is turned too far.
        """
        landmarks = face.landmarks
        if landmarks is None:
            raise EngineFailed("The theatre mask needs the landmarks of a face, and none could be fitted.")
        yaw = abs(head_pose(landmarks).yaw)
        if yaw > self.max_yaw_degrees:
            raise EngineFailed(f"The head is turned by {yaw:.0f}° and the theatre mask works up to 60°.")
        rigid = list(RIGID)
        worn = similarity_fit(frontal_face()[rigid], landmarks[rigid])
        size = _needed_size(worn, landmarks)
        mesh = worn.apply(_grid_points() * size)
        light = scene_light(image, landmarks, _landmark_normals() @ worn.rotation.T.astype(np.float32))
        return _draw(mesh, _lit(worn, light, size), landmarks)


def _needed_size(worn: Similarity, landmarks: Landmarks) -> float:
    """By how much the mask is enlarged about the middle of the face so that all landmarks lie behind it."""
    on_mask = (landmarks[:MESH_SIZE] - worn.shift) @ worn.rotation / worn.scale
    outline = theatre.outline()
    angles = np.arctan2(outline[:, 1], outline[:, 0])
    order = np.argsort(angles)
    reach = np.hypot(outline[order, 0], outline[order, 1])
    allowed = np.interp(np.arctan2(on_mask[:, 1], on_mask[:, 0]), angles[order], reach, period=2 * np.pi)
    return float(np.clip(_MARGIN * (np.hypot(on_mask[:, 0], on_mask[:, 1]) / allowed).max(), 1.0, _MOST_SCALE))


def _grid_points() -> NDArray[np.float64]:
    """(rows * columns, 3) points of the shell in centimetres."""
    xs, ys = _grid_lines()
    x, y = (part.ravel() for part in np.meshgrid(xs, ys))
    return np.column_stack([x, y, _sampled(theatre.relief().depth, x, y)]).astype(np.float64)


def _grid_lines() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns, rows = _GRID
    return (
        theatre.LEFT_CM + np.linspace(0.1, theatre.WIDTH_CM - 0.1, columns),
        theatre.TOP_CM + np.linspace(0.1, theatre.HEIGHT_CM - 0.1, rows),
    )


def _landmark_normals() -> NDArray[np.float32]:
    """(468, 3) normals of the mean face."""
    face = frontal_face()
    return _sampled(theatre.relief().normals, face[:, 0], face[:, 1])


def _sampled(field: NDArray[np.float32], x_cm: NDArray[np.float64], y_cm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values of a field over the sheet at points (N,)."""
    x = ((x_cm - theatre.LEFT_CM) * theatre.RELIEF_PX_PER_CM - 0.5).astype(np.float32)[None]
    y = ((y_cm - theatre.TOP_CM) * theatre.RELIEF_PX_PER_CM - 0.5).astype(np.float32)[None]
    values = np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    return values.reshape(-1, *field.shape[2:])


def _lit(worn: Similarity, light: Light, size: float) -> NDArray[np.uint8]:
    """(h, w, 4) the drawing in the light of the scene, premultiplied RGBA."""
    level = next((px for px in _LEVELS if px >= worn.scale * size), _LEVELS[-1])
    drawing = theatre.drawing(level)
    normals = theatre.relief().normals @ worn.rotation.T.astype(np.float32)
    slope = 0.8 * light.direction + _FROM_ABOVE
    diffuse = (1 + slope[2]) + normals @ slope
    diffuse *= 0.8 + 0.2 * np.clip(-normals[..., 2], 0, 1)
    gain = np.clip(diffuse, 0.45, 1.2)[..., None] * (light.exposure * light.tint)
    towards = np.array([slope[0], slope[1], -0.7], np.float32)
    half = towards / np.linalg.norm(towards) + (0, 0, -1)
    gloss = np.clip(normals @ (half / np.linalg.norm(half)).astype(np.float32), 0, 1)
    for _ in range(5):  # to the power of 32
        gloss *= gloss
    gloss *= 34 * light.exposure
    # OpenCV, since these are the large arrays: numpy takes five times as long
    wh = drawing.alpha.shape[::-1]
    lit = cv2.multiply(drawing.rgb, cv2.resize(gain.astype(np.float32), wh))
    lit = cv2.add(lit, cv2.merge([cv2.resize(gloss, wh)] * 3))
    lit = cv2.min(lit, cv2.merge([drawing.alpha] * 3))
    return cv2.merge([lit, drawing.alpha]).astype(np.uint8)


_FROM_ABOVE = np.array([0.0, -0.22, -0.1], np.float32)
"""Most light comes from above; flat light would leave the shell without a form."""


def _draw(mesh: NDArray[np.float64], drawing: NDArray[np.uint8], landmarks: Landmarks) -> Patch:
    """The posed mask with the opaque lining beneath it and the shadow it throws."""
    lining = _lining(landmarks)
    low = np.floor(np.minimum(mesh[:, :2].min(0), lining.min(0))).astype(int) - 2
    high = np.ceil(np.maximum(mesh[:, :2].max(0), lining.max(0))).astype(int) + 2
    w, h = (int(v) for v in high - low)
    longer = max(w, h)
    scale = 2.0 if longer < 300 else min(1.0, _RENDER_PX / longer)
    size = max(1, round(w * scale)), max(1, round(h * scale))
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    canvas = skia.Canvas(pixels, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    canvas.scale(size[0] / w, size[1] / h)
    canvas.translate(0.5 - float(low[0]), 0.5 - float(low[1]))
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in lining], True)
    canvas.drawPath(path, skia.Paint(Color=_LINING, AntiAlias=True))
    _draw_mesh(canvas, mesh, drawing)
    if size != (w, h):
        pixels = cv2.resize(pixels, (w, h), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    return _with_shadow(np.asarray(pixels, np.uint8), (int(low[0]), int(low[1])))


_LINING = skia.Color(46, 42, 44)


def _lining(landmarks: Landmarks) -> NDArray[np.float32]:
    """Convex outline (N, 2) around the face in the picture: whatever the mask leaves bare is dark cloth."""
    hull = cv2.convexHull(landmarks[:MESH_SIZE, :2].astype(np.float32))[:, 0]
    outward = hull - hull.mean(0)
    return np.asarray(hull + 0.015 * outward + outward / np.linalg.norm(outward, axis=1, keepdims=True), np.float32)


def _draw_mesh(canvas: skia.Canvas, mesh: NDArray[np.float64], drawing: NDArray[np.uint8]) -> None:
    columns, rows = _GRID
    corner = np.arange(columns * rows).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    p, q, r = (mesh[triangles[:, k], :2] for k in range(3))
    area = (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])
    triangles = triangles[area > 0]
    far_first = np.argsort(-mesh[triangles, 2].mean(1), kind="stable")
    xs, ys = _grid_lines()
    px_per_cm = drawing.shape[1] / theatre.WIDTH_CM
    u, v = np.meshgrid((xs - theatre.LEFT_CM) * px_per_cm, (ys - theatre.TOP_CM) * px_per_cm)
    vertices = skia.Vertices(
        skia.Vertices.kTriangles_VertexMode,
        [skia.Point(x, y) for x, y in mesh[:, :2].tolist()],
        [skia.Point(x, y) for x, y in zip(u.ravel().tolist(), v.ravel().tolist(), strict=True)],
        None,
        triangles[far_first].ravel().tolist(),
    )
    image = skia.Image.fromarray(drawing, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    sampling = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    paint = skia.Paint(Shader=image.makeShader(skia.TileMode.kDecal, skia.TileMode.kDecal, sampling), AntiAlias=True)
    canvas.drawVertices(vertices, paint)


def _with_shadow(pixels: NDArray[np.uint8], origin_xy: tuple[int, int]) -> Patch:
    """The patch of premultiplied ``pixels`` with a soft shadow on what lies around."""
    reach = max(1.0, 0.03 * pixels.shape[0])
    pad = int(np.ceil(3 * reach))
    pixels = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)))
    solid = pixels[..., 3].astype(np.float32) / 255
    shadow = 0.4 * _blurred(np.roll(solid, round(reach * 0.6), axis=0), reach) * (1 - solid)
    alpha = solid + shadow
    rgb = pixels[..., :3].astype(np.float32) / np.maximum(alpha, 1e-3)[..., None]
    return Patch(np.clip(np.rint(rgb), 0, 255).astype(np.uint8), alpha, (origin_xy[0] - pad, origin_xy[1] - pad))


def _blurred(field: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """A wide blur, made on a small copy."""
    shrink = max(1.0, sigma / 3)
    h, w = field.shape
    small = cv2.resize(field, (max(1, round(w / shrink)), max(1, round(h / shrink))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / shrink), (w, h)), np.float32)
