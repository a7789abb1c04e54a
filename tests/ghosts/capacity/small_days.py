"""Days of a few pods and a few connections, a quarter of a second each to simulate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ghosts.capacity import BEFORE, Deployment, load_pool, load_values
from ghosts.capacity.fleet import Costs, Day, Exhausted, Plan

PODS: Final = 4
QUIET: Final = Day(
    name="small",
    summary="Nothing happens",
    seed=1,
    connections=60,
    quietest=1,
    busiest_hour=12,
    stay=(990, 1085),
    storing=1,
    start_seconds=10,
)


def day(exhausted: Sequence[int] = (), **changes: Any) -> Day:
    """A quiet day, but that the storage threads of these pods are all held from one o'clock."""
    broken = tuple(Exhausted(pod=pod, hour=1) for pod in exhausted)
    return replace(QUIET, exhausted=broken, **changes)


def deployment(files: Sequence[Path] = BEFORE, pods: int = PODS, **changes: Any) -> Deployment:
    """What the values say, with always so many pods."""
    values = load_values(*files)
    return replace(values, scaling=replace(values.scaling, fewest=pods, most=pods), **changes)


def plan(costs: Costs, of: Day, deployed: Deployment | None = None, nodes: int = 2) -> Plan:
    """A day on so many nodes of the pool."""
    return Plan(
        day=of,
        deployment=deployed or deployment(),
        pool=replace(load_pool(), nodes=nodes),
        costs=costs,
    )
