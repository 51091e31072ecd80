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
MOST_MISFITS = 4096
_ORDER = (1 << 16) - 1
_OUTSIDE = (1 << 16) - 1
"""A number no part has."""
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
    known = _symbols(parts, at)
    data = np.empty_like(known)
    here = at[at < needed]
    data[here] = known[: len(here)]
    absent = np.setdiff1d(np.arange(needed), here)
    data[absent] = _values(at, known, absent)
    return data.astype(">u2").tobytes()


def misfits(parts: Mapping[int, bytes], needed: int) -> frozenset[int] | None:
    """Numbers of the parts that do not belong to the message of the others; None if they are too many to tell.

    All symbols of a part are mixed by chance, so that nobody can make parts whose errors cancel out, and one code word
    is looked at instead of many; one of 65,535 misfits is missed. At most :data:`MOST_MISFITS` are found. The time
    grows with the square of the number of parts: a second for 25,000.
    """
    spare = min(len(parts) - needed, 2 * MOST_MISFITS)
    if spare < 2 or needed < 1 or max(parts) >= _OUTSIDE:
        return None
    at = np.array(sorted(parts))
    known = _symbols(parts, at)
    mix = np.random.default_rng().integers(1, 1 << 16, known.shape[1])
    powers, logs = _tables()
    points = at ^ _OUTSIDE  # none is 0, whose powers say nothing
    register, length = _register(
        _syndromes(points, _mixed(known, mix, powers, logs), spare, powers, logs), powers, logs
    )
    if 2 * length > spare:
        return None
    found = at[_roots(register[: length + 1], points, powers, logs)]
    return frozenset(found.tolist()) if len(found) == length else None


def _symbols(parts: Mapping[int, bytes], at: NDArray[np.int64]) -> Symbols:
    """(n, s) of the parts with these numbers."""
    return np.frombuffer(b"".join(parts[i] for i in at), ">u2").reshape(len(at), -1).astype(np.uint16)


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


@njit(cache=True, nogil=True)
def _mixed(known, mix, powers, logs):
    """(n,) one symbol a part: the sum of its symbols, each times its own factor."""
    out = np.zeros(len(known), np.uint16)
    for i in range(len(known)):
        for s in range(known.shape[1]):
            if known[i, s] != 0:
                out[i] ^= powers[logs[known[i, s]] + logs[mix[s]]]
    return out


@njit(cache=True, nogil=True)
def _syndromes(points, values, count, powers, logs):
    """(count,) sums of all values times powers of their points, which are zero for every code word."""
    out = np.zeros(count, np.int64)
    for i in range(len(points)):
        if values[i] == 0:
            continue
        total = 0
        for j in range(len(points)):
            if i != j:
                total += logs[points[i] ^ points[j]]
        term, step = (_ORDER - total % _ORDER + logs[values[i]]) % _ORDER, logs[points[i]]
        for n in range(count):
            out[n] ^= powers[term]
            term += step
            if term >= _ORDER:
                term -= _ORDER
    return out


@njit(cache=True, nogil=True)
def _register(syndromes, powers, logs):
    """Berlekamp and Massey: the shortest feedback register with this output, and its length."""
    count = len(syndromes)
    register, former = np.zeros(count + 2, np.int64), np.zeros(count + 2, np.int64)
    register[0] = former[0] = 1
    length, gap, divisor = 0, 1, 1
    for n in range(count):
        off = syndromes[n]
        for i in range(1, length + 1):
            if register[i] != 0 and syndromes[n - i] != 0:
                off ^= powers[logs[register[i]] + logs[syndromes[n - i]]]
        if off == 0:
            gap += 1
            continue
        factor = (logs[off] + _ORDER - logs[divisor]) % _ORDER
        kept = register.copy()
        for i in range(count + 2 - gap):
            if former[i] != 0:
                register[i + gap] ^= powers[factor + logs[former[i]]]
        if 2 * length <= n:
            length, divisor, gap = n + 1 - length, off, 1
            former = kept
            if 2 * length > count:
                break
        else:
            gap += 1
    return register, length


@njit(cache=True, nogil=True)
def _roots(register, points, powers, logs):
    """(n,) whether the register belongs to an error at each point."""
    found = np.zeros(len(points), np.bool_)
    for i in range(len(points)):
        step, total, term = _ORDER - logs[points[i]], 0, 0
        for j in range(len(register)):
            if register[j] != 0:
                total ^= powers[logs[register[j]] + term]
            term = (term + step) % _ORDER
        found[i] = total == 0
    return found
