"""Replays of one scenario under several variants, each in a process of its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ghosts.processes import call_side_by_side
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay


@dataclass(frozen=True, slots=True)
class TimedRecording:
    """A recording, and how many real seconds the replay took."""

    recording: Recording
    wall_seconds: float


def replay_side_by_side(
    scenario: Scenario,
    variants: Sequence[str],
    *,
    at_once: int,
    measure_memory: bool = True,
    on_progress: Callable[[str, float], object] = lambda variant, second: None,
) -> list[TimedRecording]:
    """Replay a scenario under each variant, at most ``at_once`` of them at the same time.

    ``on_progress`` is called with the variant and the simulated second of every sample. An
    interrupt, like any exception, ends the replays at once, and so does the end of this process.

    Raises:
        ProcessDiedError: a replay ended without a recording; the others are ended.
    """
    return call_side_by_side(
        _timed_replay,
        [(scenario, variant, measure_memory) for variant in variants],
        at_once=at_once,
        on_progress=lambda number, second: on_progress(variants[number], second),
    )


def _timed_replay(
    scenario: Scenario, variant: str, measure_memory: bool, report: Callable[[float], object]
) -> TimedRecording:
    begun = time.perf_counter()
    recording = replay(scenario, variant, measure_memory=measure_memory, on_progress=report)
    return TimedRecording(recording, time.perf_counter() - begun)
