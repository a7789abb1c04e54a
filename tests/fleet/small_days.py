"""Days of a few pods and a few connections, a fifth of a second each to simulate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fleet.day import simulate
from fleet.day.costs import Costs
from fleet.day.day import Day
from fleet.day.simulate import Plan
from fleet.day.trace import Trace
from fleet.targets import Target
from fleet.values import BEFORE, Deployment, load_pool, load_values

HOUR: Final = 3600
PODS: Final = 4
INCIDENT: Final = Costs(
    pod=450.0,
    healthy=0.44,
    stuck_per_minute=0.9155,
    stuck_most=19.7,
    ghosts_per_departure=1.0,
    left_behind=0.0,
    blocks_workers=True,
    share=0.012,
)
"""Made by hand: about what replays of the incident measure."""
FIXED: Final = replace(INCIDENT, ghosts_per_departure=0.0, left_behind=0.92)
SHIPPED: Final = replace(FIXED, left_behind=0.0, blocks_workers=False)
QUIET: Final = Day(
    name="small",
    summary="Every upload returns",
    seed=1,
    connections=60,
    quietest=1,
    busiest_hour=12,
    stay=(990, 1085),
    storing=1,
    share=0,
    start_seconds=10,
)
WEARING: Final = replace(QUIET, share=0.005)
"""A pod makes 900 uploads an hour, so its sixteenth worker is blocked after some 3.6 hours."""
WORN: Final = replace(QUIET, share=1)
"""Each pod has 16 blocked workers after two minutes."""


def deployment(files: Sequence[Path] = BEFORE, pods: int = PODS, **changes: Any) -> Deployment:
    """What the values say, with always as many pods: an autoscaler triples the cost of a day."""
    return replace(load_values(*files), scaling=None, replicas=pods, **changes)


def scaled(*targets: Target, most: int) -> Deployment:
    """What the values say, with an autoscaler that has these targets."""
    values = load_values(*BEFORE)
    assert values.scaling is not None
    return replace(values, scaling=replace(values.scaling, fewest=PODS, most=most, targets=targets))


def plan(costs: Costs, of: Day, deployed: Deployment | None = None, nodes: int = 2) -> Plan:
    """A day on some nodes of the pool."""
    return Plan(
        day=of,
        deployment=deployed or deployment(),
        pool=replace(load_pool(), nodes=nodes),
        costs=costs,
    )


def trace(costs: Costs, of: Day, deployed: Deployment | None = None, nodes: int = 2) -> Trace:
    """What such a day comes to."""
    return simulate(plan(costs, of, deployed, nodes))
