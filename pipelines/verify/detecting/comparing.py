"""Comparing with the original that the owner has: where do the two pictures show different things?

The picture may have been resized, cropped, mirrored, brightened and compressed since; none of that counts. The two are
brought to one grid by points that lie alike in both (ORB, Rublee et al., 2011), finely by the correlation coefficient
(Evangelidis and Psarakis, 2008), and what then differs by more than the rest of the picture does is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.dossier import Exhibit
from deepmask.faces import Box, RGBImage
from deepmask.media import Photo
from pipelines.verify.detecting.model import Evidence, Heat

_SIDE_PX = 1024
"""Longer side of the pictures when they are compared."""
_POINTS = 3000
_LEAST_ALIKE = 24
"""Fewer points that fit one similarity are chance."""
_LEAST_SCALE, _MOST_SCALE = 0.05, 20.0
_FINER = 1.1
_MARKED = 0.5
_LEAST_SHARE = 4e-4
"""Of the picture: smaller spots are left out."""
_FLOOR = 5.0
"""Grey levels by which smoothed pictures may always differ."""
_SMOOTH = 2.0
_MOST_ABSENT = 0.1
"""Share of a picture, and of each face in it, that may lie outside the original."""
_TOLD = 0.02
_NOTHING = 128
"""Grey level where the original shows nothing."""
_SAME = 40.0
"""Dots of a perceptual grid may differ by so many grey levels before it is another picture."""

Affine = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both pictures on the grid of the suspicious one."""

    seen: RGBImage
    owned: RGBImage
    known: NDArray[np.bool_]
    """(h, w) where the original has something to compare with."""
    scale: float
    """By how much the original was enlarged to this grid."""


def compare(suspect: Photo, original: Photo, faces: Sequence[Box] = ()) -> Evidence:
    """What differs between a picture and its original.

    Args:
        faces: boxes in ``suspect``; each must have been compared for the picture to count as real.
    """
    pair = _aligned(_small(suspect.rgb), _small(original.rgb))
    if pair is not None and pair.scale > _FINER:  # the original is the coarser one: no finer than it is compared
        pair = _aligned(_small(suspect.rgb, max(suspect.rgb.shape[:2]) / pair.scale), _small(original.rgb)) or pair
    if pair is None:
        return Evidence(
            "original", None,
            f"{original.name} does not show the same scene, so that nothing can be compared with it.",
        )  # fmt: skip
    heat = _differences(pair)
    marked = heat >= _MARKED
    share = float(marked.mean())
    h, w = suspect.rgb.shape[:2]
    shown = np.where(pair.known[..., None], pair.owned, np.uint8(_NOTHING))
    exhibits = (Exhibit("The original, on the same grid", shown, f"{original.name}, as far as both show it."),)
    if not marked.any():
        return _alike_so_far(pair, original.name, faces, (w, h), exhibits)
    absent = _absent(pair.known)
    notes = () if absent < _TOLD else (f"{_percent(absent)} of the picture could not be compared with the original.",)
    words = f"{_percent(share)} of the picture is not what the original {original.name} shows there."
    full = np.asarray(cv2.resize(heat, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    return Evidence("original", "fake", words, full, exhibits, notes)


def _alike_so_far(
    pair: _Pair, name: str, faces: Sequence[Box], size_wh: tuple[int, int], exhibits: tuple[Exhibit, ...]
) -> Evidence:
    """Nothing differs where something could be compared: that is worth what could be."""
    absent = _absent(pair.known)
    scale = pair.known.shape[1] / size_wh[0], pair.known.shape[0] / size_wh[1]
    hidden = [face for face in faces if _absent(_within(pair.known, face, scale)) > _MOST_ABSENT]
    if absent <= _MOST_ABSENT and not hidden:
        words = f"It shows what the original {name} shows, apart from compression and size."
        notes = () if absent < _TOLD else (f"{_percent(absent)} of the picture lies outside the original.",)
        return Evidence("original", "likely real", words, np.zeros(size_wh[::-1], np.float32), exhibits, notes)
    of = "" if not hidden else ", with the face," if len(faces) == 1 else f", with {len(hidden)} of {len(faces)} faces,"
    words = (
        f"{_percent(absent)} of the picture{of} lies outside the original {name} and could not be compared; the rest "
        "is the same."
    )
    return Evidence("original", "unsure", words, exhibits=exhibits)


def _absent(known: NDArray[np.bool_]) -> float:
    """Share that could not be compared; nothing is all of nothing."""
    return 1 - float(known.mean()) if known.size else 0.0


def _within(known: NDArray[np.bool_], face: Box, scale: tuple[float, float]) -> NDArray[np.bool_]:
    """The part under a face, as far as it lies in the picture."""
    x1, x2 = (max(0, round(x * scale[0])) for x in face[::2])
    y1, y2 = (max(0, round(y * scale[1])) for y in face[1::2])
    return known[y1:y2, x1:x2]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{max(100 * share, 0.1):.1f} %"


def _small(rgb: RGBImage, most_px: float = _SIDE_PX) -> RGBImage:
    scale = min(most_px, _SIDE_PX) / max(rgb.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


# ------------------------------------------------------------------------------------------------------------ alignment
def _aligned(seen: RGBImage, owned: RGBImage) -> _Pair | None:
    """Both on the grid of ``seen``; None where they show different scenes."""
    if seen.shape == owned.shape and (pair := _warped(seen, owned, np.eye(2, 3))) is not None and _alike(pair):
        return _warped(seen, owned, _refined(seen, owned, np.eye(2, 3)))
    mirrored = np.ascontiguousarray(owned[:, ::-1])
    found = [(count, matrix, one) for one in (owned, mirrored) for count, matrix in [_similarity(one, seen)]]
    count, matrix, chosen = max(found, key=lambda one: one[0])
    if matrix is None or count < _LEAST_ALIKE:
        return None
    pair = _warped(seen, chosen, _refined(seen, chosen, matrix))
    return pair if pair is not None and _alike(pair) else None


def _similarity(owned: RGBImage, seen: RGBImage) -> tuple[int, Affine | None]:
    """How many points agree, and the map of ``owned`` onto ``seen`` by which they do."""
    orb = cv2.ORB_create(_POINTS, fastThreshold=7)  # pyright: ignore[reportAttributeAccessIssue]
    (a, of_a), (b, of_b) = (orb.detectAndCompute(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), None) for one in (owned, seen))
    if of_a is None or of_b is None or len(a) < 8 or len(b) < 8:
        return 0, None
    near = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(of_a, of_b, k=2)
    good = [m[0] for m in near if len(m) == 2 and m[0].distance < 0.8 * m[1].distance]
    if len(good) < 8:
        return 0, None
    cv2.setRNGSeed(1)
    source = np.array([a[m.queryIdx].pt for m in good], np.float32)
    goal = np.array([b[m.trainIdx].pt for m in good], np.float32)
    matrix, fits = cv2.estimateAffine2D(source, goal, ransacReprojThreshold=3.0, maxIters=5000, confidence=0.999)
    if matrix is None or not _LEAST_SCALE < np.sqrt(abs(np.linalg.det(matrix[:, :2]))) < _MOST_SCALE:
        return 0, None
    return int(fits.sum()), np.asarray(matrix, np.float64)


def _refined(seen: RGBImage, owned: RGBImage, matrix: Affine) -> Affine:
    """The map to a fraction of a pixel; as it was where that does not converge."""
    start = np.asarray(cv2.invertAffineTransform(matrix), np.float32)
    a, b = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (seen, owned))
    try:
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-5)
        _, found = cv2.findTransformECC(a, b, start, cv2.MOTION_AFFINE, stop, np.full(a.shape, 255, np.uint8), 5)
    except cv2.error:
        return matrix
    return np.asarray(cv2.invertAffineTransform(found), np.float64)


def _warped(seen: RGBImage, owned: RGBImage, matrix: Affine) -> _Pair | None:
    h, w = seen.shape[:2]
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    source = owned
    if scale < 0.7:  # shrink without aliasing first
        source = cv2.GaussianBlur(owned, (0, 0), 0.5 / scale)
    out = cv2.warpAffine(source, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(owned.shape[:2], 255, np.uint8)
    known = cv2.erode(cv2.warpAffine(full, matrix, (w, h)), np.ones((5, 5), np.uint8)) > 250
    if known.mean() < 0.05:
        return None
    return _Pair(seen, np.asarray(out, np.uint8), known, scale)


def _alike(pair: _Pair) -> bool:
    """Whether most of both pictures is the same scene."""
    a, b = (cv2.GaussianBlur(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (0, 0), 3).astype(np.float32)
            for one in (pair.seen, pair.owned))  # fmt: skip
    known = pair.known
    if known.sum() < 256:
        return False
    near = np.abs((a - np.median(a[known])) - (b - np.median(b[known])))[known]
    correlation = float(np.corrcoef(a[known], b[known])[0, 1]) if a[known].std() > 1 and b[known].std() > 1 else 0.0
    return correlation > 0.6 or (float(np.median(near)) < 6 and float(np.quantile(near, 0.7)) < _SAME)


# ---------------------------------------------------------------------------------------------------------- differences
def _differences(pair: _Pair) -> Heat:
    """(h, w) 0..1; half is where a difference stands clearly above those of the rest of the picture."""
    seen, owned = pair.seen.astype(np.float32), _relit(pair)
    change = cv2.GaussianBlur(seen, (0, 0), _SMOOTH) - cv2.GaussianBlur(owned, (0, 0), _SMOOTH)
    change = np.asarray(np.abs(change)).max(2)
    detail = _steepness(seen, owned)
    noise = float(np.median(change[pair.known]))
    allowed = _FLOOR + 3.0 * noise + 0.5 * detail
    heat = np.clip(change / allowed - 0.5, 0, 1).astype(np.float32)
    heat[~pair.known] = 0
    return _joined(_without_specks(np.asarray(cv2.GaussianBlur(heat, (0, 0), 2.0), np.float32)))


def _relit(pair: _Pair) -> NDArray[np.float32]:
    """The original with the light and colours of the other, fitted where both agree best."""
    seen, owned, out = (
        pair.seen.astype(np.float32),
        pair.owned.astype(np.float32),
        np.empty(pair.seen.shape, np.float32),
    )
    for channel in range(3):
        x, y = owned[..., channel][pair.known][::7], seen[..., channel][pair.known][::7]
        slope, offset, good = 1.0, 0.0, np.ones(x.size, bool)
        for _ in range(4):
            if good.sum() < 50 or x[good].std() < 2:
                break
            slope, offset = np.polyfit(x[good], y[good], 1)
            wrong = np.abs(slope * x + offset - y)
            good = wrong <= np.quantile(wrong, 0.7)
        out[..., channel] = slope * owned[..., channel] + offset
    return np.clip(out, 0, 255)


def _steepness(seen: NDArray[np.float32], owned: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) how much a shift by a pixel would change: edges are allowed to differ by that."""
    steep = np.zeros(seen.shape[:2], np.float32)
    for one in (seen, owned):
        grey = cv2.GaussianBlur(one.mean(2), (0, 0), _SMOOTH)
        steep = np.maximum(steep, np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8)
    return steep


def _without_specks(heat: Heat) -> Heat:
    """Only differences of some extent stay."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((heat >= _MARKED).astype(np.uint8))
    least = max(24.0, _LEAST_SHARE * heat.size)
    kept = np.isin(labels, [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= least])
    near = cv2.dilate(kept.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return np.where(near, heat, 0).astype(np.float32)


def _joined(heat: Heat) -> Heat:
    """A replaced face is like the old one here and there: gaps between differences belong to them."""
    side = 2 * round(0.015 * max(heat.shape)) + 1
    closed = cv2.morphologyEx(heat, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return np.maximum(heat, cv2.GaussianBlur(closed, (0, 0), 1.5)).astype(np.float32)
