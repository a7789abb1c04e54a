"""The cells of the matrices that `tests/ghosts/matrix` leaves out: steps of the fix, and listen."""

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest
from stored_cells import ALL, RARELY, STORED

from ghosts.matrix.measure import run_cell
from ghosts.matrix.run import run_matrix
from ghosts.processes import processes


@pytest.fixture(scope="module")
def another_process() -> Iterator[Executor]:
    """Before `static_labels`, the steps leave users as labels of the metrics of their process."""
    with processes(1) as executor:
        yield executor


@pytest.mark.parametrize(("variant", "fault"), RARELY)
def test_a_cell_is_what_the_table_says(another_process: Executor, variant: str, fault: str) -> None:
    assert another_process.submit(run_cell, variant, fault).result() == ALL[variant, fault]


def test_a_dask_cluster_runs_it_as_processes_do(dask_executor: Executor) -> None:
    variants, faults = ["gather_all", "shipped"], ["webhook_trickles", "early_return"]
    came: list[object] = []
    cells = run_matrix(dask_executor, variants, faults, on_cell=came.append)
    assert cells == [STORED[variant, fault] for fault in faults for variant in variants]
    assert sorted(came, key=cells.index) == cells
