"""A day of the fleet: pods, ghosts and autoscaler together, on simulated time."""

from ghosts.capacity.fleet.costs import Costs
from ghosts.capacity.fleet.day import Day, Exhausted, Stall, load_day
from ghosts.capacity.fleet.diary import Diary, Event, EventKind, Look
from ghosts.capacity.fleet.simulate import Plan, simulate
from ghosts.capacity.fleet.sweep import sweep

__all__ = [
    "Costs",
    "Day",
    "Diary",
    "Event",
    "EventKind",
    "Exhausted",
    "Look",
    "Plan",
    "Stall",
    "load_day",
    "simulate",
    "sweep",
]
