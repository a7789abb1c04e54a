"""The rows of the matrix that `tests/ghosts/matrix` leaves out: steps of the fix, and listen."""

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Final

import pytest

from ghosts.matrix.catalogue import FAULTS, LISTEN_FAULTS, LISTEN_ROWS
from ghosts.matrix.measure import run_cell
from ghosts.matrix.run import run_matrix
from ghosts.matrix.table import STORED_LISTEN_MATRIX, read_matrix
from ghosts.processes import processes
from ghosts.variants import FIX_STEPS

STORED: Final = {
    (cell.variant, cell.fault): cell
    for cell in (*read_matrix(), *read_matrix(STORED_LISTEN_MATRIX))
}


@pytest.fixture(scope="module")
def another_process() -> Iterator[Executor]:
    """Before `static_labels`, the steps leave users as labels of the metrics of their process."""
    with processes(1) as executor:
        yield executor


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("variant", [step.name for step in FIX_STEPS])
def test_a_cell_of_a_step_of_the_fix_is_what_the_table_says(
    another_process: Executor, variant: str, fault: str
) -> None:
    assert another_process.submit(run_cell, variant, fault).result() == STORED[variant, fault]


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
@pytest.mark.parametrize("row", LISTEN_ROWS)
def test_a_cell_of_both_services_is_what_the_table_says(row: str, fault: str) -> None:
    assert run_cell(row, fault) == STORED[row, fault]


def test_a_dask_cluster_runs_it_as_processes_do(dask_executor: Executor) -> None:
    variants, faults = ["gather_all", "shipped"], ["webhook_trickles", "early_return"]
    came: list[object] = []
    cells = run_matrix(dask_executor, variants, faults, on_cell=came.append)
    assert cells == [STORED[variant, fault] for fault in faults for variant in variants]
    assert sorted(came, key=cells.index) == cells
