"""Boxes of text in a notebook: readable in a light and in a dark theme, the same on every run.

A box has a background and ink of its own, so that no theme changes its contrast. Every colour of
text has a contrast of at least 4.5 to 1 against what it is on.
"""

import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

INK: Final = "#1f2328"
PAPER: Final = "#ffffff"
GREEN: Final = "#1a6b2f"
RED: Final = "#a4161a"
GREY: Final = "#57606a"
BLUE: Final = "#0b5394"
_CODE_PAPER: Final = "#f3f4f6"
_LETTERS: Final = 100
"""Letters on a line of the plain form."""


def box(accent: str, title: str, *parts: str) -> str:
    """Return HTML: a title in white on the accent, and parts that are HTML below it."""
    return (
        f'<div style="background: {PAPER}; color: {INK}; border: 1px solid {accent}; '
        'border-left-width: 6px; max-width: 62em; margin: 4px 0; line-height: 1.4">'
        f'<div style="background: {accent}; color: {PAPER}; font-weight: bold; '
        f'padding: 2px 10px">{escape(title)}</div>'
        f'<div style="padding: 6px 10px">{"".join(part for part in parts if part)}</div></div>'
    )


def paragraph(text: str) -> str:
    """Return HTML of a text; its line breaks are kept."""
    return f'<div style="white-space: pre-wrap; margin: 2px 0">{escape(text)}</div>'


def code(text: str) -> str:
    """Return HTML of source text."""
    return (
        f'<pre style="background: {_CODE_PAPER}; color: {INK}; padding: 6px 10px; '
        f'margin: 4px 0; overflow-x: auto">{escape(text.strip())}</pre>'
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return HTML of a table, its head left out if empty; nothing if there are no rows."""
    # The cells' own colours: a theme colours every second row and the one under the pointer.
    style = (
        f"background: {PAPER}; color: {INK}; text-align: left; vertical-align: top; "
        "padding: 1px 14px 1px 0; white-space: pre-wrap"
    )
    body = "".join(_row("td", style, row) for row in rows)
    if not body:
        return ""
    top = f"<thead>{_row('th', style, head)}</thead>" if head else ""
    return (
        f'<table style="border: none; margin: 4px 0; background: {PAPER}">'
        f"{top}<tbody>{body}</tbody></table>"
    )


def _row(tag: str, style: str, cells: Sequence[object]) -> str:
    inner = "".join(f'<{tag} style="{style}">{escape(str(cell))}</{tag}>' for cell in cells)
    return f'<tr style="background: {PAPER}">{inner}</tr>'


def plain_table(rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table in plain text, indented by two spaces."""
    cells = [[str(cell).split("\n") for cell in row] for row in rows]
    if not cells:
        return []
    widths = [
        max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)
    ]
    lines = []
    for row in cells:
        for number in range(max(map(len, row))):
            parts = (cell[number] if number < len(cell) else "" for cell in row)
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            lines.append(f"  {'  '.join(padded)}".rstrip())
    return lines


def plain(text: str, *, indent: str = "") -> str:
    """Return a text wrapped for a terminal; its own line breaks are kept."""
    return "\n".join(
        textwrap.fill(line, _LETTERS, initial_indent=indent, subsequent_indent=indent)
        for line in text.splitlines()
    )
