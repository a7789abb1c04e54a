"""Session lengths: what a fixed and a random length predict for memory per ghost and growth."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from pydantic import FiniteFloat, NonNegativeInt

from ghosts.config import STORAGE_WORKERS
from ghosts.evidence.tidy_csv import columns_of, read_rows, write_rows
from ghosts.mechanisms import reading
from ghosts.mechanisms.fleet_csv import MECHANISMS
from ghosts.processes import call_all
from ghosts.records.scenario import ScenarioError, load_scenario
from ghosts.replay.run import replay

SESSION_LENGTHS: Final = ("c_some_uploads_hang", "c_exponential_16", "c_exponential_48")
"""Scenarios that differ in how long devices stay: 15 to 17.5 min, or random with a mean of 16 or
48 min."""
STORED_SESSION_LENGTHS: Final = MECHANISMS / "session_lengths.csv"
_SETTLED: Final = 20
"""Minutes from which growth is read: the first sessions have ended by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLengthRun:
    """The results of one session length, before the fix, at full scale."""

    scenario: str
    minutes: NonNegativeInt
    ghosts: NonNegativeInt
    tcp_mean: FiniteFloat
    sixteenth_minute: NonNegativeInt
    """The minute at which all upload workers were first seen blocked."""
    mib_per_ghost: FiniteFloat
    """MiB of audio at the end, median."""
    mib_per_ghost_mean: FiniteFloat
    """The mean, which is what a pod's memory over its ghosts gives."""
    mib_per_ghost_low: FiniteFloat
    """Their lower quartile."""
    mib_per_ghost_high: FiniteFloat
    """Their upper quartile."""
    growth_before_mb: FiniteFloat
    """MB of queued audio more per 10 minutes, from minute 20 until that minute."""
    growth_after_mb: FiniteFloat
    """The same from that minute until the end."""


def replay_session_length(scenario: str) -> SessionLengthRun:
    """Replay one scenario before the fix, and measure.

    Raises:
        ScenarioError: it ended without ghosts, or before all upload workers were blocked.
    """
    recording = replay(load_scenario(scenario), "gather_all", measure_memory=False)
    samples = recording.samples
    full = next((one for one in samples if one.workers_blocked == STORAGE_WORKERS), None)
    sizes = reading.ghost_mib(recording)
    if full is None or not sizes:
        raise ScenarioError(f"{scenario}: ended without ghosts, or with an upload worker to spare")

    def growth(begin: float, end: float) -> float:
        between = [one for one in samples if begin <= one.t <= end]
        return round(reading.growth_mb(between, recording), 1)

    quarter = len(sizes) // 4
    return SessionLengthRun(
        scenario=scenario,
        minutes=recording.scenario.duration // 60,
        ghosts=recording.last.ghosts,
        tcp_mean=round(sum(one.tcp for one in samples) / len(samples), 1),
        sixteenth_minute=int(full.t // 60),
        mib_per_ghost=round(median(sizes), 1),
        mib_per_ghost_mean=round(sum(sizes) / len(sizes), 1),
        mib_per_ghost_low=round(sizes[quarter], 1),
        mib_per_ghost_high=round(sizes[-1 - quarter], 1),
        growth_before_mb=growth(_SETTLED * 60, full.t),
        growth_after_mb=growth(full.t, recording.last.t),
    )


def replay_session_lengths(
    executor: Executor,
    scenarios: Sequence[str] = SESSION_LENGTHS,
    on_replay: Callable[[], object] = lambda: None,
) -> tuple[SessionLengthRun, ...]:
    """Replay each scenario on any executor, and return what came of them in order.

    Raises:
        ProcessDiedError: the executor lost a process.
    """
    calls = [(name,) for name in scenarios]
    return tuple(call_all(executor, replay_session_length, calls, on_result=lambda _: on_replay()))


def write_session_lengths(runs: Sequence[SessionLengthRun], path: Path) -> None:
    """Write them as CSV, a row each."""
    write_rows(path, columns_of(SessionLengthRun), map(asdict, runs))


def read_session_lengths(path: Path = STORED_SESSION_LENGTHS) -> tuple[SessionLengthRun, ...]:
    """Read them back.

    Raises:
        EvidenceError: the file is not there, or is not such a table.
    """
    return read_rows(path, SessionLengthRun)
