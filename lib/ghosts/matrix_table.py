"""The matrix on a terminal: a row a fault, a column a lifecycle, and what is the worst of each."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich import box
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ghosts.listen import LISTEN_LIFECYCLES
from ghosts.pusher import LIFECYCLES
from ghosts.replay.matrix import LISTEN, Cell, Harm
from ghosts.terminal import console_of

_WIDTH: Final = 120
"""Columns that the widest matrix needs, and takes where there is no terminal to ask."""
_STYLES: Final = {
    Harm.NONE: Style(dim=True),
    Harm.CUT_OFF: Style(),
    Harm.WORK: Style(color="cyan"),
    Harm.AUDIO: Style(color="yellow", bold=True),
    Harm.LEAK: Style(color="red", bold=True),
}
_SIGNS: Final[tuple[tuple[str, str, Callable[[Cell], int]], ...]] = (
    ("G", "ghosts", lambda cell: cell.ghosts),
    ("O", "orphan tasks", lambda cell: cell.orphans),
    ("+", "gauge too high by", lambda cell: max(0, cell.gauge_error)),
    ("-", "gauge too low by", lambda cell: max(0, -cell.gauge_error)),
    ("L", "audio lost, in kB", lambda cell: _kilobytes(cell.lost_bytes)),
    ("W", "upload workers held", lambda cell: cell.workers_held),
    ("D", "audio stored twice, in kB", lambda cell: _kilobytes(cell.stored_twice_bytes)),
    ("S", "speaker samples lost", lambda cell: cell.samples_lost),
    ("T", "words that never reached the webhook", lambda cell: cell.words_lost),
    ("H", "sessions without one of their loops", lambda cell: cell.hollow),
    ("U", "users in labels of metrics", lambda cell: cell.users_in_labels),
    ("C", "devices cut off", lambda cell: cell.cut_off),
)
"""A letter, what it counts, and the count; the worst first."""
_ENDLESS: Final = "open"


def print_matrix(cells: Sequence[Cell]) -> None:
    """Print cells, which are a whole matrix: all their lifecycles against all their faults."""
    console = console_of(_WIDTH)
    lifecycles = list(dict.fromkeys(cell.lifecycle for cell in cells))
    by_fault: dict[str, list[Cell]] = {}
    for cell in cells:
        by_fault.setdefault(cell.fault, []).append(cell)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    for number in range(len(lifecycles)):
        table.add_column(str(number), justify="right", no_wrap=True)
    for fault, row in by_fault.items():
        table.add_row(fault, *(Text(sign(cell), _STYLES[cell.harm]) for cell in row))
    console.print(table)
    console.print()
    for number, name in enumerate(lifecycles):
        console.print(Text(f"{number:2}  {name}: {_promise(name)}"), soft_wrap=True)
    signs = "; ".join(f"{letter} {words}" for letter, words, _ in _SIGNS)
    console.print(
        f"\nThe worst of each cell: {signs}; {_ENDLESS}: a session that has not ended. "
        "Where nothing is wrong: seconds from a device's departure until its session is gone."
    )


def sign(cell: Cell) -> str:
    """Return the worst of a cell as a letter and a count; where nothing is wrong, the seconds."""
    for letter, _, count in _SIGNS:
        if count(cell):
            return f"{letter}{count(cell)}"
    return _ENDLESS if cell.seconds_to_clean is None else f"{cell.seconds_to_clean:.0f}s"


def _promise(lifecycle: str) -> str:
    known: Mapping[str, object] = LISTEN_LIFECYCLES if lifecycle.startswith(LISTEN) else LIFECYCLES
    return (inspect.getdoc(known[lifecycle.removeprefix(LISTEN)]) or "").partition("\n")[0]


def _kilobytes(size: int) -> int:
    return -(-size // 1000)
