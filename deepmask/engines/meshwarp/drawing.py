"""Textured triangles, drawn by Skia on the CPU."""

from __future__ import annotations

import numpy as np
import skia
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from deepmask.engines.meshwarp.geometry import MeshPoints, Triangles, signed_area
from deepmask.faces import RGBImage

_MIPMAPS = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
_CUBIC = skia.SamplingOptions(skia.CubicResampler.Mitchell())


def texture(image: RGBImage) -> skia.Image:
    """A picture as Skia wants it, to be drawn many times."""
    rgba = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return skia.Image.fromarray(rgba, colorType=skia.ColorType.kRGBA_8888_ColorType).withDefaultMipmaps()


def draw_mesh(
    image: skia.Image, triangles: Triangles, source: MeshPoints, goal: MeshPoints, side_px: int
) -> tuple[RGBImage, NDArray[np.uint8]]:
    """Carry the picture from mesh ``source`` to mesh ``goal``: colours (n, n, 3) and coverage (n, n), 0..255.

    Far triangles are drawn first and those seen from behind are left out. Mipmaps keep a large portrait on a small
    face from aliasing.
    """
    seen = triangles[signed_area(goal, triangles) > 0]
    seen = seen[np.argsort(-goal[seen, 2].mean(1), kind="stable")]
    canvas = np.zeros((side_px, side_px, 4), np.uint8)
    _draw(canvas, image, source[seen.ravel(), :2], goal[seen.ravel(), :2], _MIPMAPS)
    return canvas[..., :3].copy(), canvas[..., 3].copy()


def warp(image: RGBImage, source: NDArray[np.float64], goal: NDArray[np.float64]) -> RGBImage:
    """Piecewise affine warp of a square picture that carries points ``source`` (N, 2) to ``goal``."""
    corners = Delaunay(goal).simplices.ravel()
    canvas = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    rgba = skia.Image.fromarray(canvas.copy(), colorType=skia.ColorType.kRGBA_8888_ColorType)
    _draw(canvas, rgba, source[corners], goal[corners], _CUBIC)
    return canvas[..., :3].copy()


def _draw(
    canvas: NDArray[np.uint8],
    image: skia.Image,
    source: NDArray[np.float64],
    goal: NDArray[np.float64],
    sampling: skia.SamplingOptions,
) -> None:
    positions = [skia.Point(x, y) for x, y in goal.tolist()]
    coordinates = [skia.Point(x, y) for x, y in source.tolist()]
    vertices = skia.Vertices(
        skia.Vertices.VertexMode.kTriangles_VertexMode, positions, coordinates, [0xFFFFFFFF] * len(positions)
    )
    height, width = canvas.shape[:2]
    info = skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, canvas)
    shader = image.makeShader(skia.TileMode.kClamp, skia.TileMode.kClamp, sampling)
    surface.getCanvas().drawVertices(vertices, skia.Paint(Shader=shader), skia.BlendMode.kModulate)
