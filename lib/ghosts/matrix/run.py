"""Runs the whole matrix on an executor."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from ghosts.matrix.catalogue import FAULTS
from ghosts.matrix.measure import run_cell
from ghosts.processes import call_all
from ghosts.records.cell import Cell
from ghosts.records.scenario import load_scenario
from ghosts.variants import VARIANTS


def run_matrix(
    executor: Executor,
    rows: Sequence[str] = tuple(VARIANTS),
    faults: Sequence[str] = FAULTS,
    on_cell: Callable[[Cell], object] = lambda cell: None,
) -> list[Cell]:
    """Run every row under every fault, and return the cells, fault by fault.

    Rows are names of variants, or :data:`LISTEN_ROWS`. Each cell is one call of :func:`run_cell` on
    ``executor``; see :func:`ghosts.processes.call_all`. ``on_cell`` is called with each cell
    when it is done.

    Raises:
        ProcessDiedError: the executor lost a process.
    """
    in_order = [(row, fault) for fault in faults for row in rows]
    # The longest first, so that no core runs a long one alone at the end.
    devices = {fault: load_scenario(fault).device_count for fault in faults}
    longest_first = sorted(in_order, key=lambda pair: -devices[pair[1]])
    results = call_all(executor, run_cell, longest_first, on_result=on_cell)
    cells = dict(zip(longest_first, results, strict=True))
    return [cells[pair] for pair in in_order]
