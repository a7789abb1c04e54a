"""The comparison of recordings, on a terminal."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from ghosts.comparison import NAMES_IN_WORDS, Row, compare, name_of_pod, scale_in_words
from ghosts.records.recording import Recording
from ghosts.terminal import console_of

_PLAIN_WIDTH: Final = 140
"""Columns of the table where there is no terminal to ask."""


def print_comparison(recordings: Sequence[Recording], wall_seconds: Sequence[float]) -> None:
    """Print a row a figure, a column a recording, and production's figure with its source."""
    console = console_of(_PLAIN_WIDTH)
    rows = compare(recordings)
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    title = Text(f"{recordings[0].scenario.name}, at its end")
    table = Table(title=title, title_justify="left")
    table.box, table.show_edge, table.pad_edge = box.SIMPLE_HEAD, False, False
    table.add_column("")
    for recording in recordings:
        table.add_column(recording.lifecycle, justify="right")
    table.add_column("production", justify="right")
    for row in rows:
        table.add_row(row.name, *row.replayed, _with_footnote(row, sources))
    table.add_row("real time", *(f"{seconds:.1f} s" for seconds in wall_seconds))
    console.print(table)
    notes = (f"[{number}] {source}" for number, source in enumerate(sources, 1))
    console.print(f"\nProduction: {name_of_pod()}.", *notes, sep="\n", markup=False)
    console.print(f"\n{NAMES_IN_WORDS} {scale_in_words(recordings[0])}\n")


def _with_footnote(row: Row, sources: Sequence[str]) -> Text:
    if not row.source:
        return Text(row.production)
    return Text(f"{row.production} [{sources.index(row.source) + 1}]")
