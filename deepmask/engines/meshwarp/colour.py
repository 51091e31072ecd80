"""The persona's skin in the light of the photo, with its sharpness and grain.

Light multiplies, so the match is made in linear light: one gain per channel for skin tone and tint of the light, then
a smooth gain map for its direction. What is not skin (hair, glasses, hands) has no say.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.regions import SoftMask
from deepmask.faces import RGBImage

FloatImage = NDArray[np.float32]
Selection = NDArray[np.bool_]

LEAST_SKIN_PX = 60
"""With fewer pixels of skin no light is measured."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class FaceRegions:
    """Where what is, all (n, n)."""

    skin: Selection
    """Bare skin in both pictures."""
    eyes: SoftMask
    brows: Selection
    folds: SoftMask
    """Where smile folds of the person covered shall show."""
    glasses: bool
    """Whether the person's own eyes are seen through lenses."""


def matched(persona: RGBImage, photo: RGBImage, regions: FaceRegions, face_px: float) -> FloatImage:
    """The drawn ``persona`` recoloured to the light and skin of ``photo``, both (n, n, 3); 0..255 float32."""
    if regions.skin.sum() < LEAST_SKIN_PX:
        return persona.astype(np.float32)
    source, target = to_linear(persona), to_linear(photo)
    skin_source = inliers(persona, regions.skin)
    skin_target = inliers(photo, regions.skin)
    gain = np.median(target[skin_target], 0) / np.maximum(np.median(source[skin_source], 0), 1e-3)
    gain = np.clip(gain, 0.02, 12).astype(np.float32)
    lit = source * gain
    light = _light_map(lit, skin_source, target, skin_target, face_px)
    lab = to_lab(to_srgb(lit * light))
    lab = _spread_matched(lab, to_lab(photo), regions.skin & skin_source, skin_target)
    lab[..., 0] += _fold_shading(photo, regions, face_px) * skin_target
    lab = _brows_matched(lab, photo, regions)
    out = from_lab(lab)
    eyes = to_srgb(source * _eye_gain(source, target, regions, gain) * light)
    weight = regions.eyes[..., None]
    return out * (1 - weight) + eyes * weight


def inliers(image: RGBImage, selection: Selection) -> Selection:
    """``selection`` without what differs from most of it by 2.6 robust deviations in CIE Lab: hair, shine, shadow."""
    lab = to_lab(image)
    values = lab[selection]
    middle = np.median(values, 0)
    spread = 1.4826 * np.median(np.abs(values - middle), 0) + np.array([6, 2, 2])
    kept = selection & ((np.abs(lab - middle) / spread).max(2) < 2.6)
    return kept if kept.sum() >= LEAST_SKIN_PX else selection


def _light_map(
    source: FloatImage, skin_source: Selection, target: FloatImage, skin_target: Selection, face_px: float
) -> FloatImage:
    """Smooth gain (n, n, 3) that lays the photo's shading over the persona's: the quotient of their low frequencies.

    The blur of .12 face sizes keeps the direction of light and loses the features that would give the person away.
    """
    sigma = 0.12 * face_px
    quotient = blurred_within(target, skin_target, sigma) / np.maximum(blurred_within(source, skin_source, sigma), 1e-3)
    luma = np.clip(quotient @ _LUMA, 0.35, 2.4)[..., None]
    tint = np.clip(quotient / np.maximum(quotient @ _LUMA, 1e-3)[..., None], 0.8, 1.25)
    return (luma * tint**0.8).astype(np.float32)


def blurred_within(image: FloatImage, selection: Selection, sigma_px: float) -> FloatImage:
    """Gaussian blur of (n, n, C) that averages only over ``selection`` and continues its values smoothly outside."""
    n = image.shape[0]
    small = max(2, n // max(1, int(sigma_px / 6)))
    weight = selection.astype(np.float32)
    stack = np.dstack([image * weight[..., None], weight])
    stack = cv2.resize(stack, (small, small), interpolation=cv2.INTER_AREA)
    sigma = sigma_px * small / n
    sums = cv2.GaussianBlur(stack, (0, 0), sigma) + 0.02 * cv2.GaussianBlur(stack, (0, 0), 3 * sigma)
    mean = sums[..., :-1] / (sums[..., -1:] + 1e-6)
    return cv2.resize(mean, (n, n), interpolation=cv2.INTER_LINEAR).reshape(image.shape).astype(np.float32)


def _spread_matched(lab: FloatImage, photo: FloatImage, skin: Selection, skin_photo: Selection) -> FloatImage:
    """Same median as the photo's skin, a similar contrast, and no highlight brighter than its own."""
    source, target = lab[skin], photo[skin_photo]
    if len(source) < LEAST_SKIN_PX:
        return lab
    slope = np.clip(_chroma_slope(target) - _chroma_slope(source), -0.5, 0.5)
    lab = lab.copy()
    lab[..., 1:] += slope * (lab[..., :1] - np.median(source[:, 0]))
    source = lab[skin]
    ratio = np.clip(target.std(0) / (source.std(0) + 1e-5), 0.75, 1.1).astype(np.float32)
    lab = (lab - np.median(source, 0)) * ratio + np.median(target, 0)
    lab[..., 0] -= 0.75 * np.maximum(lab[..., 0] - np.percentile(target[:, 0], 97), 0)
    return lab.astype(np.float32)


def _chroma_slope(values: FloatImage) -> NDArray[np.float32]:
    """How a and b of skin (N, 3) rise with its lightness (2,): warm skin glows in its highlights, pale skin fades."""
    lightness = values[:, 0] - values[:, 0].mean()
    return (lightness @ (values[:, 1:] - values[:, 1:].mean(0)) / (lightness @ lightness + 50)).astype(np.float32)


def _fold_shading(photo: RGBImage, regions: FaceRegions, face_px: float) -> FloatImage:
    """Lightness of the smile folds: a middle band of the photo's."""
    lightness = to_lab(photo)[..., :1]
    fine = blurred_within(lightness, regions.skin, 0.014 * face_px)
    coarse = blurred_within(lightness, regions.skin, 0.07 * face_px)
    return (regions.folds * np.clip((fine - coarse)[..., 0], -14, 8)).astype(np.float32)


def _brows_matched(lab: FloatImage, photo: RGBImage, regions: FaceRegions) -> FloatImage:
    """Brows half-way to the colour of the person's own, which is near the colour of the hair that stays."""
    if regions.glasses or regions.brows.sum() < 40:
        return lab
    skin = np.median(lab[regions.skin][:, 0])
    weight = np.clip((0.8 * skin - lab[..., 0]) / (0.4 * skin + 1), 0, 1) * regions.brows
    own = to_lab(photo)[regions.brows]
    own = own[own[:, 0] <= np.median(own[:, 0])].mean(0)
    dark = weight > 0.5
    if dark.sum() < 20:
        return lab
    shift = np.clip(0.5 * (own - lab[dark].mean(0)), [-8, -6, -6], [13, 6, 8])
    return (lab + shift * cv2.GaussianBlur(weight.astype(np.float32), (0, 0), 1.0)[..., None]).astype(np.float32)


def _eye_gain(
    source: FloatImage, target: FloatImage, regions: FaceRegions, gain: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Gain (3,) for the eyes: their whites tell the light itself, without the colour of the skin."""
    skin_gain = float(gain @ _LUMA)
    seen = regions.eyes > 0.7
    if regions.glasses or seen.sum() < 30:
        luma = skin_gain**0.8
    else:
        white = np.percentile(target[seen] @ _LUMA, 90) / max(float(np.percentile(source[seen] @ _LUMA, 90)), 1e-3)
        luma = float(np.clip(white, min(skin_gain, 1.0), max(skin_gain, 1.0)))
    return luma * np.sqrt(gain / skin_gain)


def with_grain(face: FloatImage, photo: RGBImage, skin: Selection) -> FloatImage:
    """Blurred, or sprinkled with noise, until the fine detail of its skin is about as strong as the photo's.

    A sharp portrait on a soft photo looks pasted. Both grow steadily from nothing, so that frames of a film which
    hardly differ get hardly different faces. The noise is the same in every run.
    """
    wanted, has = _detail(photo.astype(np.float32), skin), _detail(face, skin)
    if has > _SHARPEST * wanted:
        return _softened(face, has, _SHARPEST * wanted, skin)
    if has < _SOFTEST * wanted:
        noise = np.random.default_rng(1).normal(0, 1, skin.shape).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), 0.6)
        unit = float(np.median(np.abs(cv2.Laplacian(noise, cv2.CV_32F))))
        amount = min(6.0, float(np.sqrt((_SOFTEST * wanted) ** 2 - has**2)) / unit)
        return face + noise[..., None] * amount
    return face


_SOFTEST, _SHARPEST = 0.85, 1.0
"""Strengths of fine detail, of the photo's, between which a face is left as it is."""
_SIGMAS_PX = (0.4, 0.6, 0.9, 1.3, 1.8, 2.4)


def _softened(face: FloatImage, has: float, limit: float, skin: Selection) -> FloatImage:
    """``face``, of which the detail is ``has``, blurred until it is ``limit``: a mixture of two neighbouring blurs."""
    sharper, before = face, has
    for sigma in _SIGMAS_PX:
        softer = np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.float32)
        now = _detail(softer, skin)
        if now <= limit:
            share = (before - limit) / max(before - now, 1e-6)
            return sharper + (softer - sharper) * np.float32(share)
        sharper, before = softer, now
    return sharper


def _detail(image: FloatImage, skin: Selection) -> float:
    """Median strength of the Laplacian on skin, in grey levels; not rounded, since frames of a film follow it."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    values = np.abs(cv2.Laplacian(grey, cv2.CV_32F)[skin])
    return float(np.median(values)) if values.size else 0.0


def to_lab(image: NDArray[np.uint8] | FloatImage) -> FloatImage:
    """RGB 0..255 as CIE Lab, L 0..100."""
    return np.asarray(cv2.cvtColor(np.asarray(image, np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def from_lab(lab: FloatImage) -> FloatImage:
    """CIE Lab as RGB 0..255."""
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * 255, 0, 255).astype(np.float32)


_TO_LINEAR = np.where(
    np.arange(256) <= 0.04045 * 255, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4
).astype(np.float32)


def to_linear(image: RGBImage) -> FloatImage:
    """sRGB bytes as linear light 0..1 (IEC 61966-2-1)."""
    return _TO_LINEAR[image]


def to_srgb(linear: FloatImage) -> FloatImage:
    """Linear light as sRGB 0..255; what is brighter than white is rolled off, not cut."""
    bright = np.where(linear > 0.85, 0.85 + 0.15 * (1 - np.exp(-(linear - 0.85) / 0.15)), np.maximum(linear, 0))
    curve = np.where(bright <= 0.0031308, 12.92 * bright, 1.055 * np.power(bright, 1 / 2.4) - 0.055)
    return (curve * 255).astype(np.float32)
