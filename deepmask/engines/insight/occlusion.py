"""What stays in front of the new face: hair, hands, frames of glasses, microphones and the like.

What stays shows the person's own pixels, so only what is surely before the face stays: in doubt the new face covers.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.insight.mask import features
from deepmask.engines.meshwarp.colour import LEAST_SKIN_PX, to_lab
from deepmask.engines.meshwarp.eyewear import wears_glasses
from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.occlusion import hair_free
from deepmask.engines.meshwarp.regions import (
    Mask,
    SoftMask,
    bare_skin,
    brows,
    eyes,
    grown,
    height_along,
    hull,
    oval,
    shrunk,
    soft,
)
from deepmask.faces import RGBImage
from deepmask.head_pose import face_size
from deepmask.landmark_points import (
    CHIN,
    FOREHEAD,
    LEFT_EYE,
    LEFT_EYE_CORNERS,
    LIPS_OUTER,
    NOSE_BASE,
    RIGHT_EYE,
    RIGHT_EYE_CORNERS,
)

MOST_OF_FEATURES, MOST_OF_FACE = 0.45, 0.6
"""Shares of brows-to-mouth and of the whole face that may be hidden by something; more is a mistake, and covered."""

OTHER_HUE = 16.0
"""Distance in the a, b plane of CIE Lab from the face's skin that no shade of it reaches."""

MOST_HUE = 22.0
"""The same where the skin itself is unevenly coloured."""

BRIGHTER = 34.0
MOST_OF_SKIN = 0.2
"""Share of the skin above the nose that may be of another colour; more, and nobody can tell skin from thing."""

CRISP = 8.0
"""Colour step (CIE76 per pixel) along the outline of a thing before the face; a coloured light fades instead."""

FAINT, DISTINCT = 0.09, 0.18
"""How much darker than its surroundings a line of a frame is, as a share of their brightness."""

_BRIDGE, _BROWS_MIDDLE, _BROW_TOP = 197, 9, 105

Joints = NDArray[np.float64]
"""(21, 2) of a hand as MediaPipe counts them, pixels of the crop."""


def uncovered(image: RGBImage, points: MeshPoints, hands: Sequence[Joints] = ()) -> SoftMask:
    """(n, n): 1 where the new face is seen, 0 where something lies before the face."""
    n, face_px = image.shape[0], face_size(points)
    things = foreign_things(image, points)
    for joints in hands:
        things |= hand(n, joints)
    free = np.minimum(hair_free(image, points, face_px), 1 - soft(things, 0.008 * face_px))
    if wears_glasses(image, points):
        free = np.minimum(free, 1 - frames(image, points))
    for part, most in ((features(n, points), MOST_OF_FEATURES), (oval(n, points), MOST_OF_FACE)):
        inside = part > 0
        if inside.any() and 1 - float(free[inside].mean()) > most:
            return np.ones((n, n), np.float32)
    return free.astype(np.float32)


def foreign_things(image: RGBImage, points: MeshPoints) -> Mask:
    """What reaches into the face from outside, is no shade of its skin, and has a crisp outline.

    Dark things are left out: beards and shadows are dark, too.
    """
    n, face_px = image.shape[0], face_size(points)
    lab = to_lab(image)
    above = height_along(n, points[NOSE_BASE, :2], points[CHIN, :2] - points[FOREHEAD, :2]) < -0.1
    upper = (bare_skin(n, points, face_px) > 0) & above
    skin = lab[upper]
    things = np.zeros((n, n), np.uint8)
    if len(skin) < LEAST_SKIN_PX:
        return things
    middle = np.median(skin, 0)
    spread = 1.4826 * np.median(np.abs(skin - middle), 0)
    in_shadow = middle[1:] * np.clip(lab[..., :1] / (middle[0] + 1e-3), 0, 1)
    away = lab[..., 1:] - in_shadow
    hue = np.linalg.norm(away, axis=2) > np.clip(4 * spread[1:].max(), OTHER_HUE, MOST_HUE)
    lips = grown(hull(n, points[list(LIPS_OUTER), :2]), 0.03 * face_px) > 0
    hue &= ~lips | ((away[..., 0] < 0) & (away.min(2) < -OTHER_HUE))  # lips are redder than skin, never less red
    bright = lab[..., 0] - middle[0] > max(BRIGHTER, 3 * float(spread[0]))
    face = oval(n, points)
    if (hue | bright)[upper].mean() > MOST_OF_SKIN:
        return things
    foreign = ((hue | bright) & (eyes(n, points) == 0)).astype(np.uint8)
    foreign = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    inner = shrunk(face, 0.02 * face_px) > 0
    rim, slope = (face > 0) & ~inner, _slope(lab)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((foreign & (face > 0)).astype(np.uint8))
    for part in range(1, count):
        one = labels == part
        large = stats[part, cv2.CC_STAT_AREA] > 0.004 * (face > 0).sum()
        if large and (one & rim).sum() > 3 and _crispness(slope, one, inner) > CRISP:
            things[one] = 255
    return grown(things, 1) if things.any() else things


def _crispness(slope: NDArray[np.float32], part: NDArray[np.bool_], inner: NDArray[np.bool_]) -> float:
    """Median colour step per pixel along the outline of a part, where that runs through the inner face."""
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    x, y = np.concatenate(outlines)[:, 0].T
    within = inner[y, x]
    return float(np.median(slope[y, x][within])) if within.sum() >= 8 else 0.0


def _slope(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, n): how steeply the colour changes, CIE76 per pixel."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.sqrt((across**2 + down**2).sum(2)).astype(np.float32)


def hand(side_px: int, joints: Joints) -> Mask:
    """Palm and fingers of a hand, drawn a little thinner than they are."""
    mask = hull(side_px, joints[[0, 1, 5, 9, 13, 17]])
    width = max(1, round(0.2 * float(np.linalg.norm(joints[5] - joints[17]))))
    for first in (1, 5, 9, 13, 17):
        chain = np.round(joints[first : first + 4]).astype(np.int32)
        cv2.polylines(mask, [chain], False, (255.0,), width)
    return mask


def frames(image: RGBImage, points: MeshPoints) -> SoftMask:
    """The frame of glasses: thin dark lines around both eyes that hang together with the bridge over the nose.

    Eyes, lashes and brows are left out. Of a head turned aside nothing is kept: its own lines look the same.
    """
    n, face_px = image.shape[0], face_size(points)
    middle = points[_BRIDGE, :2]
    near, far = sorted(float(np.linalg.norm(points[ring[0], :2] - middle)) for ring in (LEFT_EYE, RIGHT_EYE))
    if near < 0.65 * far:
        return np.zeros((n, n), np.float32)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    reach = 2 * max(2, round(0.03 * face_px)) + 1
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    around = grown(eyes(n, points), 0.15 * face_px)
    kept = grown(eyes(n, points), 0.045 * face_px) | grown(brows(n, points), 0.015 * face_px)
    kept[height_along(n, points[_BROW_TOP, :2], points[FOREHEAD, :2] - points[CHIN, :2]) > 0] = 255
    strength = dark.astype(np.float32) / (float(np.median(grey[around > 0])) + 1)
    strength[(around == 0) | (kept > 0)] = 0
    lines = cv2.dilate((strength > FAINT).astype(np.uint8), np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(lines)
    corners = points[[RIGHT_EYE_CORNERS[1], LEFT_EYE_CORNERS[1]], :2]
    bridge = hull(n, np.vstack([corners, points[[_BROWS_MIDDLE, _BRIDGE], :2]])) > 0
    over_nose = np.unique(labels[bridge & (strength > DISTINCT)])
    frame = np.isin(labels, over_nose[over_nose > 0])
    spans = np.nonzero((frame & (strength > DISTINCT)).any(0))[0]
    outer = sorted((points[RIGHT_EYE_CORNERS[0], 0], points[LEFT_EYE_CORNERS[0], 0]))
    if not len(spans) or spans[0] > outer[0] + 0.02 * face_px or spans[-1] < outer[1] - 0.02 * face_px:
        return np.zeros((n, n), np.float32)
    return np.where(frame, np.clip((strength - FAINT) / (DISTINCT - FAINT), 0, 1), 0).astype(np.float32)
