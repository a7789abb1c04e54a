"""Run the whole matrix, on whatever runs calls side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed

from ghosts.pusher import LIFECYCLES
from ghosts.records.scenario import load_scenario
from ghosts.replay.matrix.catalogue import FAULTS
from ghosts.replay.matrix.cell import Cell
from ghosts.replay.matrix.measure import run_cell


def run_matrix(
    executor: Executor,
    rows: Sequence[str] = tuple(LIFECYCLES),
    faults: Sequence[str] = FAULTS,
    on_cell: Callable[[Cell], object] = lambda cell: None,
) -> list[Cell]:
    """Run every row against every fault, and return the cells, fault by fault.

    The rows are lifecycles of the pusher, or :data:`LISTEN_ROWS`.
    The executor is any of `concurrent.futures`, or one that does as they do; each cell is a call
    of its own, with two names that go and a :class:`Cell` that comes back. Threads give no speed,
    and see each other's connections: take processes, here or on other machines. ``on_cell`` is
    called with each cell as it comes. An exception of a cell is raised; what has not begun is
    cancelled.
    """
    in_order = [(row, fault) for fault in faults for row in rows]
    # The longest first, so that no core is left alone with one at the end.
    devices = {fault: load_scenario(fault).device_count for fault in faults}
    longest_first = sorted(in_order, key=lambda pair: -devices[pair[1]])
    running: dict[Future[Cell], tuple[str, str]] = {}
    cells: dict[tuple[str, str], Cell] = {}
    try:
        for row, fault in longest_first:
            running[executor.submit(run_cell, row, fault)] = row, fault
        for done in as_completed(running):
            cells[running[done]] = done.result()
            on_cell(done.result())
    finally:
        for each in running:
            each.cancel()
    return [cells[pair] for pair in in_order]
