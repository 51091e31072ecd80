"""What a tag alone may do to pixels."""

import numpy as np

MOST_LEVELS = 6
"""By which the strongest tag of masked outputs moves a pixel; most have the weakest, which moves them by 3."""


def only_tagged(after: np.ndarray, before: np.ndarray) -> bool:
    """Whether (..., 3) pixels differ by nothing but a tag: a little, and by the same in all three colours."""
    moved = after.astype(int) - before
    free = ((before >= MOST_LEVELS) & (before <= 255 - MOST_LEVELS)).all(-1)
    return bool(np.abs(moved).max() <= MOST_LEVELS and (moved[free] == moved[free][..., :1]).all())
