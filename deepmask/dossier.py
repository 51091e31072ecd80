"""One finding laid out for people: a verdict, tables and pictures; shown by the app, and a page of its own as HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from deepmask.faces import RGBImage
from deepmask.files import write_text

Tone = Literal["good", "info", "warn", "bad"]
"""good: as hoped; info: neither; warn: unsure, or with reservations; bad: faked, changed, unprotected."""

_WIDEST_PX = 1280
"""Pictures are shown no larger."""


@dataclass(frozen=True)
class Table:
    """Numbers and what they mean."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: str = ""
    """How it is to be read: a sentence."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError(f"each row of {self.title!r} needs {len(self.head)} cells")


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A picture that shows something."""

    title: str
    image: RGBImage
    words: str = ""
    """What is seen: a sentence."""


@dataclass(frozen=True, eq=False)
class Dossier:
    """What was found about one file, from the verdict to the evidence."""

    title: str
    """What was done to which file: 'Faked pixels in party.jpg'."""
    verdict: str
    """The answer in a few words: 'Authentic, with changes'."""
    tone: Tone
    summary: str
    """The verdict's sentence."""
    reasons: tuple[str, ...] = ()
    """Why: a sentence each, the weightiest first."""
    tables: tuple[Table, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    notes: tuple[str, ...] = ()
    """What else the reader should know."""

    def body(self) -> str:
        """HTML without head, for a page that has the styles (:data:`STYLE`)."""
        return "".join(self._parts())

    def html(self) -> str:
        """A whole page that needs nothing else: no script, no other file, nothing from the net."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_PAGE}{STYLE}</style></head>"
            f"<body>{self.body()}<footer>Deepmask, on your own machine</footer></body></html>\n"
        )

    def save(self, path: Path) -> None:
        """Write :meth:`html` atomically."""
        write_text(path, self.html())

    def _parts(self) -> Iterator[str]:
        yield f'<article class="dossier dossier-{self.tone}"><header><p>{escape(self.title)}</p>'
        yield f"<h2>{escape(self.verdict)}</h2><p>{escape(self.summary)}</p></header>"
        if self.reasons:
            yield f"<ul>{''.join(f'<li>{escape(reason)}</li>' for reason in self.reasons)}</ul>"
        if self.exhibits:
            yield f'<div class="dossier-pictures">{"".join(map(_figure, self.exhibits))}</div>'
        yield from map(_table, self.tables)
        yield from (f'<p class="dossier-note">{escape(note)}</p>' for note in self.notes)
        yield "</article>"


def _figure(exhibit: Exhibit) -> str:
    words = f"<span>{escape(exhibit.words)}</span>" if exhibit.words else ""
    return (
        f'<figure><img src="{data_address(exhibit.image)}" alt="{escape(exhibit.title)}">'
        f"<figcaption><b>{escape(exhibit.title)}</b>{words}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    words = f"<p>{escape(table.words)}</p>" if table.words else ""
    return f"<section><h3>{escape(table.title)}</h3>{words}<table><tr>{head}</tr>{rows}</table></section>"


def data_address(image: RGBImage) -> str:
    """A picture as an address that needs no file; large ones are made smaller."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((_WIDEST_PX, _WIDEST_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


STYLE = """
.dossier { --tone: #5b6b85; font-size: 15px; line-height: 1.5; }
.dossier-good { --tone: #15803d; } .dossier-warn { --tone: #b45309; } .dossier-bad { --tone: #b91c1c; }
.dossier header { border-left: 5px solid var(--tone); padding: 2px 0 2px 16px; margin-bottom: 16px; }
.dossier header p { margin: 0; } .dossier header p:first-child { font-size: 13px; opacity: .75; }
.dossier h2 { color: var(--tone); font-size: 24px; line-height: 1.25; margin: 2px 0 4px; }
.dossier h3 { font-size: 16px; margin: 20px 0 4px; } .dossier section p { margin: 0 0 6px; opacity: .8; }
.dossier ul { padding-left: 20px; margin: 0 0 16px; list-style: disc; }
.dossier-pictures { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); }
.dossier figure { margin: 0; } .dossier img { width: 100%; border-radius: 8px; display: block; }
.dossier figcaption { font-size: 13px; padding-top: 5px; } .dossier figcaption b { display: block; }
.dossier table { border-collapse: collapse; width: 100%; font-size: 14px; }
.dossier th, .dossier td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid #8884; }
.dossier-note { font-size: 13px; opacity: .8; margin: 12px 0 0; }
"""
"""Of :meth:`Dossier.body`; colours of text and ground are those of the page around."""

_PAGE = """
body { font-family: system-ui, sans-serif; max-width: 1040px; margin: 32px auto; padding: 0 20px; color: #1c2430;
background: #fff; } footer { margin-top: 32px; font-size: 12px; opacity: .6; }
@media (prefers-color-scheme: dark) { body { color: #e6e9ef; background: #14181f; }
.dossier { --tone: #9fb0cc; } .dossier-good { --tone: #4ade80; } .dossier-warn { --tone: #fbbf24; }
.dossier-bad { --tone: #f87171; } }
"""
