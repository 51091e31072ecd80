"""The Hugging Face hub, or a mirror of it: addresses, what it publishes of a file, and what of a repository.

Our own few requests instead of huggingface_hub: that compares sizes only, and takes no server for a hub that does not
send the hub's own headers, as plain mirrors do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from deepmask import __version__
from deepmask.config import Settings
from deepmask.errors import InputError, WeightsError
from deepmask.weights import layout
from deepmask.weights.places import HUB_PAGE, hub_row
from deepmask.weights.table import Weight, WeightFile

if TYPE_CHECKING:
    import httpx

_SWITCH = "HF_HUB_OFFLINE"
_ON = ("1", "ON", "YES", "TRUE")
_HEX = {64: "sha256", 40: "git"}


def require_network() -> None:
    """Downloads are allowed.

    Raises:
        WeightsError: the user switched them off.
    """
    if Settings.load().offline:
        raise WeightsError("Downloads are switched off by the setting offline; switch it off, or import the files.")
    if os.environ.get(_SWITCH, "").upper() in _ON:
        raise WeightsError(
            f"Downloads are switched off by {_SWITCH} in the environment; unset it, or import the files."
        )


def address(row: Weight, file: WeightFile) -> str:
    """Where a file is fetched from."""
    return f"{_base()}/{row.repo}/resolve/{row.revision}/{quote(file.remote)}"


def page(row: Weight) -> str:
    """Where a person finds the files."""
    return f"{HUB_PAGE}/{row.repo}/tree/{row.revision}"


@contextmanager
def client() -> Iterator[httpx.Client]:
    """Connections that time out; proxies are taken from the environment."""
    import httpx

    timeout = httpx.Timeout(20.0, connect=10.0)
    headers = {"User-Agent": f"deepmask/{__version__}", "Accept-Encoding": "identity"}
    with httpx.Client(timeout=timeout, headers=headers) as connections:
        yield connections


def published_in(headers: Mapping[str, str]) -> str:
    """The digest of a file in an answer of the hub: 'sha256:…', 'git:…', or empty.

    The hub names large files by SHA-256 and small ones by the SHA-1 of their git blob. The ETag of anything else, a
    plain mirror or a storage service, means nothing.
    """
    tag = headers.get("x-linked-etag") or (headers.get("etag", "") if "x-repo-commit" in headers else "")
    digest = tag.removeprefix("W/").strip('"').lower()
    kind = _HEX.get(len(digest))
    return f"{kind}:{digest}" if kind and re.fullmatch(r"[0-9a-f]+", digest) else ""


def describe(repo: str) -> Weight:
    """The row of a repository that is not in the table: its diffusers files, and the licence its model card states.

    Raises:
        WeightsError: it cannot be asked, does not exist, or has no safetensors weights.
    """
    import httpx

    require_network()
    try:
        with client() as connections:
            about = _ask(connections, f"{_base()}/api/models/{repo}")
            commit = str(about["sha"])
            files = list(_tree(connections, f"{_base()}/api/models/{repo}/tree/{commit}?recursive=true"))
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"The repository {repo!r} cannot be looked up at {_base()} ({_reason(error)}); fetch it by hand from "
            f"{HUB_PAGE}/{repo} and name its folder in the setting diffusion_model."
        ) from error
    needed = set(layout.needed(file.path for file in files))
    if not needed:
        raise WeightsError(f"The repository {repo!r} has no safetensors weights; other formats are not loaded.")
    card = about.get("cardData") or {}
    licence = card.get("license_name") or card.get("license") or ""
    return hub_row(
        repo,
        tuple(file for file in files if file.path in needed),
        str(licence),
        revision=commit,
        licence_url=str(card.get("license_link") or f"{HUB_PAGE}/{repo}"),
        year=int(str(about.get("createdAt", "0"))[:4]),
    )


def is_mirrored() -> bool:
    """Whether files come from somewhere else than the hub."""
    return bool(Settings.load().mirror)


def _base() -> str:
    base = (Settings.load().mirror or HUB_PAGE).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"The setting mirror must be an address like https://mirror.example, got {base!r}.")
    return base


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectError):
        return "it cannot be reached"
    answer = getattr(error, "response", None)
    return f"HTTP {answer.status_code}" if answer is not None else str(error) or type(error).__name__


def _ask(connections: httpx.Client, url: str) -> dict[str, Any]:
    answer = connections.get(url, follow_redirects=True)
    answer.raise_for_status()
    return answer.json()


def _tree(connections: httpx.Client, url: str | None) -> Iterator[WeightFile]:
    """All files of a revision; the hub answers in pages."""
    while url:
        answer = connections.get(url, follow_redirects=True)
        answer.raise_for_status()
        for item in answer.json():
            if item["type"] == "file":
                large = item.get("lfs") or {}
                yield WeightFile(str(item["path"]), int(large.get("size", item["size"])), str(large.get("oid", "")))
        url = answer.links.get("next", {}).get("url")
