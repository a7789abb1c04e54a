"""A day of the fleet: pods, ghosts and autoscaler together, on simulated time."""

from fleet.day.costs import Costs
from fleet.day.day import Day, Rollout, Stall, load_day
from fleet.day.simulate import Plan, simulate
from fleet.day.sweep import sweep
from fleet.day.trace import RESTARTS, Event, EventKind, PodSample, Sample, Trace

__all__ = [
    "RESTARTS",
    "Costs",
    "Day",
    "Event",
    "EventKind",
    "Plan",
    "PodSample",
    "Rollout",
    "Sample",
    "Stall",
    "Trace",
    "load_day",
    "simulate",
    "sweep",
]
