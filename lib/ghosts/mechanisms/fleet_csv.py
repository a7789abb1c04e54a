"""Fleets as tables: a row per pod, and a row per pod and sample."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ghosts.errors import unknown
from ghosts.evidence import EvidenceError
from ghosts.evidence.tidy_csv import columns_of, write_rows
from ghosts.paths import DATA
from ghosts.records.candidate_runs import PodRun, PodSample
from ghosts.records.validation import invalid_value

MECHANISMS: Final = DATA / "mechanisms"
_RUN: Final = TypeAdapter(PodRun)
_POD: Final = [name for name in columns_of(PodRun) if name != "samples"]
_SAMPLE: Final = ["pod", *columns_of(PodSample)]


STORED_FLEETS: Final = {
    "a_storage_stops": MECHANISMS / "fleet_a.csv",
    "b_interruption_60": MECHANISMS / "fleet_b.csv",
    "b_interruption_120": MECHANISMS / "fleet_b_120.csv",
    "c_some_uploads_hang": MECHANISMS / "fleet_c.csv",
    "d_hangs_at_departure": MECHANISMS / "fleet_d.csv",
}
"""The fleets that were replayed, by candidate: 24 pods of A, B (60 s) and C, the five pods with the
connections on record of the others. data/mechanisms/README.md has the commands."""


def samples_beside(path: Path) -> Path:
    """Return where the samples of a fleet's pods are, beside the fleet's own file."""
    return path.with_name(f"{path.stem}_samples.csv")


def write_fleet(runs: Sequence[PodRun], path: Path) -> None:
    """Write a fleet: a row per pod to ``path``, and their samples beside it."""
    pods = [asdict(run) for run in runs]
    samples = [{"pod": run["pod"], **sample} for run in pods for sample in run.pop("samples")]
    write_rows(path, _POD, pods)
    write_rows(samples_beside(path), _SAMPLE, samples)


def read_fleet(path: Path) -> tuple[PodRun, ...]:
    """Read a fleet that was written so.

    Raises:
        EvidenceError: one of the two files is not there, or is not such a table.
    """
    samples: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _read(samples_beside(path)):
        samples[row.pop("pod", "")].append(row)
    runs = []
    for line, row in enumerate(_read(path), 2):
        row["sixteenth_minute"] = row.get("sixteenth_minute") or None
        row["samples"] = samples[row.get("pod", "")]
        try:
            runs.append(_RUN.validate_python(row))
        except ValidationError as invalid:
            where = f"{path.name}:{line}"
            raise EvidenceError(f"{where}: {invalid_value(invalid, PodRun)}") from None
    return tuple(runs)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise EvidenceError(f"{path} is not there; ghosts mechanisms --fleet writes it") from None


def stored_fleets(*candidates: str) -> dict[str, tuple[PodRun, ...]]:
    """Read the stored fleets of these candidates, or all of them, by candidate.

    Raises:
        EvidenceError: there is no fleet of a candidate, or its files are not such tables.
    """
    for name in candidates:
        if name not in STORED_FLEETS:
            raise EvidenceError(unknown("stored fleet of", name, STORED_FLEETS))
    return {name: read_fleet(STORED_FLEETS[name]) for name in candidates or STORED_FLEETS}
