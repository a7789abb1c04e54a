"""The progress of replays in simulated time: bars on a terminal, a few lines elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

_LINES = 4
"""Lines for each replay where there is no terminal."""


class Progress:
    """Shows several replays of ``duration`` simulated seconds, by name, while it is entered."""

    def __init__(self, console: Console, duration: int, names: Iterable[str]) -> None:
        self._console = console
        self._duration = duration
        self._bars = Bars(
            TextColumn("{task.description:>12}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[minutes]} simulated"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks = {
            name: self._bars.add_task(name, total=duration, minutes=self._minutes(0))
            for name in names
        }
        self._quarters = dict.fromkeys(self._tasks, 0)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def advance(self, name: str, second: float) -> None:
        """Show that a replay has reached a simulated second."""
        self._bars.update(self._tasks[name], completed=second, minutes=self._minutes(second))
        quarter = int(_LINES * second / self._duration)
        if not self._console.is_terminal and quarter > self._quarters[name]:
            self._quarters[name] = quarter
            self._console.print(f"{name}: {self._minutes(second)} simulated", highlight=False)

    def _minutes(self, second: float) -> str:
        return f"{second / 60:4.1f} of {self._duration / 60:.1f} min"


@contextmanager
def counting(console: Console, total: int, what: str) -> Iterator[Callable[[], None]]:
    """Show how many of ``total`` are done; yield the function to call after each."""
    bar = Bars(
        BarColumn(bar_width=None),
        TextColumn(f"{{task.completed:.0f}} of {total} {what}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=total)
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        bar.advance(task)
        if not console.is_terminal and done * _LINES // total > (done - 1) * _LINES // total:
            console.print(f"{done} of {total} {what}", highlight=False)

    with bar:
        yield advance
