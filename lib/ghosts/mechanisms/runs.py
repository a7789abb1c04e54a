"""The runs that a candidate is judged by: replays before and after the fix, and a fleet."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from ghosts.mechanisms.candidates import CANDIDATES, Candidate, candidate
from ghosts.processes import call_all
from ghosts.records.candidate_runs import PodRun
from ghosts.records.recording import Recording
from ghosts.replay.run import replay
from ghosts.variants import FIX, INCIDENT, VARIANTS

BEFORE, AFTER = INCIDENT.name, FIX.name
"""The variants before and after the fix."""


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of one candidate."""

    candidate: Candidate
    before: Recording
    """Its scenario before the fix: one pod of 22 connections."""
    after: Recording
    """The same pod after the fix and the restart that came with it."""
    fleet: tuple[PodRun, ...] = ()
    """Pods before the fix; empty if no fleet was replayed."""


def replay_candidate(name: str, variant: str) -> Recording:
    """Replay the candidate of this name under a variant, without measuring memory.

    After the fix, every pod had been restarted: a fault that had ended by then is left out.
    """
    chosen = candidate(name)
    scenario = chosen.after_restart if variant == AFTER else chosen.scenario
    return replay(scenario, VARIANTS[variant].with_clients(chosen.clients), measure_memory=False)


def replay_candidates(
    executor: Executor,
    candidates: Sequence[Candidate] = CANDIDATES,
    fleets: Mapping[str, tuple[PodRun, ...]] | None = None,
    on_replay: Callable[[], object] = lambda: None,
) -> tuple[Runs, ...]:
    """Replay each candidate before and after the fix, and return the runs in order.

    The executor is any of `concurrent.futures`, or one with the same interface: each replay is one
    call, to which two names are sent. ``fleets`` are those that there are, by candidate's name.
    ``on_replay`` is called after each replay. The first exception is raised, and what has not
    started is cancelled.

    Raises:
        ProcessDiedError: the executor lost a process.
    """
    calls = [(one.name, variant) for one in candidates for variant in (BEFORE, AFTER)]
    recordings = call_all(executor, replay_candidate, calls, on_result=lambda _: on_replay())
    by_call = dict(zip(calls, recordings, strict=True))
    return tuple(
        Runs(
            one,
            by_call[one.name, BEFORE],
            by_call[one.name, AFTER],
            (fleets or {}).get(one.name, ()),
        )
        for one in candidates
    )
