"""The matrix: every lifecycle against every fault, and what each of them left behind."""

from ghosts.replay.matrix.catalogue import FAULTS, LISTEN, LISTEN_FAULTS, LISTEN_ROWS
from ghosts.replay.matrix.cell import Cell, Harm
from ghosts.replay.matrix.measure import run_cell
from ghosts.replay.matrix.run import run_matrix
from ghosts.replay.matrix.table import (
    STORED_LISTEN_MATRIX,
    STORED_MATRIX,
    read_matrix,
    write_matrix,
)

__all__ = [
    "FAULTS",
    "LISTEN",
    "LISTEN_FAULTS",
    "LISTEN_ROWS",
    "STORED_LISTEN_MATRIX",
    "STORED_MATRIX",
    "Cell",
    "Harm",
    "read_matrix",
    "run_cell",
    "run_matrix",
    "write_matrix",
]
