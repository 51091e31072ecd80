"""Where the HTML page about a file goes."""

from __future__ import annotations

from pathlib import Path

from deepmask.errors import InputError


def page_for(source: Path, page: Path | None, *, single: bool) -> Path | None:
    """The file to write; of several inputs ``page`` is a folder, in which names keep the input's suffix.

    Raises:
        InputError: several pages for one file.
    """
    if page is None or (single and not page.is_dir()):
        return page
    if page.is_file():
        raise InputError(f"Several pages do not fit into {page.name}; give the name of a folder.")
    return page / f"{source.name}.html"
