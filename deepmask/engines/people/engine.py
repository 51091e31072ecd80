"""Everybody in a picture from head to foot, by pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np

from deepmask.area import Area, Body, Mask
from deepmask.engines.people import finding, layers
from deepmask.engines.people.networks import CrowdNetwork, Networks, PoseDetector, PoseNetwork
from deepmask.engines.people.scene import Scene
from deepmask.faces import Box, Face, RGBImage
from deepmask.progress import Progress, silent

WORKING_PX = 1600
"""Longer side at which people are looked for; larger pictures are shrunk to it."""

SMALLEST_PX = 16
"""Pictures with a shorter side than this show nobody."""

COARSE, FINE = (1.0, 0.5), 0.25
"""Sides of the tiles that the detector sees, in longer sides of the picture."""

LEAST_PIXELS = 24


class PoseSegmenter:
    """Finds people by faces, by a detector of heads and bodies, and beside each other; tells them apart by pose."""

    def segment(
        self, image: RGBImage, faces: Sequence[Face] = (), *, thorough: bool = True, progress: Progress = silent
    ) -> list[Body]:
        """Everybody in a picture of any size, with and without a visible face, the largest first.

        Areas of different people do not overlap; each face belongs to at most one body.

        Args:
            thorough: False: the detector looks at fewer, larger tiles, which takes a third of the time.
        """
        h, w = image.shape[:2]
        if min(h, w) < SMALLEST_PX:
            return []
        factor = min(1.0, WORKING_PX / max(h, w))
        size = max(1, round(w * factor)), max(1, round(h * factor))
        small = image if factor == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        scene = Scene(small, self._networks, [_scaled(face.box_xyxy, factor) for face in faces])
        self._find(scene, thorough, progress)
        bodies = _bodies(scene, faces, (w, h))
        progress(1.0, "Looking for people")
        return sorted(bodies, key=lambda body: -body.area.pixels)

    def _find(self, scene: Scene, thorough: bool, progress: Progress) -> None:
        """Fill the scene."""
        progress(0.0, "Looking for people")
        seen = [one for level in COARSE for one in finding.detections(scene, level)]
        progress(0.1, "Looking for people")
        finding.by_faces(scene, seen)
        progress(0.4, "Looking for people")
        finding.by_detections(scene, seen)
        if thorough:
            finding.by_detections(scene, finding.detections(scene, FINE))
        for number in scene.faceless():
            finding.by_crowd(scene, number)
        progress(0.7, "Looking for people")
        for person in list(scene.people):
            finding.by_leftovers(scene, replace(person.roi, reach_px=1.2 * person.roi.reach_px))
        progress(0.8, "Telling people apart")
        scene.settle()
        progress(0.9, "Telling people apart")

    @cached_property
    def _networks(self) -> Networks:
        return Networks(PoseDetector(threshold=0.2), PoseNetwork(), CrowdNetwork())


def _scaled(box: Box, factor: float) -> Box:
    x1, y1, x2, y2 = (value * factor for value in box)
    return x1, y1, x2, y2


def _bodies(scene: Scene, faces: Sequence[Face], size_wh: tuple[int, int]) -> list[Body]:
    people = [layers.refined(scene.image, person) for person in scene.people]
    owner = layers.owners(people, scene.faces, scene.size_wh)
    whole = np.full((size_wh[1], size_wh[0]), -1, np.int16)
    bodies: list[Body] = []
    for number, person in enumerate(people):
        mask = _enlarged(layers.without_noise(owner == number), size_wh) & (whole < 0)
        if np.count_nonzero(mask) < LEAST_PIXELS:
            continue
        whole[mask] = number
        face = None if person.face is None else faces[person.face].box_xyxy
        bodies.append(Body(Area.of(mask), min(1.0, max(0.0, person.score)), face))
    return bodies


def _enlarged(mask: Mask, size_wh: tuple[int, int]) -> Mask:
    """The mask at another size, with smooth edges."""
    if (mask.shape[1], mask.shape[0]) == size_wh:
        return mask
    return np.asarray(cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_LINEAR)) > 0.5
