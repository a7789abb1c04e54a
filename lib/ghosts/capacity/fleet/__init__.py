"""A day of the fleet: pods, ghosts and autoscaler together, on simulated time."""

from ghosts.capacity.fleet.costs import Costs
from ghosts.capacity.fleet.day import Day, Rollout, Stall, load_day
from ghosts.capacity.fleet.simulate import Plan, simulate
from ghosts.capacity.fleet.sweep import sweep
from ghosts.capacity.fleet.trace import RESTARTS, Event, EventKind, PodSample, Sample, Trace

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
