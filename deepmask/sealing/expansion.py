"""Bits in and out of a block of pixels, so that the block gets back every bit it had (numba).

Prediction-error expansion (Thodi & Rodriguez, 2007) on a chessboard (Sachnev et al., 2009): a pixel is predicted by its
four neighbours, which have the other colour of the board and stay as they are meanwhile. Errors 0 and -1 carry a bit,
larger ones give way by one, and pixels in smooth surroundings come first, whichever their channel. Beside black or
white, errors of 0 alone carry, away from the end of the range, so that plain white paper carries as much as anything. A
pixel that gave way and is 0 or 255 now may have been so before: the next bit in the stream says which.

Nothing outside the block is looked at. Its lengths stand in the lowest bits of the first ``HEADER`` pixels of the top
row of green, which take no other part; the bits that were there are the first of the stream. One half of the stream
goes into the squares with an even sum of coordinates, the other into the odd ones, as far as there is room. In blocks
of greys all three channels are changed alike.

Kernels are compiled once and cached on disk; single-threaded and without the interpreter lock.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepmask.faces import RGBImage

HEADER = 32
"""Pixels that say how much follows: 13 bits on the first layer, 12 on the second, 1 whether of greys, 6 to check."""
LEAST_SIDE = 32
_FIRST, _SECOND, _CHECK = 13, 12, 6
_COLOUR = np.array([1, 0, 2])
_GREY = np.array([1])
_ATTEMPTS = 6
_LOW, _HIGH = 3, 253
"""Neighbours end so far from the ends of the range, at least, where a pixel moves towards them."""

Bits = NDArray[np.uint8]
"""(n,) of 0 and 1."""


def write(image: RGBImage, box: tuple[int, int, int, int], bits: Bits, *, grey: bool) -> bool:
    """Put ``bits`` into a block of ``image``, in place; False, and the block as it was, if it has no room for them.

    Args:
        box: left, top, width, height; sides of at least ``LEAST_SIDE``.
        grey: all pixels of the block are grey and stay so.
    """
    left, top, width, height = box
    view = image[top : top + height, left : left + width]
    before = view.copy()
    stream = np.concatenate([before[0, :HEADER, 1] & 1, bits])
    channels = _GREY if grey else _COLOUR
    if len(stream) >= 1 << _FIRST:
        return False
    first, second = _lay(view, before, channels, stream)
    if first < 0 or second >= 1 << _SECOND:
        view[:] = before
        return False
    view[0, :HEADER, 1] = (view[0, :HEADER, 1] & 0xFE) | _header(first, second, grey)
    if grey:
        view[...] = view[..., 1:2]
    return True


def read(image: RGBImage, box: tuple[int, int, int, int]) -> tuple[Bits, RGBImage] | None:
    """The bits of a block (left, top, width, height), and its pixels as they were before; None where nothing fits."""
    left, top, width, height = box
    view = image[top : top + height, left : left + width]
    lengths = parse_header(lowest_bits(view[0, :HEADER, 1]))
    if lengths is None:
        return None
    first, second, grey = lengths
    if grey and not (view == view[..., 1:2]).all():
        return None
    back = view.copy()
    stream = np.empty(first + second, np.uint8)
    if not _take(back, _GREY if grey else _COLOUR, stream, first, second):
        return None
    back[0, :HEADER, 1] = (back[0, :HEADER, 1] & 0xFE) | stream[:HEADER]
    if grey:
        back[...] = back[..., 1:2]
    return stream[HEADER:], back


def lowest_bits(samples: NDArray[np.uint8]) -> Bits:
    """The lowest bit of each sample."""
    return np.bitwise_and(samples, np.uint8(1)).astype(np.uint8)


def parse_header(bits: Bits) -> tuple[int, int, bool] | None:
    """Bits on the first and on the second layer, and whether of greys; None if ``bits`` (HEADER,) are no header."""
    value = int.from_bytes(np.packbits(bits).tobytes(), "big")
    said, check = value >> _CHECK, value & ((1 << _CHECK) - 1)
    first, second = said >> (_SECOND + 1), (said >> 1) & ((1 << _SECOND) - 1)
    return (first, second, bool(said & 1)) if check == _remainder(said) and first >= HEADER else None


def _header(first: int, second: int, grey: bool) -> Bits:
    said = (first << (_SECOND + 1)) | (second << 1) | grey
    return np.unpackbits(np.frombuffer(((said << _CHECK) | _remainder(said)).to_bytes(4, "big"), np.uint8))


def _remainder(said: int) -> int:
    """CRC-6-ITU of the 26 bits, inverted so that plain zeros are no header."""
    value = said << _CHECK
    for bit in range(25, -1, -1):
        if value >> (bit + _CHECK) & 1:
            value ^= 0b1000011 << bit
    return value ^ 0b111111


def headers(lowest: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n, 2) y, x of all places in (h, w) lowest bits of green at which a header may begin."""
    return _headers(lowest)


def room(image: RGBImage, box: tuple[int, int, int, int], *, grey: bool) -> int:
    """About how many bits :func:`write` could put into a block."""
    left, top, width, height = box
    view = image[top : top + height, left : left + width]
    return max(0, _carriers(view, _GREY if grey else _COLOUR) - HEADER)


# ------------------------------------------------------------------------------------------------------------- kernels
@njit(cache=True, nogil=True)
def _predicted(view, y, x, c):
    above, below = np.int64(view[y - 1, x, c]), np.int64(view[y + 1, x, c])
    before, behind = np.int64(view[y, x - 1, c]), np.int64(view[y, x + 1, c])
    return (above + below + before + behind + 2) >> 2


@njit(cache=True, nogil=True)
def _free(view, y, x, c):
    """Whether a pixel may move up, and whether down: where it is hardly at an end of the range already."""
    a, b = np.int64(view[y - 1, x, c]), np.int64(view[y + 1, x, c])
    d, e = np.int64(view[y, x - 1, c]), np.int64(view[y, x + 1, c])
    high, low = max(a, b, d, e), min(a, b, d, e)
    return high + (high - low) // 2 <= _HIGH, low - (high - low) // 2 >= _LOW


@njit(cache=True, nogil=True)
def _rough(view, y, x, c):
    """How uneven the four neighbours are, 0 .. 255."""
    a, b = np.int64(view[y - 1, x, c]), np.int64(view[y + 1, x, c])
    d, e = np.int64(view[y, x - 1, c]), np.int64(view[y, x + 1, c])
    guess = (a + b + d + e + 2) >> 2
    total = abs(a - guess) + abs(b - guess) + abs(d - guess) + abs(e - guess)
    height, width = view.shape[0], view.shape[1]
    for s in (-1, 1):
        for t in (-2, 2):
            if 0 <= x + t < width:
                total += abs(np.int64(view[y + s, x + t, c]) - guess)
            else:
                total += abs(a - guess)
            if 1 <= y + t < height:
                total += abs(np.int64(view[y + t, x + s, c]) - guess)
            else:
                total += abs(d - guess)
    return min(255, total)


@njit(cache=True, nogil=True)
def _ordered(view, parity, channels):
    """(n,) places (y * width + x) * 3 + c of the squares of one colour, the smoothest surroundings first."""
    height, width = view.shape[0], view.shape[1]
    rough = np.empty(height * width * 3, np.uint8)
    counts = np.zeros(257, np.int64)
    for c in channels:
        for y in range(2, height - 1):
            for x in range(1 + (y + 1 + parity) % 2, width - 1, 2):
                level = _rough(view, y, x, c)
                rough[(y * width + x) * 3 + c] = level
                counts[level + 1] += 1
    starts = np.cumsum(counts)
    places = np.empty(starts[256], np.int64)
    for c in channels:
        for y in range(2, height - 1):
            for x in range(1 + (y + 1 + parity) % 2, width - 1, 2):
                place = (y * width + x) * 3 + c
                places[starts[rough[place]]] = place
                starts[rough[place]] += 1
    return places


@njit(cache=True, nogil=True)
def _lay_layer(view, parity, channels, stream, start, stop):
    """Write stream[start:stop]; returns where it stopped, and how many pixels it could not say the past of."""
    at, asked, told = start, 0, 0
    places = _ordered(view, parity, channels)
    moved = np.empty(len(places), np.uint8)
    for place in places:
        if at == stop and asked == told:
            break
        y, x, c = place // 3 // view.shape[1], place // 3 % view.shape[1], place % 3
        value, guess = np.int64(view[y, x, c]), _predicted(view, y, x, c)
        error = value - guess
        up, down = _free(view, y, x, c)
        if (error == 0 and (up or down)) or (error == -1 and up and down):
            if told < asked:
                bit = moved[told]
                told += 1
            else:
                bit = stream[at]
                at += 1
            view[y, x, c] = value + bit if up and error == 0 else value - bit
        elif error > 0 and up:
            view[y, x, c] = min(255, value + 1)
            if value >= 254:
                moved[asked] = value == 254
                asked += 1
        elif error < 0 and down:
            view[y, x, c] = max(0, value - 1)
            if value <= 1:
                moved[asked] = value == 1
                asked += 1
    return at, asked - told


@njit(cache=True, nogil=True)
def _take_layer(view, parity, channels, stream, start, stop):
    """Inverse of :func:`_lay_layer`; whether all was found."""
    at, asked, told = start, 0, 0
    places = _ordered(view, parity, channels)
    waiting = np.empty(len(places), np.int64)
    for place in places:
        if at == stop and asked == told:
            break
        y, x, c = place // 3 // view.shape[1], place // 3 % view.shape[1], place % 3
        value, guess = np.int64(view[y, x, c]), _predicted(view, y, x, c)
        error = value - guess
        up, down = _free(view, y, x, c)
        bit = -1
        if (error == 0 and (up or down)) or (error == 1 and up):
            bit, value = error, guess
        elif error == -1 and down and not up:
            bit, value = 1, guess
        elif up and down and (error == -1 or error == -2):
            bit, value = -1 - error, guess - 1
        elif (error > 0 and up and value == 255) or (error < 0 and down and value == 0):
            waiting[asked] = place
            asked += 1
        elif error > 0 and up:
            value -= 1
        elif error < 0 and down:
            value += 1
        view[y, x, c] = value
        if bit >= 0 and told < asked:
            y, x, c = waiting[told] // 3 // view.shape[1], waiting[told] // 3 % view.shape[1], waiting[told] % 3
            told += 1
            if bit:
                view[y, x, c] = 254 if view[y, x, c] == 255 else 1
        elif bit >= 0:
            stream[at] = bit
            at += 1
    return at == stop and asked == told


@njit(cache=True, nogil=True)
def _lay(view, before, channels, stream):
    """Bits on the first and on the second layer; -1, 0 if there is no room."""
    most = (len(stream) + HEADER) // 2
    for _ in range(_ATTEMPTS):
        view[:] = before
        first, untold = _lay_layer(view, 0, channels, stream, 0, most)
        if untold == 0 and first == most:
            break
        most = first - untold  # it must end where reading ends: at the last bit, with nothing left to say
        if most < HEADER:
            return -1, 0
    if untold > 0 or first < most:
        return -1, 0
    last, untold = _lay_layer(view, 1, channels, stream, first, len(stream))
    return (first, last - first) if untold == 0 and last == len(stream) else (-1, 0)


@njit(cache=True, nogil=True)
def _take(view, channels, stream, first, second):
    whole = _take_layer(view, 1, channels, stream, first, first + second)
    return whole and _take_layer(view, 0, channels, stream, 0, first)


@njit(cache=True, nogil=True)
def _headers(lowest):
    height, width = lowest.shape
    found = np.empty((height * width, 2), np.int64)
    count = 0
    for y in range(height):
        value = 0
        for x in range(width):
            value = ((value << 1) | lowest[y, x]) & 0xFFFFFFFF
            if x < HEADER - 1:
                continue
            rest = value ^ 0b111111
            for bit in range(25, -1, -1):
                if (rest >> (bit + _CHECK)) & 1:
                    rest ^= 0b1000011 << bit
            said = value >> _CHECK
            total = (said >> (_SECOND + 1)) + ((said >> 1) & ((1 << _SECOND) - 1)) - HEADER
            if rest == 0 and total > 0 and total % 16 == 0:
                found[count, 0], found[count, 1] = y, x - HEADER + 1
                count += 1
    return found[:count]


@njit(cache=True, nogil=True)
def _carriers(view, channels):
    """Pixels that could carry a bit, were they alone."""
    count = 0
    for c in channels:
        for y in range(2, view.shape[0] - 1):
            for x in range(1, view.shape[1] - 1):
                error = np.int64(view[y, x, c]) - _predicted(view, y, x, c)
                up, down = _free(view, y, x, c)
                if (error == 0 and (up or down)) or (error == -1 and up and down):
                    count += 1
    return count
