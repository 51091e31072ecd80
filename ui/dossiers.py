"""A finding as the app hands it out: HTML for the page, a page of its own, and its report as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deepmask.dossier import Dossier, Tone, page, shown
from deepmask.faces import RGBImage
from deepmask.files import write_bytes, write_text
from deepmask.report_json import Saved


@dataclass(frozen=True)
class Filed:
    """What was found about one file, and where it lies in the session's folder."""

    title: str
    verdict: str
    tone: Tone
    summary: str
    body: str
    """HTML; its pictures are files beside it."""
    page: Path
    """The page that needs nothing else."""
    report: Path
    """JSON."""


def filed(dossier: Dossier, report: Saved, folder: Path, stem: str) -> Filed:
    """Lay a dossier and its report down as files of ``folder``, whose names begin with ``stem``."""
    html, json = folder / f"{stem}.html", folder / f"{stem}.json"
    dossier.save(html)
    report.save(json)
    body = dossier.body(_address_in(folder))
    return Filed(dossier.title, dossier.verdict, dossier.tone, dossier.summary, body, html, json)


def together(title: str, filings: Sequence[Filed], path: Path) -> Path:
    """One page with several findings."""
    bodies = (_inside(filing.page.read_text("utf-8")) for filing in filings)
    write_text(path, page(title, "".join(bodies)))
    return path


def _inside(html: str) -> str:
    return html[html.index("<main>") + len("<main>") : html.rindex("</main>")]


def _address_in(folder: Path) -> Callable[[RGBImage], str]:
    def address(image: RGBImage) -> str:
        data = shown(image)
        path = folder / f"exhibit-{hashlib.blake2s(data, digest_size=8).hexdigest()}.jpg"
        if not path.is_file():
            write_bytes(path, data)
        return f"gradio_api/file={quote(str(path))}"

    return address
