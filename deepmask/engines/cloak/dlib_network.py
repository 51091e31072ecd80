"""dlib's recogniser with its gradient: the ResNet of 29 layers (King, 2017), computed by numpy.

dlib gives 128 numbers for a face but not how they change with its pixels, which an attack must know. So the weights are
read from dlib's own file and the network is run here, forwards and backwards; dlib itself judges the result. The layers
are those of dlib's ``examples/dnn_face_recognition_ex.cpp``, each affine layer folded into the convolution before it.

Maps are (N, H, W, C) float32. Every operation returns its result and how a gradient goes back through it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from deepmask.engines.recognizer import CHIP_PX, RECOGNIZER_FILE, model_path
from deepmask.errors import EngineFailed

Maps = NDArray[np.float32]
Back = Callable[[Maps], Maps]
"""The gradient of a result, as a gradient of what it was made from."""

_MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)
_SCALE = np.float32(1 / 256)
# dlib/dnn/input.h: input_rgb_image_sized.

_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Channels, number of blocks, and whether the first block halves the size."""

NUMBERS = 128


@dataclass(frozen=True)
class _Convolution:
    weight: Maps
    """(kernel * kernel * C, O)."""
    bias: Maps
    """(O,)."""
    kernel: int
    stride: int

    @property
    def padding(self) -> int:
        """dlib's default: none where it strides."""
        return self.kernel // 2 if self.stride == 1 else 0


@dataclass(frozen=True)
class _Block:
    first: _Convolution
    second: _Convolution

    @property
    def halves(self) -> bool:
        return self.first.stride == 2


class DlibNetwork:
    """The network of one file of weights."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            EngineFailed: the file holds another network.
        """
        weights = _Weights(path)
        self._stem = weights.convolution(3, 32, 7, 2)
        self._blocks: list[_Block] = []
        channels = 32
        for width, count, halving in _LEVELS:
            for n in range(count):
                stride = 2 if halving and n == 0 else 1
                first = weights.convolution(channels, width, 3, stride)
                self._blocks.append(_Block(first, weights.convolution(width, width, 3, 1)))
                channels = width
        self._last = weights.array(channels, NUMBERS)

    def describe(self, chips: Maps) -> tuple[Maps, Back]:
        """Descriptors (N, 128) of aligned faces (N, 150, 150, 3) RGB 0..255, and the way back to their pixels."""
        if chips.shape[1:] != (CHIP_PX, CHIP_PX, 3):
            raise ValueError(f"dlib's network sees (N, {CHIP_PX}, {CHIP_PX}, 3), got {chips.shape}")
        way: list[Back] = []

        def step(done: tuple[Maps, Back]) -> Maps:
            way.append(done[1])
            return done[0]

        maps = step(_convolved((chips - _MEAN_RGB) * _SCALE, self._stem))
        maps = step(_max_pooled(step(_rectified(maps))))
        for block in self._blocks:
            maps = step(_through(block, maps))
        size = maps.shape[1] * maps.shape[2]
        numbers = maps.mean((1, 2)) @ self._last

        def back(gradient: Maps) -> Maps:
            flat = (gradient @ self._last.T / size).astype(np.float32)
            gradient = np.broadcast_to(flat[:, None, None], maps.shape)
            for one in reversed(way):
                gradient = one(gradient)
            return gradient * _SCALE

        return numbers, back


@cache
def network() -> DlibNetwork:
    """The network of the package face_recognition_models.

    Raises:
        EngineMissing: the package is not there.
        EngineFailed: it brings another network.
    """
    return DlibNetwork(Path(model_path(RECOGNIZER_FILE)))


# ---------------------------------------------------------------------------------------------------------- operations
def _convolved(maps: Maps, layer: _Convolution) -> tuple[Maps, Back]:
    k, s, p = layer.kernel, layer.stride, layer.padding
    padded = np.pad(maps, ((0, 0), (p, p), (p, p), (0, 0))) if p else maps
    every = sliding_window_view(padded, (k, k), axis=(1, 2))  # type: ignore[call-overload]
    windows = every[:, ::s, ::s]  # (N, H, W, C, k, k)
    n, h, w, c = windows.shape[:4]
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * h * w, k * k * c)
    result = (columns @ layer.weight + layer.bias).reshape(n, h, w, -1)

    def back(gradient: Maps) -> Maps:
        spread = (gradient.reshape(n * h * w, -1) @ layer.weight.T).reshape(n, h, w, k, k, c)
        whole = np.zeros(padded.shape, np.float32)
        for y in range(k):
            for x in range(k):
                whole[:, y : y + s * h : s, x : x + s * w : s] += spread[:, :, :, y, x]
        return whole[:, p : whole.shape[1] - p, p : whole.shape[2] - p]

    return result, back


def _rectified(maps: Maps) -> tuple[Maps, Back]:
    alive = maps > 0
    return maps * alive, lambda gradient: gradient * alive


def _max_pooled(maps: Maps) -> tuple[Maps, Back]:
    """The largest of each 3 x 3 pixels, every other one."""
    h, w = (maps.shape[1] - 3) // 2 + 1, (maps.shape[2] - 3) // 2 + 1
    places = [np.s_[:, y : y + 2 * h : 2, x : x + 2 * w : 2] for y in range(3) for x in range(3)]
    result = np.maximum.reduce([maps[place] for place in places])

    def back(gradient: Maps) -> Maps:
        whole = np.zeros_like(maps)
        for place in places:
            whole[place] += gradient * (maps[place] == result)
        return whole

    return result, back


def _mean_pooled(maps: Maps) -> tuple[Maps, Back]:
    """The mean of each 2 x 2 pixels."""
    n, h, w, c = maps.shape[0], maps.shape[1] // 2, maps.shape[2] // 2, maps.shape[3]
    result = maps[:, : 2 * h, : 2 * w].reshape(n, h, 2, w, 2, c).mean((2, 4))

    def back(gradient: Maps) -> Maps:
        whole = np.zeros_like(maps)
        whole[:, : 2 * h, : 2 * w] = np.repeat(np.repeat(gradient / 4, 2, 1), 2, 2)
        return whole

    return result, back


def _through(block: _Block, maps: Maps) -> tuple[Maps, Back]:
    """A residual block; where the sizes of its two ways differ, dlib counts what is missing as 0."""
    one, back_one = _convolved(maps, block.first)
    one, back_alive = _rectified(one)
    one, back_two = _convolved(one, block.second)
    kept, back_kept = _mean_pooled(maps) if block.halves else (maps, lambda gradient: gradient)
    total = np.zeros(np.maximum(one.shape, kept.shape), np.float32)
    inner, outer = (np.s_[:, : part.shape[1], : part.shape[2], : part.shape[3]] for part in (one, kept))
    total[inner] += one
    total[outer] += kept
    result, back_result = _rectified(total)

    def back(gradient: Maps) -> Maps:
        gradient = back_result(gradient)
        return back_one(back_alive(back_two(np.ascontiguousarray(gradient[inner])))) + back_kept(gradient[outer])

    return result, back


# ------------------------------------------------------------------------------------------------------------- weights
class _Weights:
    """Reads tensors out of a file of dlib in the order in which they lie there.

    A tensor is its version (2), its four sizes and its float32 values; whole numbers are written as the number of their
    bytes and these (dlib/serialize.h, dlib/cuda/tensor.h). What lies between the tensors says nothing we do not know.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._content, self._at = path, path.read_bytes(), 0

    def array(self, *sizes: int) -> Maps:
        """The next tensor with these sizes."""
        count = int(np.prod(sizes))
        head = b"".join(_as_written(number) for number in (2, *(*sizes, 1, 1, 1)[:4]))
        found = self._content.find(head, self._at)
        start = found + len(head)
        if found < 0 or start + 4 * count > len(self._content):
            raise EngineFailed(f"{self._path.name} does not hold dlib's face recogniser; reinstall the package.")
        self._at = start + 4 * count
        return np.frombuffer(self._content, "<f4", count, start).reshape(sizes).astype(np.float32)

    def convolution(self, inputs: int, outputs: int, kernel: int, stride: int) -> _Convolution:
        """The next convolution and the affine layer behind it, as one."""
        values = self.array(outputs * (inputs * kernel * kernel + 1))
        filters, bias = values[:-outputs].reshape(outputs, inputs, kernel, kernel), values[-outputs:]
        gain, shift = self.array(2 * outputs).reshape(2, outputs)
        weight = (filters * gain[:, None, None, None]).transpose(2, 3, 1, 0).reshape(-1, outputs)
        return _Convolution(np.ascontiguousarray(weight), bias * gain + shift, kernel, stride)


def _as_written(number: int) -> bytes:
    content = number.to_bytes(8, "little").rstrip(b"\0") or b"\0"
    return bytes([len(content)]) + content
