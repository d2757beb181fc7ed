"""The frame of a report: one HTML file that asks nothing of any other place."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from .schema import storable
from .thumbnails import COLORS

__all__ = ["folded", "grid", "page", "picture", "table", "text"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2125; --dim: #5f6872; --line: #d8dde2; --back: #fff;
  --bar: #3b78b5; --band: #dce8f4; --mark: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --dim: #9aa4ae; --line: #3a4148;
  --back: #16191c; --bar: #6aa5dd; --band: #26384a; --mark: #fb923c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; font: 15px/1.45 system-ui, sans-serif;
  color: var(--ink); background: var(--back); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
h1, h2, summary { break-after: avoid; }
p.dim, .dim { color: var(--dim); }
.numbers { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0; padding: 0; list-style: none; }
.numbers b { display: block; font-size: 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-top: 1px solid var(--line); }
th { white-space: nowrap; } td:nth-child(2) { overflow-wrap: normal; }
td.n, th.n { text-align: right; white-space: nowrap; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 600; } td summary { padding: 0; font-weight: 400; }
pre { white-space: pre-wrap; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
.grid > div { break-inside: avoid; font-size: .8rem; content-visibility: auto;
  contain-intrinsic-size: auto 8rem; }
.grid svg { display: block; width: 100%; height: 3rem; border-bottom: 1px solid var(--dim); }
.grid img { display: block; max-width: 100%; }
svg path { fill: var(--bar); } svg rect { fill: var(--band); }
svg .m { fill: none; stroke: var(--mark); stroke-width: 2; vector-effect: non-scaling-stroke; }
svg.bars { width: 100%; max-width: 40rem; font-size: 13px; } svg.bars rect { fill: var(--bar); }
svg text { fill: var(--ink); }
.key { white-space: nowrap; margin-right: .6em; } .key i { display: inline-block; width: .7em; height: .7em; }
@media print { body { max-width: none; font-size: 11px; } .grid > div { content-visibility: visible; }
  svg, i, img { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
# Even if a name got past the escaping, a browser would neither run nor load anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def text(value: Any) -> str:
    """Anything as text that is no markup; whole numbers with commas."""
    return escape(storable(f"{value:,}" if isinstance(value, int) else str(value)))


def page(title: str, body: Iterable[str]) -> Iterator[bytes]:
    """The whole file, piece by piece."""
    colors = "".join(f".c{n} {{ background: rgb({r} {g} {b}); }}\n" for n, (r, g, b) in enumerate(COLORS))
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}{colors}</style>\n</head>\n<body>\n"
        f"<h1>{text(title)}</h1>\n"
    )
    for part in (head, *body, "</body>\n</html>\n"):
        yield part.encode()


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table whose numbers stand on the right; cells are texts, or lists whose items are HTML."""

    def line(tag: str, cells: Iterable[Any], numbers: Iterable[bool]) -> str:
        starts = (f'<{tag} class="n">' if number else f"<{tag}>" for number in numbers)
        made = ("".join(cell) if isinstance(cell, list) else text(cell) for cell in cells)
        return f"<tr>{''.join(f'{a}{b}</{tag}>' for a, b in zip(starts, made, strict=True))}</tr>\n"

    rows = list(rows)
    numbers = [isinstance(cell, int) for cell in rows[0]] if rows else [False] * len(header)
    lines = "".join(line("td", row, numbers) for row in rows)
    return f"<table>\n{line('th', header, numbers)}{lines}</table>\n"


def folded(summary: str, inner: str, *, opened: bool = False) -> str:
    """HTML that a click shows or hides."""
    return f"<details{' open' if opened else ''}><summary>{text(summary)}</summary>{inner}</details>\n"


def grid(cards: Iterable[str]) -> str:
    """Pieces of HTML side by side, as many as the width allows."""
    return '<div class="grid">\n' + "\n".join(cards) + "\n</div>\n"


def picture(png: bytes, shape: tuple[int, int], alternative: str) -> str:
    """A PNG file within the page."""
    data = base64.b64encode(png).decode()
    height, width = shape
    return (
        f'<img width="{width}" height="{height}" alt="{text(alternative)}" '
        f'src="data:image/png;base64,{data}">'
    )
