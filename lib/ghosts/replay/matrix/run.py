"""Run the whole matrix, on whatever runs calls side by side."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed

from ghosts.pusher import LIFECYCLES
from ghosts.replay.matrix.catalogue import FAULTS
from ghosts.replay.matrix.cell import Cell
from ghosts.replay.matrix.measure import run_cell
from ghosts.replay.scenario import load_scenario


def run_matrix(
    executor: Executor,
    lifecycles: Sequence[str] = tuple(LIFECYCLES),
    faults: Sequence[str] = FAULTS,
    on_cell: Callable[[Cell], object] = lambda cell: None,
) -> list[Cell]:
    """Run every lifecycle against every fault, and return the cells, fault by fault.

    The executor is any of `concurrent.futures`, or one that does as they do; each cell is a call
    of its own, with two names that go and a :class:`Cell` that comes back. Threads give no speed,
    and see each other's connections: take processes, here or on other machines. ``on_cell`` is
    called with each cell as it comes. An exception of a cell is raised; what has not begun is
    cancelled.
    """
    pairs = list(itertools.product(faults, lifecycles))
    # The longest first, so that no core is left alone with one at the end.
    devices = {fault: load_scenario(fault).device_count for fault in faults}
    longest_first = sorted(pairs, key=lambda pair: -devices[pair[0]])
    running: dict[Future[Cell], tuple[str, str]] = {}
    cells: dict[tuple[str, str], Cell] = {}
    try:
        for fault, lifecycle in longest_first:
            running[executor.submit(run_cell, lifecycle, fault)] = fault, lifecycle
        for done in as_completed(running):
            cells[running[done]] = done.result()
            on_cell(done.result())
    finally:
        for each in running:
            each.cancel()
    return [cells[pair] for pair in pairs]
