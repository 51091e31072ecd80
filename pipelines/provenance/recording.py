"""What is told of an output's provenance, and the record of its tag: never anything about the original."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from deepmask.errors import DeepmaskError
from deepmask.likeness import Likeness
from deepmask.provenance import Mark
from deepmask.records import Ledger, Record

_WHAT = {"photo": "a masked photo", "video": "a masked video"}


def remember(
    mark: Mark, medium: Literal["photo", "video"], likenesses: Sequence[Likeness], size_wh: tuple[int, int]
) -> tuple[str, ...]:
    """Keep the record of an output's tag, signed where the key is at hand.

    Args:
        likenesses: of the output, from which it will be recognised.

    Returns:
        What the user should know, each a short clause.
    """
    record = Record.now(mark.number, _WHAT[medium], medium, size_wh, "public", likenesses)
    try:
        Ledger().add(record if mark.signer is None else record.signed(mark.signer))
    except DeepmaskError as error:
        return (f"the record of its tag was not kept: {str(error).rstrip('.')}",)
    if mark.signer is None:
        return ("the record of its tag is not signed, because the signing key is locked",)
    return ()


def told(thing: str, untagged: str, unsigned: str) -> str:
    """Tag and content credentials in one clause.

    Args:
        thing: as which the output shows itself: 'a masked picture'.
        untagged: why it has no tag; empty if it has.
        unsigned: why it has no content credentials; empty if it has.
    """
    if untagged and unsigned:
        return f"neither tagged nor signed, because {untagged}, and {unsigned}"
    if untagged:
        return f"signed as {thing}, not tagged, because {untagged}"
    return f"tagged as {thing}, not signed, because {unsigned}" if unsigned else f"tagged and signed as {thing}"


def without_names(plan: str) -> str:
    """A plan's JSON without the name of its file: the same photo under another name is the same work."""
    return json.dumps({key: value for key, value in json.loads(plan).items() if key != "source_name"}, sort_keys=True)
