"""What notebooks show: replays with progress bars that are not stored in outputs, and diffs.

A bar is a widget, which is removed when its cell has run. Outside of a notebook's kernel no bar is
shown.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from importlib import import_module
from itertools import count
from typing import Any, Final

from ghosts.jupyter.boxes import INK, PAPER
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.side_by_side import replay_side_by_side

_INKS: Final = {
    "-": "color: #82071e; background: #ffebe9",
    "+": "color: #0b4f24; background: #dafbe1",
}
"""Dark red and dark green on pale grounds of their own, whatever page they are on."""


def replays(
    scenario: Scenario, variants: Sequence[str], *, measure_memory: bool = True
) -> list[Recording]:
    """Replay a scenario under each variant, with a progress bar each; return the recordings.

    Each replay has its own process, and so its own memory; as many run at once as there are cores.
    Pictures of memory need ``measure_memory``, which makes a replay slower.

    Raises:
        ProcessDiedError: a replay ended without a recording.
    """
    with ExitStack() as stack:
        bars = {name: stack.enter_context(progress(name, scenario.duration)) for name in variants}
        timed = replay_side_by_side(
            scenario,
            variants,
            at_once=os.cpu_count() or 1,
            measure_memory=measure_memory,
            on_progress=lambda name, second: bars[name](second),
        )
    return [each.recording for each in timed]


@contextmanager
def progress(name: str, total: float, *, after: float = 0.0) -> Iterator[Callable[[float], None]]:
    """Show a bar called ``name``; yield a function that sets its progress, from 0 to ``total``.

    That function fits ``on_progress`` of `replay`, with the scenario's duration as ``total``. The
    bar is shown ``after`` that many real seconds, so that short work shows none.
    """
    if not _in_a_kernel():
        yield lambda done: None
        return
    since = time.monotonic()
    bars = [] if after else [_shown_bar(name, total)]

    def advance(done: float) -> None:
        if not bars and time.monotonic() - since >= after:
            bars.append(_shown_bar(name, total))
        for bar in bars:
            bar.value = done

    try:
        yield advance
    finally:
        for bar in bars:
            bar.close()


def _shown_bar(name: str, total: float) -> Any:
    # Imported here: it takes a third of a second, and only notebooks need it. Neither has types.
    widgets: Any = import_module("ipywidgets")
    display: Any = import_module("IPython.display").display
    bar = widgets.FloatProgress(max=total, description=name, style={"description_width": "8em"})
    view = {"model_id": bar.model_id, "version_major": 2, "version_minor": 0}
    # Without a text form, which a page without widgets, such as nbconvert's, would show.
    display({"application/vnd.jupyter.widget-view+json": view}, raw=True)
    return bar


@contextmanager
def counting(name: str, total: int) -> Iterator[Callable[[object], None]]:
    """Show such a bar for ``total`` items; yield a function to be called with each item."""
    done = count(1)
    with progress(name, total) as advance:
        yield lambda _: advance(next(done))


def _in_a_kernel() -> bool:
    if "IPython" not in sys.modules:
        return False
    ipython: Any = import_module("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) is not None


@dataclass(frozen=True, slots=True)
class _Diff:
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        # Each line keeps its sign and its end: a page that drops styles shows a plain diff.
        body = "\n".join(map(_inked, self.lines))
        style = f"color: {INK}; background: {PAPER}; padding: 0.5em; white-space: pre-wrap"
        return f'<pre style="{style}">{body}</pre>'


def _inked(line: str) -> str:
    words = escape(line, quote=False)
    ink = _INKS.get(line[:1])
    return f'<span style="{ink}">{words}</span>' if ink else words


def show_diff(diff: str) -> None:
    """Show a unified diff with its removed lines in red and its added lines in green."""
    display: Any = import_module("IPython.display").display
    display(_Diff(tuple(diff.splitlines())))
