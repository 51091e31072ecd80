"""What of a photo is covered by a mask, what stays in front of it, and what is tinted to match it.

Skin and hair are told apart by log-chromaticity and brightness, learnt from this one photo: skin from the cheeks and
the nose, hair from above the forehead. In doubt a pixel counts as skin and is covered, so no skin can shine through.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import FACE_TRIANGLES, SKULL_CENTRE, SKULL_RADII
from deepmask.engines.painter.fit import HeadFit
from deepmask.engines.painter.geometry import Array, Array32, smoothstep
from deepmask.faces import RGBImage

SKIN_POINTS = [50, 280, 205, 425, 117, 346, 101, 330, 36, 266, 4, 5, 195, 197, 118, 347, 187, 411]
"""Cheeks and nose: bare whatever the hair and the beard."""
CHIN_POINTS = [152, 199, 175, 171, 396, 148, 377, 200]
FEATURE_POINTS = [*lm.EYE_R, *lm.EYE_L, *lm.LIP_OUTER, 4, 152, 148, 377, 176, 400, 50, 280, 205, 425, 187, 411, 118,
                  347, 214, 434]  # fmt: skip
"""Eyes, nose, cheeks, mouth and chin."""
WORK_PX = 140, 200
"""Least and most side of the picture the regions are found on."""
FEATHER_CM = 0.42


@dataclass(frozen=True)
class Tone:
    """A Gaussian of log-chromaticities and log-luminance."""

    mean: Array
    inverse: Array
    log_det: float

    @classmethod
    def of(cls, samples: Array32, least_deviation: tuple[float, float, float]) -> Tone:
        """Robust fit to (n, 3) samples: around the median, without far outliers."""
        middle = np.median(samples, 0)
        spread = np.median(np.abs(samples - middle), 0) * 1.4826 + np.array(least_deviation)
        near = samples[(np.abs(samples - middle) < 2.5 * spread).all(1)]
        cov = np.cov(near.T) if len(near) > 8 else np.diag(spread**2)
        cov = cov + np.diag(np.square(least_deviation))
        mean = near.mean(0) if len(near) > 8 else middle
        return cls(mean, np.linalg.inv(cov), float(np.log(np.linalg.det(cov))))

    def distance(self, features: Array32) -> Array32:
        """Squared Mahalanobis distance of (..., 3) features."""
        d = features - self.mean.astype(np.float32)
        m = self.inverse.astype(np.float32)
        x, y, z = d[..., 0], d[..., 1], d[..., 2]
        return (
            m[0, 0] * x * x + m[1, 1] * y * y + m[2, 2] * z * z
            + 2 * (m[0, 1] * x * y + m[0, 2] * x * z + m[1, 2] * y * z)
        )  # fmt: skip


@dataclass(frozen=True)
class Regions:
    """Masks (n, n) in 0..1 over a square crop of a photo."""

    must_cover: Array32
    """The real face with its forehead up to the hairline, its beard and a margin."""
    in_front: Array32
    """Hair over the face that stays visible."""
    skin_around: Array32
    """Neck and ears."""


def features(crop: RGBImage) -> Array32:
    """(h, w, 3): log red/green, log blue/green, half the log of the luminance; the light's colour and level cancel."""
    x = np.log(crop.astype(np.float32) + 6.0)
    out = np.empty_like(x)
    out[..., 0], out[..., 1] = x[..., 0] - x[..., 1], x[..., 2] - x[..., 1]
    out[..., 2] = 0.5 * x[..., 1]
    return out


def find_regions(crop: RGBImage, fit: HeadFit, margin_cm: float) -> Regions:
    """The regions of a square ``crop``; ``fit`` is in its pixels."""
    side = crop.shape[0]
    n = int(np.clip(side, *WORK_PX))
    how = cv2.INTER_AREA if n < side else cv2.INTER_CUBIC
    small = cv2.resize(crop, (n, n), interpolation=how) if n != side else crop
    canvas = _Canvas(features(np.asarray(cv2.GaussianBlur(small, (0, 0), 0.7), np.uint8)), fit, n / side)
    front = canvas.in_front()
    covered = canvas.must_cover(margin_cm)
    around = canvas.around(covered)

    def enlarged(mask: Array32) -> Array32:
        return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)

    return Regions(enlarged(covered), _refined(enlarged(front), crop, 0.35 * fit.scale), enlarged(around))


def _refined(mask: Array32, guide: RGBImage, radius: float) -> Array32:
    """The mask with the edges of the photo (guided filter, He et al., 2013)."""
    if not mask.any():
        return mask
    grey = cv2.cvtColor(guide, cv2.COLOR_RGB2GRAY)
    fine = cv2.ximgproc.guidedFilter(grey, mask, max(2, round(radius)), 40.0)
    return np.clip(fine * 1.15 - 0.05, 0, 1)


class _Canvas:
    """The crop at working size, with head coordinates for every pixel."""

    def __init__(self, look: Array32, fit: HeadFit, k: float) -> None:
        self.look, self.n = look, look.shape[0]
        self.px = fit.scale * k
        """Pixels per cm."""
        self.landmarks = fit.points[: lm.COUNT, :2] * [1, -1] * k
        y, x = np.mgrid[0 : self.n, 0 : self.n].astype(np.float32)
        self.up = fit.R[:2, 1] * [1, -1] / (np.hypot(*fit.R[:2, 1]) + 1e-9)
        """Unit vector in pixels from the chin to the crown."""
        self.brow = self.landmarks[[105, 334]].mean(0)
        dx, dy = (x - self.brow[0]) / self.px, (y - self.brow[1]) / self.px
        # cm above the brows, and to the right, in the plane of the picture, turned with the head
        self.above = dx * self.up[0] + dy * self.up[1]
        self.right = -dx * self.up[1] + dy * self.up[0]
        middle, turn = (fit.on_picture(SKULL_CENTRE[None])[0] * k - self.brow) / self.px, abs(float(fit.R[0, 2]))
        across, up = self.right + middle @ [self.up[1], -self.up[0]], self.above - middle @ self.up
        broad, deep, high = SKULL_RADII[0], SKULL_RADII[2], SKULL_RADII[1]
        self.skull = (across / (broad + (deep - broad) * turn)) ** 2 + (up / high) ** 2 < 1
        """The ellipse of the head without its hair."""
        self.skin = Tone.of(self._sampled(SKIN_POINTS), (0.05, 0.06, 0.12))
        self.from_skin = self.skin.distance(look)
        self.face = self._silhouette()
        self.hair, self.from_hair = self._hair()

    def _sampled(self, ids: list[int]) -> Array32:
        """Features (m, 3) around landmarks."""
        r = max(1, round(0.3 * self.px))
        at = np.round(self.landmarks[ids]).astype(int)
        steps = np.array([(i, j) for i in (-r, 0, r) for j in (-r, 0, r)])
        x, y = np.clip(at[:, None] + steps, 0, self.n - 1).reshape(-1, 2).T
        return self.look[y, x]

    def _silhouette(self) -> NDArray[np.bool_]:
        """The real face: all triangles of the mesh, for the nose of a turned head leaves the oval."""
        m = np.zeros((self.n, self.n), np.uint8)
        corners = np.round(self.landmarks * 16).astype(np.int32)
        for triangle in corners[FACE_TRIANGLES]:
            cv2.fillConvexPoly(m, triangle, (1,), cv2.LINE_8, 4)
        for hole in (lm.EYE_R, lm.EYE_L, lm.LIP_INNER):
            cv2.fillPoly(m, [corners[hole]], (1,), cv2.LINE_8, 4)
        return m > 0

    def _hair(self) -> tuple[Tone | None, Array32]:
        """The tone of what surrounds the forehead, if it can be told from skin, and distances to it."""
        ring = (self.above > 3.4) & (self.above < 7.5) & (np.abs(self.right) < 5.5) & ~self.face
        there = ring & (self.from_skin > 9)
        if there.sum() < max(20, 0.25 * ring.sum()):
            return None, np.full_like(self.from_skin, 1e3)
        tone = Tone.of(self.look[there], (0.05, 0.06, 0.16))
        return tone, tone.distance(self.look)

    def must_cover(self, margin_cm: float) -> Array32:
        """The face and a margin, the forehead up to the hairline, and a beard that hangs below the jaw."""
        face = cv2.dilate(self.face.astype(np.uint8), _disc(margin_cm * self.px))
        extra = self._forehead() | self._beard()
        extra = cv2.dilate(extra.astype(np.uint8), _disc(0.25 * self.px)) if extra.any() else extra.astype(np.uint8)
        soft = cv2.GaussianBlur(np.maximum(face, extra) * np.float32(1.25), (0, 0), max(0.7, 0.16 * self.px))
        return np.minimum(soft, 1)

    def _forehead(self) -> NDArray[np.bool_]:
        """Skin above the mesh, grown together with the face: it ends where hair or background begins."""
        dome = (self.above > 0) & ((self.right / 6.4) ** 2 + (self.above / 8.2) ** 2 < 1) & self.skull
        like = (self.from_skin < 14) & (self.from_skin < self.from_hair + 4) & dome
        m = cv2.morphologyEx(like.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        joined = _connected(np.asarray(m, bool) | self.face, self.face) & dome
        return cv2.morphologyEx(joined.astype(np.uint8), cv2.MORPH_CLOSE, _disc(0.5 * self.px)) > 0

    def _beard(self) -> NDArray[np.bool_]:
        """A real beard that hangs below the outline of the jaw."""
        samples = self._sampled(CHIN_POINTS)
        darker = samples[:, 2].mean() < self.skin.mean[2] - 0.10
        if not darker or np.median(self.skin.distance(samples)) < 12:
            return np.zeros_like(self.face)
        from_beard = Tone.of(samples, (0.05, 0.06, 0.12)).distance(self.look)
        reach = cv2.dilate(self.face.astype(np.uint8), _disc(1.6 * self.px)) > 0
        low = self.above < float(((self.landmarks[13] - self.brow) @ self.up) / self.px)
        like = (from_beard < 7) & (from_beard < self.from_skin) & reach & low
        joined = (_connected(like | self.face, self.face) & like).astype(np.uint8)
        return cv2.morphologyEx(joined, cv2.MORPH_OPEN, _disc(0.25 * self.px)) > 0

    def in_front(self) -> Array32:
        """Hair over the forehead and the temples: surely hair, and grown together with the hair above.

        Beside the face a pixel is hair when that is likelier than skin; on the face it must be far likelier; brows,
        eyes, lips and beards, which look like hair, lie in the middle that is always covered.
        """
        if self.hair is None:
            return np.zeros_like(self.from_skin)
        odds = self.from_skin - self.from_hair + self.skin.log_det - self.hair.log_det
        odds = cv2.GaussianBlur(np.clip(odds, -20, 20).astype(np.float32), (0, 0), max(0.5, 0.1 * self.px))
        inner = cv2.GaussianBlur(self._middle().astype(np.float32), (0, 0), max(0.5, 0.25 * self.px))
        depth = cv2.GaussianBlur(self.face.astype(np.float32), (0, 0), max(0.5, 0.3 * self.px))
        nose = float(((self.landmarks[lm.NOSE_TIP] - self.brow) @ self.up) / self.px)
        beard_zone = smoothstep(-self.above, -nose - 1, -nose + 1)
        sure = smoothstep(odds - (6 + 14 * beard_zone) * depth, 0, 5) * (1 - smoothstep(inner, 0.1, 0.6))
        sure *= 1 - smoothstep(self.from_hair, 14, 24)
        # at the height of the eyes what is thin is a pair of glasses, not a lock
        thick = cv2.morphologyEx((sure > 0.4).astype(np.uint8), cv2.MORPH_OPEN, _disc(0.35 * self.px)) > 0
        sure *= thick | (self.above > 0.8)
        # and before the chin what is dark is clothes
        beside, half, chin = self._jaw()
        chin_xy = (self.landmarks[lm.CHIN] - self.brow) / self.px
        x, y = chin_xy @ [-self.up[1], self.up[0]], chin_xy @ self.up
        sure *= np.hypot(self.right - x, self.above - y) > 3.2
        sure *= (beside > 0.8 * half) | (self.above > chin + 2)
        solid = sure > 0.4
        kept = _connected(solid, solid & (self.above > 4.0)).astype(np.uint8)
        return (sure * cv2.dilate(kept, np.ones((3, 3), np.uint8))).astype(np.float32)

    def _middle(self) -> NDArray[np.bool_]:
        """The part of the face that no hair may leave uncovered: the features up to a finger above the brows."""
        m = np.zeros((self.n, self.n), np.uint8)
        points = self.landmarks[FEATURE_POINTS]
        raised = self.landmarks[[70, 105, 107, 336, 334, 300]] + self.up * 0.9 * self.px
        hull = cv2.convexHull(np.round(np.vstack([points, raised]) * 16).astype(np.int32))
        cv2.fillConvexPoly(m, hull, (1,), cv2.LINE_8, 4)
        return m > 0

    def _jaw(self) -> tuple[Array, float, float]:
        """How far pixels (n, n) lie beside the middle of the jaw, half its width, and the height of the chin; cm."""
        jaw = (self.landmarks[lm.JAW_LINE] - self.brow) / self.px
        x, y = jaw @ [-self.up[1], self.up[0]], jaw @ self.up
        return np.abs(self.right - (x.min() + x.max()) / 2), float(np.ptp(x)) / 2, float(y.min())

    def around(self, covered: Array32) -> Array32:
        """Skin that goes on from the face: the neck, as wide as the jaw, and the ears."""
        like = np.exp(-0.5 * np.maximum(self.from_skin - 3, 0) / 2).astype(np.float32)
        beside, half, chin = self._jaw()
        neck = (self.above < chin + 3.5) & (self.above > chin - 7) & (beside < 0.95 * half)
        ear = (self.above < 0.5) & (self.above > -6) & (beside < half + 1.3)
        ear_like = np.exp(-0.5 * np.maximum(self.from_skin - 4, 0) / 3).astype(np.float32)
        like = np.where(neck, like, np.where(ear, ear_like, 0)).astype(np.float32)
        solid = like > 0.35
        core = covered > 0.5
        joined = _connected(solid | core, core).astype(np.uint8)
        joined = cv2.dilate(joined, np.ones((3, 3), np.uint8))
        fade = smoothstep(self.above, chin - 7, chin - 4)
        return (cv2.GaussianBlur(like * joined, (0, 0), max(0.7, 0.1 * self.px)) * fade).astype(np.float32)


def _connected(mask: NDArray, seed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of ``mask`` that touch ``seed``."""
    count, found = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    labels = np.asarray(found, np.intp)
    touched = np.zeros(count, bool)
    touched[np.unique(labels[seed & (mask > 0)])] = True
    touched[0] = False
    return touched[labels]


def _disc(radius: float) -> NDArray[np.uint8]:
    d = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (d, d)), np.uint8)
