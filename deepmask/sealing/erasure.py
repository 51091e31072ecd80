"""A message in n parts of which any k give it back: Reed-Solomon code over GF(2^16) as interpolation (numba).

The k pieces of a message are the values of a polynomial of degree < k at 0 .. k-1, separately for each of their 16-bit
symbols; part i is its value at i. So the first k parts are the message itself, and reading an unharmed one costs
nothing (Reed & Solomon, 1960; Lagrange's formula in its barycentric form).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

MOST_PARTS = 1 << 16
SYMBOL_BYTES = 2
_ORDER = (1 << 16) - 1
_POLYNOMIAL = 0x1100B

Symbols = NDArray[np.uint16]


def spread(message: bytes, part_bytes: int, parts: int) -> list[bytes]:
    """``message`` in ``parts`` parts of ``part_bytes`` each, padded with zeros.

    Raises:
        ValueError: it does not fit into so many parts.
    """
    needed = count_needed(len(message), part_bytes)
    if not needed <= parts <= MOST_PARTS:
        raise ValueError(f"{len(message)} bytes do not fit into {parts} parts of {part_bytes}")
    data = np.frombuffer(message.ljust(needed * part_bytes, b"\0"), ">u2").reshape(needed, -1).astype(np.uint16)
    more = _values(np.arange(needed), data, np.arange(needed, parts))
    return [row.tobytes() for row in np.concatenate([data, more]).astype(">u2")]


def count_needed(message_bytes: int, part_bytes: int) -> int:
    """How many parts give a message of so many bytes back."""
    return -(-message_bytes // part_bytes)


def gather(parts: Mapping[int, bytes], needed: int) -> bytes | None:
    """The message, with its padding, from parts of one size by their numbers; None if they are too few."""
    if len(parts) < needed or needed < 1:
        return None
    at = np.array(sorted(parts)[:needed])
    known = np.frombuffer(b"".join(parts[i] for i in at), ">u2").reshape(needed, -1).astype(np.uint16)
    data = np.empty_like(known)
    here = at[at < needed]
    data[here] = known[: len(here)]
    absent = np.setdiff1d(np.arange(needed), here)
    data[absent] = _values(at, known, absent)
    return data.astype(">u2").tobytes()


def _values(at: NDArray[np.int64], known: Symbols, wanted: NDArray[np.int64]) -> Symbols:
    """(m, s) values at ``wanted`` of the polynomials that are ``known`` (k, s) ``at`` k places."""
    if not len(wanted):
        return np.empty((0, known.shape[1]), np.uint16)
    powers, logs = _tables()
    return _interpolated(at, known, wanted, powers, logs)


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Powers of the generator, twice around, and their logarithms."""
    powers, logs = np.empty(2 * _ORDER, np.uint16), np.zeros(1 << 16, np.int32)
    value = 1
    for n in range(_ORDER):
        powers[n] = powers[n + _ORDER] = value
        logs[value] = n
        value <<= 1
        if value >> 16:
            value ^= _POLYNOMIAL
    return powers, logs


@njit(cache=True, nogil=True)
def _interpolated(at, known, wanted, powers, logs):
    count, symbols = known.shape
    weights = np.empty(count, np.int64)
    for j in range(count):
        total = 0
        for i in range(count):
            if i != j:
                total += logs[at[i] ^ at[j]]
        weights[j] = _ORDER - total % _ORDER
    out = np.zeros((len(wanted), symbols), np.uint16)
    for m in range(len(wanted)):
        node = 0
        for i in range(count):
            node += logs[at[i] ^ wanted[m]]
        for j in range(count):
            factor = (node + weights[j] + _ORDER - logs[at[j] ^ wanted[m]]) % _ORDER
            for s in range(symbols):
                if known[j, s] != 0:
                    out[m, s] ^= powers[factor + logs[known[j, s]]]
    return out
