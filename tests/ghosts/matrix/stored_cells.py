"""The cells of the stored matrices: those that each test run compares with a run, and the rest."""

from typing import Final, TypeAlias

from ghosts.matrix.catalogue import FAULTS
from ghosts.matrix.table import STORED_LISTEN_MATRIX, read_matrix
from ghosts.records.cell import Cell
from ghosts.variants import INCIDENT, SHIPPED

Cells: TypeAlias = dict[tuple[str, str], Cell]

STORED: Final[Cells] = {(cell.variant, cell.fault): cell for cell in read_matrix()}
LISTENING: Final[Cells] = {
    (cell.variant, cell.fault): cell for cell in read_matrix(STORED_LISTEN_MATRIX)
}
ALL: Final[Cells] = STORED | LISTENING
OFTEN: Final = [
    *(
        (variant.name, fault)
        for variant in (INCIDENT, SHIPPED)
        for fault in FAULTS
        if fault != "burst_of_200"
    ),
    ("listen/gather_all", "apps_trickle"),
    ("listen/shipped", "pusher_restarts"),
]
"""The rows of incident and version to ship but for 200 devices at once, and two of listen."""
RARELY: Final = [cell for cell in ALL if cell not in OFTEN]
"""`make test-all` runs these as well."""
