"""Text of strangers, before it reaches a terminal."""

from __future__ import annotations

import unicodedata

_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode's control and format characters, which move the cursor, hide text or turn its direction; and what is none."""


def printable(text: str) -> str:
    """``text`` on one line and without what drives a terminal: escape sequences, direction marks, invisible characters.

    Names of files and words in files can hold all of these: what is printed after them could be overwritten or hidden.
    """
    spaced = "".join(" " if one.isspace() else one for one in text)
    return "".join(one for one in spaced if unicodedata.category(one) not in _DROPPED)
