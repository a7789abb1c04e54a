"""The subcommand ``ghosts matrix``: every variant against every fault, as a table."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ghosts.cli.checks import CommandError, check_writable
from ghosts.cli.console import console_of
from ghosts.cli.progress import counting
from ghosts.matrix.catalogue import FAULTS, LISTEN, LISTEN_FAULTS
from ghosts.matrix.run import run_matrix
from ghosts.matrix.table import write_matrix
from ghosts.processes import cores, processes
from ghosts.records.cell import Cell, Harm
from ghosts.records.scenario import load_scenario
from ghosts.simulation.open_files import make_room_for
from ghosts.variants import LISTEN_VARIANTS, VARIANTS

_WIDTH: Final = 120
"""Columns that the widest matrix needs, and takes where there is no terminal."""
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
    ("W", "blocked upload workers", lambda cell: cell.workers_blocked),
    ("D", "audio stored twice, in kB", lambda cell: _kilobytes(cell.stored_twice_bytes)),
    ("S", "speaker samples lost", lambda cell: cell.samples_lost),
    ("T", "words that never reached the webhook", lambda cell: cell.words_lost),
    ("H", "sessions without one of their loops", lambda cell: cell.loops_missing),
    ("U", "users in labels of metrics", lambda cell: cell.users_in_labels),
    ("C", "devices cut off", lambda cell: cell.cut_off),
)
"""A letter, what it counts, and the count; the worst first."""
_ENDLESS: Final = "open"


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    matrix = commands.add_parser(
        "matrix",
        help="run every variant against every fault, and print what it leaves behind",
        description="Run every variant against every fault of the catalogue, each in a scenario "
        "of its own on simulated time, and print what is the worst of each.",
        epilog=f"Variants: {', '.join(VARIANTS)}. Faults: {', '.join(FAULTS)}. With --listen, "
        f"variants: {', '.join(LISTEN_VARIANTS)}; and these faults as well: "
        f"{', '.join(LISTEN_FAULTS[len(FAULTS) :])}.",
    )
    matrix.add_argument(
        "--listen",
        action="store_true",
        help="connect devices through listen, and count what both services leave behind",
    )
    for name, known in (("variant", tuple(VARIANTS)), ("fault", LISTEN_FAULTS)):
        matrix.add_argument(
            f"--{name}",
            metavar="NAME",
            choices=known,
            action="append",
            help=f"only this {name}; can be given more than once",
        )
    matrix.add_argument("--csv", metavar="FILE", type=Path, help="write every count there too")
    matrix.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    rows, faults = _rows_and_faults(arguments)
    if arguments.csv:
        check_writable(arguments.csv)
    most = max(load_scenario(fault).device_count for fault in faults)
    make_room_for(most, connections=2 if arguments.listen else 1)
    count = len(rows) * len(faults)
    with (
        counting(Console(stderr=True), count, "cells") as advance,
        processes(min(cores(), count)) as executor,
    ):
        cells = run_matrix(executor, rows, faults, on_cell=lambda cell: advance())
    print_matrix(cells)
    if arguments.csv:
        write_matrix(cells, arguments.csv)
        print(f"Counts: {arguments.csv}")


def _rows_and_faults(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return the rows and faults that were chosen, or all, in the order of the matrix."""
    variants, faults = (LISTEN_VARIANTS, LISTEN_FAULTS) if arguments.listen else (VARIANTS, FAULTS)
    for name in arguments.fault or ():
        if name not in faults:
            raise CommandError(f"{name} is a fault of listen: add --listen")
    for name in arguments.variant or ():
        if name not in variants:
            raise CommandError(f"listen has no variant {name}; it has {', '.join(variants)}")
    prefix = LISTEN if arguments.listen else ""
    chosen = [name for name in variants if name in (arguments.variant or variants)]
    return (
        [f"{prefix}{name}" for name in chosen],
        [name for name in faults if name in (arguments.fault or faults)],
    )


def print_matrix(cells: Sequence[Cell]) -> None:
    """Print cells, which are a whole matrix: all their variants against all their faults."""
    console = console_of(_WIDTH)
    variants = list(dict.fromkeys(cell.variant for cell in cells))
    by_fault: dict[str, list[Cell]] = {}
    for cell in cells:
        by_fault.setdefault(cell.fault, []).append(cell)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    for number in range(len(variants)):
        table.add_column(str(number), justify="right", no_wrap=True)
    for fault, row in by_fault.items():
        table.add_row(fault, *(Text(sign(cell), _STYLES[cell.harm]) for cell in row))
    console.print(table)
    console.print()
    for number, name in enumerate(variants):
        console.print(
            Text(f"{number:2}  {name}: {VARIANTS[name.removeprefix(LISTEN)].summary}"),
            soft_wrap=True,
        )
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


def _kilobytes(size: int) -> int:
    return -(-size // 1000)
