"""Replays of scenarios: real sockets, simulated time, and a recording of what was observed."""

from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.recording import Recording, RecordingError, Sample
from ghosts.records.scenario import Scenario, ScenarioError, load_scenario
from ghosts.replay.run import replay
from ghosts.replay.side_by_side import replay_side_by_side
from ghosts.simulation.clock import simulate
from ghosts.simulation.test_bed import TestBed

__all__ = [
    "DeviceGroup",
    "Leave",
    "Recording",
    "RecordingError",
    "Sample",
    "Scenario",
    "ScenarioError",
    "TestBed",
    "load_scenario",
    "replay",
    "replay_side_by_side",
    "simulate",
]
