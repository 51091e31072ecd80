"""One finding laid out for people: a verdict, tables and pictures; shown by the app, and a page of its own as HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from deepmask.faces import RGBImage
from deepmask.files import write_text

Tone = Literal["good", "info", "warn", "bad"]
"""good: as hoped; info: neither; warn: unsure, or with reservations; bad: faked, changed, unprotected."""

Address = Callable[[RGBImage], str]
"""Where a page finds a picture."""

_WIDEST_PX = 1280
"""Pictures are shown no larger."""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy of a page by itself: the browser, too, sees to it that it loads nothing."""


@dataclass(frozen=True)
class Table:
    """Numbers and what they mean."""

    title: str
    head: tuple[str, ...]
    """Of the columns; where all are empty no head is shown."""
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
    wide: bool = False
    """Whether it has a row of its own: the picture that matters most."""


@dataclass(frozen=True, eq=False)
class Dossier:
    """What was found about one file, from the verdict to the evidence."""

    title: str
    """What was done to which file: 'Faked pixels in party.jpg'."""
    verdict: str
    """The answer in a few words: 'Changed since it was sealed'."""
    tone: Tone
    summary: str
    """The verdict's sentence."""
    reasons: tuple[str, ...] = ()
    """Why: a sentence each, the weightiest first."""
    tables: tuple[Table, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    notes: tuple[str, ...] = ()
    """What else the reader should know."""
    parts: tuple[Dossier, ...] = ()
    """The single questions that the verdict is made of: at a glance below it, and in full at the end."""

    def body(self, address: Address | None = None) -> str:
        """HTML without head, for a page that has the styles (:data:`STYLE`).

        Args:
            address: where the page finds an exhibit's picture; None: the pictures are inside the HTML.
        """
        inner = "".join(_parts(self, address or data_address, 2))
        return f'<article class="dossier dossier-{self.tone}">{inner}</article>'

    def html(self) -> str:
        """A whole page that needs nothing else: no script, no other file, nothing from the net."""
        return page(self.title, self.body())

    def save(self, path: Path) -> None:
        """Write :meth:`html` atomically."""
        write_text(path, self.html())


def page(title: str, body: str) -> str:
    """A whole page around one or several :meth:`Dossier.body`."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}{_PAGE}</style></head>"
        f"<body><main>{body}</main><footer>Made by Deepmask, on one computer: this page loads nothing.</footer></body>"
        "</html>\n"
    )


def _parts(dossier: Dossier, address: Address, level: int) -> Iterator[str]:
    """HTML of a dossier whose verdict is a heading of ``level``."""
    yield f"<header><p>{escape(dossier.title)}</p><h{level}>{escape(dossier.verdict)}</h{level}>"
    yield f"<p>{escape(dossier.summary)}</p></header>"
    if dossier.parts:
        yield f'<ul class="dossier-glance">{"".join(map(_glance, dossier.parts))}</ul>'
    if dossier.reasons:
        yield f"<ul>{''.join(f'<li>{escape(reason)}</li>' for reason in dossier.reasons)}</ul>"
    if dossier.exhibits:
        figures = "".join(_figure(one, address) for one in dossier.exhibits)
        yield f'<div class="dossier-pictures dossier-by-{_columns(dossier.exhibits)}">{figures}</div>'
    yield from (_table(table, level + 1) for table in dossier.tables)
    yield from (f'<p class="dossier-note">{escape(note)}</p>' for note in dossier.notes)
    for part in dossier.parts:
        yield f'<section class="dossier-part dossier-{part.tone}">'
        yield from _parts(part, address, level + 1)
        yield "</section>"


def _glance(part: Dossier) -> str:
    words = f"<span>{escape(part.title)}</span><b>{escape(part.verdict)}</b>"
    return f'<li class="dossier-part-of dossier-{part.tone}">{words}</li>'


def _columns(exhibits: Sequence[Exhibit]) -> int:
    """In how many columns pictures stand where there is room: so that rows are full, pairs side by side."""
    count = sum(not exhibit.wide for exhibit in exhibits)
    return 2 if count in (2, 4) else 3


def _figure(exhibit: Exhibit, address: Address) -> str:
    words = f"<span>{escape(exhibit.words)}</span>" if exhibit.words else ""
    height, width = exhibit.image.shape[:2]
    kind = "dossier-wide" if exhibit.wide else ""
    return (
        f'<figure tabindex="0" class="{kind}"><img src="{escape(address(exhibit.image))}" '
        f'alt="{escape(exhibit.title)}" width="{width}" height="{height}" loading="lazy">'
        f"<figcaption><b>{escape(exhibit.title)}</b>{words}</figcaption></figure>"
    )


def _table(table: Table, level: int) -> str:
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    head = f"<thead><tr>{cells}</tr></thead>" if any(table.head) else ""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    words = f"<p>{escape(table.words)}</p>" if table.words else ""
    return (
        f'<section class="dossier-table"><h{level}>{escape(table.title)}</h{level}>{words}'
        f"<div><table>{head}<tbody>{rows}</tbody></table></div></section>"
    )


def shown(image: RGBImage) -> bytes:
    """A picture as JPEG for a page; large ones are made smaller."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((_WIDEST_PX, _WIDEST_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def data_address(image: RGBImage) -> str:
    """A picture as an address that needs no file."""
    return f"data:image/jpeg;base64,{base64.b64encode(shown(image)).decode()}"


STYLE = """
.dossier { --tone: #57534e; --line: #8883; font-size: 14.5px; line-height: 1.5; }
.dossier, .dossier-part, .dossier-part-of { --tone: #57534e; }
.dossier-good { --tone: #0d7a72; } .dossier-warn { --tone: #a1560b; } .dossier-bad { --tone: #b3341c; }
.dossier header { border-left: 4px solid var(--tone); border-radius: 3px; padding: 1px 0 2px 16px; margin: 0 0 16px; }
.dossier header p { margin: 0; overflow-wrap: anywhere; }
.dossier header p:first-child { font-size: 13px; opacity: .72; }
.dossier h2 { color: var(--tone); font-size: 24px; font-weight: 680; line-height: 1.25; letter-spacing: -.015em;
  margin: 2px 0 4px; }
.dossier h3 { font-size: 15.5px; font-weight: 640; margin: 0 0 4px; } .dossier h4 { font-size: 14px; margin: 0 0 4px; }
.dossier header h3 { color: var(--tone); font-size: 18px; line-height: 1.3; margin: 1px 0 3px; }
.dossier ul { padding-left: 20px; margin: 0 0 16px; list-style: disc; } .dossier li { margin: 0 0 3px; }
.dossier ul.dossier-glance { display: grid; gap: 10px; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 190px), 1fr)); }
.dossier-glance li { margin: 0; padding: 9px 13px; border: 1px solid var(--line); border-radius: 10px; }
.dossier-glance span { display: block; font-size: 12.5px; opacity: .72; overflow-wrap: anywhere; }
.dossier-glance b { color: var(--tone); font-weight: 640; }
.dossier-part { border-top: 1px solid var(--line); margin-top: 26px; padding-top: 22px; }
.dossier-pictures { display: grid; gap: 16px; margin: 0 0 18px; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, max(190px, 30%)), 1fr)); }
.dossier-by-2 { grid-template-columns: repeat(auto-fit, minmax(min(100%, max(240px, 45%)), 1fr)); }
.dossier figure { margin: 0; min-width: 0; outline: none; cursor: zoom-in; }
.dossier figure:focus, .dossier figure.dossier-wide { grid-column: 1 / -1; cursor: default; }
.dossier img { display: block; width: auto; height: auto; max-width: 100%; min-width: min(100%, 200px);
  max-height: 380px; margin: 0; object-fit: contain; border-radius: 10px; }
.dossier figure:only-child img, .dossier figure.dossier-wide img { max-height: 560px; }
.dossier figure:focus img { max-height: 88vh; }
.dossier figcaption { font-size: 13px; line-height: 1.45; padding-top: 6px; text-align: left; }
.dossier figcaption b { display: block; font-weight: 640; } .dossier figcaption span { opacity: .78; }
.dossier-table { margin: 20px 0 0; } .dossier-table p { margin: 0 0 6px; font-size: 13.5px; opacity: .78; }
.dossier-table div { overflow-x: auto; }
.dossier table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
.dossier th, .dossier td { text-align: left; vertical-align: top; padding: 6px 16px 6px 0; border: 0;
  border-bottom: 1px solid var(--line); }
.dossier th { font-weight: 600; white-space: nowrap; opacity: .72; }
.dossier-note { font-size: 13px; opacity: .78; margin: 12px 0 0; }
"""
"""Of :meth:`Dossier.body`; colours of text and ground are those of the page around. A picture that is clicked on takes
the whole width."""

_PAGE = """
body { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; margin: 0; padding: 36px 22px 28px;
  color: #2a2826; background: #faf9f7; }
main, footer { max-width: 980px; margin: 0 auto; } .dossier + .dossier { margin-top: 48px; }
footer { margin-top: 40px; font-size: 12px; opacity: .6; }
@media (prefers-color-scheme: dark) { body { color: #f3f1ee; background: #121110; }
  .dossier, .dossier-part, .dossier-part-of { --tone: #d3cfc8; }
  .dossier-good { --tone: #41afa4; } .dossier-warn { --tone: #e9b872; } .dossier-bad { --tone: #ff9580; } }
@media print { body { padding: 0; background: #fff; color: #000; } .dossier figure { break-inside: avoid; } }
"""
