"""Outcomes as a CSV file, a row each."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

from ghosts.evidence.tidy_csv import read_rows
from ghosts.experiments.outcome import Outcome
from ghosts.paths import DATA

STORED_OUTCOMES: Final = DATA / "experiments" / "outcomes.csv"
"""The outcomes of all experiments. A test replays each of them."""


def write_outcomes(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write outcomes as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = [field.name for field in fields(Outcome)]
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(outcome) for outcome in outcomes)


def read_outcomes(path: Path = STORED_OUTCOMES) -> tuple[Outcome, ...]:
    """Read outcomes that :func:`write_outcomes` has written.

    Raises:
        EvidenceError: the file is not there, or is not such a table.
    """
    return read_rows(path, Outcome)
