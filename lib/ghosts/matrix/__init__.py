"""The matrix: every variant under every fault, and what each cell leaves behind."""

from ghosts.matrix.catalogue import FAULTS, LISTEN, LISTEN_FAULTS, LISTEN_ROWS
from ghosts.matrix.measure import run_cell
from ghosts.matrix.run import run_matrix
from ghosts.matrix.table import STORED_LISTEN_MATRIX, STORED_MATRIX, read_matrix, write_matrix
from ghosts.records.cell import Cell, Harm

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
