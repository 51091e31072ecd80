"""64 bits as 258 that survive noise: a checksum, then a convolutional code, read back by the Viterbi algorithm.

The code has rate 1/3 and constraint length 7 (generators 133, 171 and 165 octal, free distance 15), ended by six zero
bits; the checksum is CRC-16/CCITT-FALSE. G. D. Forney, The Viterbi Algorithm, Proceedings of the IEEE 61 (1973).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ID_BITS = 64
_CHECK_BITS = 16
_MEMORY = 6
_STATES = 1 << _MEMORY
_GENERATORS = (0o133, 0o171, 0o165)
_RATE = len(_GENERATORS)
_CRC_POLYNOMIAL, _CRC_START = 0x1021, 0xFFFF
_STEPS = ID_BITS + _CHECK_BITS + _MEMORY
CODED_BITS = _STEPS * _RATE
"""How many signs carry one id."""


def _parity(value: int) -> int:
    return value.bit_count() & 1


_OUTPUT = np.array(
    [[[_parity((bit << _MEMORY | state) & g) for g in _GENERATORS] for bit in (0, 1)] for state in range(_STATES)]
)
"""(state, input bit, 3) coded bits."""
_SIGNS = (_OUTPUT * 2 - 1).astype(np.float64)
_NEXT = np.array([[(bit << _MEMORY | state) >> 1 for bit in (0, 1)] for state in range(_STATES)])
_FROM = np.array([[(s, b) for s in range(_STATES) for b in (0, 1) if _NEXT[s, b] == to] for to in range(_STATES)])
"""(state, 2, 2): the two states that lead to it, each with the input bit."""


def encoded(tag_id: int) -> NDArray[np.int8]:
    """(258,) signs -1 and 1 for 64 bits."""
    bits = _bits(tag_id, ID_BITS)
    bits = [*bits, *_bits(_crc(bits), _CHECK_BITS), *[0] * _MEMORY]
    state, coded = 0, []
    for bit in bits:
        coded.extend(_OUTPUT[state, bit])
        state = int(_NEXT[state, bit])
    return (np.array(coded) * 2 - 1).astype(np.int8)


def decoded(soft: NDArray[np.floating]) -> int | None:
    """The id; None where the checksum says that it is none.

    Args:
        soft: (258,) positive for 1, negative for -1, the size says how surely.
    """
    best = _likeliest(np.asarray(soft, np.float64))
    message, check = best[:ID_BITS], best[ID_BITS:]
    return _number(message) if _number(check) == _crc(message) else None


def _likeliest(soft: NDArray[np.float64]) -> list[int]:
    """The most likely message and checksum."""
    gains = _SIGNS @ soft.reshape(_STEPS, _RATE).T
    metric = np.full(_STATES, -np.inf)
    metric[0] = 0.0
    states, bits = _FROM[:, :, 0], _FROM[:, :, 1]
    came = np.empty((_STEPS, _STATES), np.intp)
    for step in range(_STEPS):
        candidates = metric[states] + gains[states, bits, step]
        came[step] = candidates.argmax(1)
        metric = candidates.max(1)
    state, message = 0, []
    for step in range(_STEPS - 1, -1, -1):
        state, bit = _FROM[state, came[step, state]]
        message.append(int(bit))
    return message[::-1][: ID_BITS + _CHECK_BITS]


def _bits(value: int, count: int) -> list[int]:
    return [value >> place & 1 for place in range(count - 1, -1, -1)]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def _crc(bits: list[int]) -> int:
    register = _CRC_START
    for bit in bits:
        leaving = register >> (_CHECK_BITS - 1) ^ bit
        register = (register << 1) & 0xFFFF ^ (_CRC_POLYNOMIAL if leaving else 0)
    return register
