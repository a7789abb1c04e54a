"""The table: every candidate against every observation."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ghosts.evidence.tidy_csv import columns_of, read_rows, write_rows
from ghosts.mechanisms.candidates import CANDIDATES, Candidate
from ghosts.mechanisms.fleet_csv import MECHANISMS, stored_fleets
from ghosts.mechanisms.observations import OBSERVATIONS
from ghosts.mechanisms.runs import Runs, replay_candidates
from ghosts.records.candidate_runs import PodRun, Verdict

STORED_VERDICTS: Final = MECHANISMS / "verdicts.csv"


def run_mechanisms(
    executor: Executor,
    candidates: Sequence[Candidate] = CANDIDATES,
    fleets: Mapping[str, tuple[PodRun, ...]] | None = None,
    on_replay: Callable[[], object] = lambda: None,
) -> tuple[Verdict, ...]:
    """Replay each candidate and judge it by every observation; return the table row by row.

    ``fleets``, by candidate's name, are for O3 and O4; by default they are the stored ones.
    ``on_replay`` is called after each of the two replays of a candidate.

    Raises:
        ProcessDiedError: the executor lost a process.
        EvidenceError: a file of the record, or a stored fleet, is not there or not such a table.
    """
    known = stored_fleets() if fleets is None else fleets
    return judge(replay_candidates(executor, candidates, known, on_replay))


def judge(runs: Sequence[Runs]) -> tuple[Verdict, ...]:
    """Judge the runs of each candidate by every observation, in order."""
    return tuple(check(one) for one in runs for check in OBSERVATIONS.values())


def write_verdicts(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write verdicts as CSV, a row each."""
    write_rows(path, columns_of(Verdict), map(_row, verdicts))


def _row(verdict: Verdict) -> dict[str, Any]:
    number = "" if verdict.number is None else f"{verdict.number:g}"
    return asdict(verdict) | {"number": number}


def read_verdicts(path: Path = STORED_VERDICTS) -> tuple[Verdict, ...]:
    """Read verdicts that were written so.

    Raises:
        EvidenceError: the file is not there, or is not such a table.
    """
    return read_rows(path, Verdict)
