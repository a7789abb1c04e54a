"""Replays in a notebook: with a bar that moves while a cell runs, and leaves nothing behind.

A bar is a widget. What a cell stores, and what its outputs are compared by, has no trace of it.
Outside of a notebook's kernel there is none.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import count
from typing import Any

from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.side_by_side import replay_side_by_side


def replays(scenario: Scenario, lifecycles: Sequence[str]) -> list[Recording]:
    """Replay a scenario under each of these lifecycles, with a bar for each; return the recordings.

    Each has a process of its own, and so memory of its own; as many run at once as there are cores.

    Raises:
        ReplayDiedError: a replay ended without a recording.
    """
    with ExitStack() as stack:
        bars = {name: stack.enter_context(progress(name, scenario.duration)) for name in lifecycles}
        timed = replay_side_by_side(
            scenario,
            lifecycles,
            at_once=os.cpu_count() or 1,
            on_progress=lambda name, second: bars[name](second),
        )
    return [each.recording for each in timed]


@contextmanager
def progress(name: str, total: float, *, after: float = 0.0) -> Iterator[Callable[[float], None]]:
    """Show a bar of this name up to ``total``; yield what is to be called with how far it is.

    For a replay that is called here: ``replay(..., on_progress=...)``, up to its duration.
    What is mostly done at once shows its bar ``after`` so many real seconds.
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
    # With IPython it takes a third of a second, and only notebooks need it; neither is typed.
    widgets: Any = import_module("ipywidgets")
    display: Any = import_module("IPython.display").display
    bar = widgets.FloatProgress(max=total, description=name, style={"description_width": "8em"})
    view = {"model_id": bar.model_id, "version_major": 2, "version_minor": 0}
    # The bundle has no text: a page without widgets, as of nbconvert, would show it.
    display({"application/vnd.jupyter.widget-view+json": view}, raw=True)
    return bar


@contextmanager
def counting(name: str, total: int) -> Iterator[Callable[[object], None]]:
    """Show such a bar for ``total`` of something; yield what is to be called with each."""
    done = count(1)
    with progress(name, total) as advance:
        yield lambda _: advance(next(done))


def _in_a_kernel() -> bool:
    if "IPython" not in sys.modules:
        return False
    ipython: Any = import_module("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) is not None
