"""Coarse-to-fine filling of a hole from the rest of the picture.

Patches of the hole and of the rest are matched (PatchMatch, Barnes et al., 2009) and the matches vote for new colours,
in turn, at rising sizes (Wexler et al., 2007), with texture among what is compared (Newson et al., 2014) and distances
at which the picture repeats itself among what is tried (He and Sun, 2012). The full size is copied, not enlarged, and
seams are evened out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.engines.patchmatch import kernels
from deepmask.engines.patchmatch.pyramid import RADIUS, Colours, Level, build, resized
from deepmask.engines.patchmatch.seams import evened
from deepmask.faces import RGBImage
from deepmask.progress import Progress, part

ROW_COST = 1.0e6
"""Of copying from another height, for the whole height of the picture: keeps sky above and ground below."""

OFFSETS_SIDE_PX = 160
"""Largest side of the level at which repetitions are looked for."""

MOST_OFFSETS = 24

MESSAGE = "Rebuilding the background"

Field = NDArray[np.int32]
"""(h, w, 2) y, x of each target's patch, -1 elsewhere."""


@dataclass
class _State:
    colours: Colours
    field: Field
    cost: NDArray[np.float32]
    tolerance: float = 1.0


def fill(
    image: RGBImage, hole: Mask, avoid: Mask, height_px: float, scale: float, seed: int, progress: Progress
) -> NDArray[np.float32] | None:
    """New colours (n, 3) for the pixels of ``hole``, in reading order; None if nothing can be copied.

    Args:
        image: (H, W, 3), the part of the picture that may be copied from.
        avoid: (H, W), what may not be, outside the hole.
        height_px: of the whole picture.
        scale: size at which patches are matched, as a share of that of ``image``.
    """
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    levels = build(_smaller(image, size), _smaller_mask(hole, size), _smaller_mask(avoid, size))
    levels = list(takewhile(lambda level: level.source.any(), levels))
    offsets, state = np.zeros((0, 2), np.int32), None
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        row_cost = ROW_COST / (height_px * scale / 2**number) ** 2
        state = _begin(level, seed) if state is None else _finer(level, state, seed + number)
        here = max(level.hole.shape)
        if len(offsets):
            offsets = offsets * 2
        elif here <= OFFSETS_SIDE_PX and (number == 0 or 2 * here > OFFSETS_SIDE_PX):
            offsets = _repetitions(level, row_cost, seed)
        turns = part(progress, 0.9 * 0.4 ** (number + 1), 0.9 * 0.4**number)
        _solve(level, state, row_cost, offsets, (number == 0, seed * 101 + number), turns)
    return None if state is None else _full_size(image, hole, avoid, state, scale)


def _smaller(image: RGBImage, size_wh: tuple[int, int]) -> RGBImage:
    if image.shape[1::-1] == size_wh:
        return image
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _smaller_mask(mask: Mask, size_wh: tuple[int, int]) -> Mask:
    """Whatever the mask touches."""
    if mask.shape[::-1] == size_wh:
        return mask
    return cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA) > 0.01


def _begin(level: Level, seed: int) -> _State:
    """The coarsest level: colours flow in from the border, more along rows than across them."""
    colours = np.where(level.known[..., None], level.colours, 0)
    share = level.known.astype(np.float32)
    total, weight = np.zeros_like(colours), np.zeros_like(share)
    for width, height, trust in ((9, 1, 1.0), (21, 3, 1e-1), (61, 9, 1e-3), (255, 255, 1e-6)):
        kernel = (width, height)
        total += trust * cv2.blur(colours, kernel, borderType=cv2.BORDER_CONSTANT)
        weight += trust * cv2.blur(share, kernel, borderType=cv2.BORDER_CONSTANT)
    flow = total / np.maximum(weight, 1e-12)[..., None]
    state = _State(np.where(level.known[..., None], level.colours, flow).astype(np.float32), *_blank(level))
    _draw(level, state.field, np.ones(len(level.ys), bool), seed)
    return state


def _blank(level: Level) -> tuple[Field, NDArray[np.float32]]:
    return np.full((*level.hole.shape, 2), -1, np.int32), np.full(level.hole.shape, 1e30, np.float32)


def _draw(level: Level, field: Field, which: NDArray[np.bool_], seed: int) -> None:
    """Random patches for some of the targets."""
    ys, xs = np.nonzero(level.source)
    picked = np.random.default_rng(seed).integers(0, len(ys), int(which.sum()))
    field[level.ys[which], level.xs[which]] = np.stack([ys[picked], xs[picked]], axis=1)


def _finer(level: Level, coarse: _State, seed: int) -> _State:
    """The next level, beginning with what the coarser one found."""
    h, w = level.hole.shape
    inner = coarse.colours[RADIUS:-RADIUS, RADIUS:-RADIUS]
    grown = resized(inner, (w - 2 * RADIUS, h - 2 * RADIUS), cv2.INTER_LINEAR)
    grown = cv2.copyMakeBorder(grown, RADIUS, RADIUS, RADIUS, RADIUS, cv2.BORDER_REPLICATE)
    field, cost = _blank(level)
    ys, xs = level.ys - RADIUS, level.xs - RADIUS
    rows = np.minimum(ys // 2 + RADIUS, coarse.field.shape[0] - 1)
    columns = np.minimum(xs // 2 + RADIUS, coarse.field.shape[1] - 1)
    before = coarse.field[rows, columns]
    patches = (before - RADIUS) * 2 + np.stack([ys % 2, xs % 2], axis=1) + RADIUS
    patches = np.clip(patches, 0, [h - 1, w - 1])
    lost = (before[:, 0] < 0) | ~level.source[patches[:, 0], patches[:, 1]]
    field[level.ys, level.xs] = patches
    _draw(level, field, lost, seed)
    return _State(np.where(level.known[..., None], level.colours, grown).astype(np.float32), field, cost)


def _repetitions(level: Level, row_cost: float, seed: int) -> NDArray[np.int32]:
    """Offsets (m, 2) at which known patches find themselves again, the most frequent ones."""
    ys, xs = (a.astype(np.int32) for a in np.nonzero(level.source))
    field, cost = _blank(level)
    weights = level.known.astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(ys))
    field[ys, xs] = np.stack([ys[order], xs[order]], axis=1)
    kernels.rate(level.colours, weights, ys, xs, field, cost, RADIUS, row_cost)
    none, apart = np.zeros((0, 2), np.int32), max(4, max(level.hole.shape) // 15)
    reach = max(level.hole.shape)
    kernels.search(
        level.colours, weights, level.source, ys, xs, field, cost, none, RADIUS, 4, reach, row_cost, apart, seed
    )
    found = field[ys, xs] - np.stack([ys, xs], axis=1)
    found = found[np.abs(found).max(axis=1) >= apart]
    h, w = level.hole.shape
    counts = np.zeros((2 * h + 1, 2 * w + 1), np.float32)
    np.add.at(counts, (found[:, 0] + h, found[:, 1] + w), 1)
    counts = cv2.GaussianBlur(counts, (0, 0), 1.0)
    peaks = (counts == cv2.dilate(counts, np.ones((9, 9), np.uint8))) & (counts > 0)
    rows, columns = np.nonzero(peaks)
    best = np.argsort(-counts[rows, columns], kind="stable")[:MOST_OFFSETS]
    return np.stack([rows[best] - h, columns[best] - w], axis=1).astype(np.int32)


def _solve(
    level: Level,
    state: _State,
    row_cost: float,
    offsets: NDArray[np.int32],
    last_and_seed: tuple[bool, int],
    progress: Progress,
) -> None:
    """Match and vote until the filling settles; few rounds where there are many pixels."""
    finest, seed = last_and_seed
    targets = len(level.ys)
    rounds = int(np.clip(240_000 / max(targets, 1), 2, 12))
    sweeps = 3 if targets < 40_000 else 2
    reach = max(level.hole.shape) if targets < 10_000 else max(level.hole.shape) // 4
    for turn in range(rounds):
        progress(turn / rounds, MESSAGE)
        arguments = (state.colours, level.weights)
        kernels.rate(*arguments, level.ys, level.xs, state.field, state.cost, RADIUS, row_cost)
        kernels.search(
            *arguments, level.source, level.ys, level.xs, state.field, state.cost, offsets, RADIUS, sweeps, reach,
            row_cost, 0, seed * 1009 + turn,
        )  # fmt: skip
        fits = state.cost[level.ys, level.xs]
        state.tolerance = float(np.percentile(fits, 60)) * 0.5 + 1
        last = finest and turn == rounds - 1
        total, weight = np.zeros_like(state.colours), np.zeros(level.hole.shape, np.float32)
        kernels.vote(
            state.colours, level.hole, level.weights, level.ys, level.xs, state.field, state.cost, RADIUS,
            state.tolerance, 0.25 if last else 0.04, total, weight,
        )  # fmt: skip
        voted = level.hole & (weight > 0)
        state.colours[voted] = total[voted] / weight[voted][:, None]


def _full_size(image: RGBImage, hole: Mask, avoid: Mask, state: _State, scale: float) -> NDArray[np.float32]:
    """Colours (n, 3) of the hole, copied pixel by pixel and brought to meet the surroundings."""
    usable = ~(hole | avoid)
    near = 2 + round(0.5 / scale)
    kernel = np.ones((2 * near + 1, 2 * near + 1), np.uint8)
    rim = (cv2.dilate(hole.astype(np.uint8), kernel) > 0) & usable
    ys, xs = (a.astype(np.int32) for a in np.nonzero(hole | rim))
    colours, filled = np.zeros((len(ys), 3), np.float32), np.zeros(len(ys), bool)
    steps = np.zeros((len(ys), 2, 3), np.float32)
    scale = (state.field.shape[0] - 2 * RADIUS) / image.shape[0] if scale < 1 else 1.0
    kernels.compose(
        image, usable, ys, xs, state.field, state.cost, scale, RADIUS, state.tolerance, colours, steps, filled
    )
    if not filled.all():
        colours[~filled] = _enlarged(state, (image.shape[1], image.shape[0]))[ys[~filled], xs[~filled]]
    top, left = int(ys.min()), int(xs.min())
    box = slice(top, int(ys.max()) + 1), slice(left, int(xs.max()) + 1)
    places, shape = (ys - top, xs - left), hole[box].shape
    drawn, changes, there = (
        np.zeros((*shape, 3), np.float32),
        np.zeros((*shape, 2, 3), np.float32),
        np.zeros(shape, bool),
    )
    drawn[places], changes[places], there[places] = colours, steps, filled
    rim = rim[box] & there
    light = evened(image[box].astype(np.float32), drawn, changes, there, hole[box], rim)
    return np.clip((drawn + light)[hole[box]], 0, 255)


def _enlarged(state: _State, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    lab = np.clip(state.colours[RADIUS:-RADIUS, RADIUS:-RADIUS, :3], 0, 255).astype(np.uint8)
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return cv2.resize(rgb, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.float32)
