"""The outcome of an experiment: what its replay ends with."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import NonNegativeInt

from ghosts.config import BG_DRAIN_TIMEOUT
from ghosts.experiments.experiment import Change, Experiment
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one replay ends with, at a tenth of production's bytes."""

    scenario: str
    variant: str
    change: Change
    gauge: NonNegativeInt
    """Connections on the service's gauge."""
    ghosts: NonNegativeInt
    workers_blocked: NonNegativeInt
    """Blocked upload workers."""
    departures: NonNegativeInt
    """Devices that left."""
    drains_timed_out: NonNegativeInt
    """Sessions that ended 30 s or more after their device had left, when their drain was over."""
    received_bytes: NonNegativeInt
    """Audio received."""
    lost_bytes: NonNegativeInt
    """Audio lost."""


def run_experiment(
    experiment: Experiment, *, on_progress: Callable[[float], object] = lambda second: None
) -> Outcome:
    """Replay an experiment and return its outcome.

    Args:
        experiment: What is replayed.
        on_progress: Called with the simulated second of every sample.

    Raises:
        VariantError: there is no variant of that name.
        ScenarioError: there is no scenario of that name.
    """
    recording = replay(
        load_scenario(experiment.scenario),
        experiment.changed_variant,
        measure_memory=False,
        on_progress=on_progress,
    )
    return outcome_of(recording, experiment.change)


def outcome_of(recording: Recording, change: Change) -> Outcome:
    """Return the outcome of a replay that was made with this change."""
    left, closed = recording.times("device_left"), recording.times("session_closed")
    last, audio = recording.last, recording.audio
    return Outcome(
        scenario=recording.scenario.name,
        variant=recording.variant,
        change=change,
        gauge=last.gauge,
        ghosts=last.ghosts,
        workers_blocked=last.workers_blocked,
        departures=len(left),
        drains_timed_out=sum(
            closed[who] - left[who] >= BG_DRAIN_TIMEOUT for who in left.keys() & closed.keys()
        ),
        received_bytes=audio.received,
        lost_bytes=audio.lost,
    )
