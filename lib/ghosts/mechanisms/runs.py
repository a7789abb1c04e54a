"""What a candidate is judged by: a replay before the fix, one after it, and a fleet."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import dataclass

from ghosts.mechanisms.candidates import CANDIDATES, Candidate, candidate
from ghosts.mechanisms.fleet import PodRun
from ghosts.records.recording import Recording
from ghosts.replay.run import replay
from ghosts.replay.side_by_side import ReplayDiedError

BEFORE, AFTER = "gather_all", "supervised"
"""The lifecycles before and after the fix."""


@dataclass(frozen=True, slots=True)
class Runs:
    """All that was replayed of one candidate."""

    candidate: Candidate
    before: Recording
    """Its scenario before the fix: one pod of 22 connections."""
    after: Recording
    """The same pod after the fix and the restart that came with it."""
    fleet: tuple[PodRun, ...] = ()
    """Pods before the fix; empty if no fleet was replayed."""


def replay_candidate(name: str, lifecycle: str) -> Recording:
    """Replay the candidate of this name under a lifecycle, without measuring memory.

    After the fix, every pod had been restarted: a fault that had ended by then is left out.
    """
    chosen = candidate(name)
    scenario = chosen.after_restart if lifecycle == AFTER else chosen.scenario
    return replay(scenario, lifecycle, settings=chosen.settings, measure_memory=False)


def replay_candidates(
    executor: Executor,
    candidates: Sequence[Candidate] = CANDIDATES,
    fleets: Mapping[str, tuple[PodRun, ...]] | None = None,
    on_replay: Callable[[], object] = lambda: None,
) -> tuple[Runs, ...]:
    """Replay each candidate before and after the fix, and return the runs in order.

    The executor is any of `concurrent.futures`, or one that does as they do: each replay is one
    call, to which two names are sent. ``fleets`` are those that there are, by candidate's name.
    ``on_replay`` is called after each replay. The first exception is raised, and what has not
    begun is cancelled.

    Raises:
        ReplayDiedError: the executor lost a process.
    """
    running: dict[tuple[str, str], Future[Recording]] = {}
    try:
        for one in candidates:
            for lifecycle in (BEFORE, AFTER):
                call = executor.submit(replay_candidate, one.name, lifecycle)
                running[one.name, lifecycle] = call
        for done in as_completed(running.values()):
            done.result()
            on_replay()
    except BrokenExecutor:
        raise ReplayDiedError("a process that replayed died; is there memory enough?") from None
    finally:
        for each in running.values():
            each.cancel()
    return tuple(
        Runs(
            one,
            running[one.name, BEFORE].result(),
            running[one.name, AFTER].result(),
            (fleets or {}).get(one.name, ()),
        )
        for one in candidates
    )
