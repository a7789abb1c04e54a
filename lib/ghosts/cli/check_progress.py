"""The progress of a check: a bar with the cell that has ended last, or a few lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

_LINES: Final = 4
"""Lines for a check where there is no terminal."""


@contextmanager
def trying(console: Console, name: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a check's progress; yield what is called with the cells that ended, all, and the last.

    The total is not known until the first cell has shown what the service calls.
    """
    bar = Bars(
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(f"{escape(name)}, with nothing broken", total=None)

    def show(done: int, total: int, cell: str) -> None:
        if total == 1:
            return
        bar.update(
            task,
            completed=done,
            total=total,
            description=f"{done} of {total} cells, last {escape(cell)}",
        )
        if not console.is_terminal and done * _LINES // total > (done - 1) * _LINES // total:
            console.print(f"{done} of {total} cells", highlight=False, markup=False, soft_wrap=True)

    with bar:
        yield show
