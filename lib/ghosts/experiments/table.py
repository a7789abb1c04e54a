"""Outcomes as a CSV file, a row each."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ghosts.evidence.tidy_csv import columns_of, read_rows, write_rows
from ghosts.experiments.outcome import Outcome
from ghosts.paths import DATA

STORED_OUTCOMES: Final = DATA / "experiments" / "outcomes.csv"
"""The outcomes of all experiments. A test replays each of them."""


def write_outcomes(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write outcomes as CSV."""
    write_rows(path, columns_of(Outcome), map(asdict, outcomes))


def read_outcomes(path: Path = STORED_OUTCOMES) -> tuple[Outcome, ...]:
    """Read outcomes that :func:`write_outcomes` has written.

    Raises:
        EvidenceError: the file is not there, or is not such a table.
    """
    return read_rows(path, Outcome)
