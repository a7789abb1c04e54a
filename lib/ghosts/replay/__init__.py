"""Replays of the incident: real sockets, simulated time, and a record of what was seen."""

from ghosts.records.recording import Recording, RecordingError, Sample
from ghosts.records.scenario import (
    DeviceGroup,
    Leave,
    Scenario,
    ScenarioError,
    load_scenario,
)
from ghosts.replay.clock import simulate
from ghosts.replay.pod import Pod
from ghosts.replay.run import replay
from ghosts.replay.side_by_side import replay_side_by_side

__all__ = [
    "DeviceGroup",
    "Leave",
    "Pod",
    "Recording",
    "RecordingError",
    "Sample",
    "Scenario",
    "ScenarioError",
    "load_scenario",
    "replay",
    "replay_side_by_side",
    "simulate",
]
