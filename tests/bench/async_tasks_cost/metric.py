"""Count n ends on a labelled counter."""

from prometheus_client import CollectorRegistry, Counter

from async_tasks import Metrics
from async_tasks_cost.measure import BASELINE, OURS, Meter, Workload


async def _kept_child(meter: Meter, n: int) -> float:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    with meter:
        for _ in range(n):
            metrics.exits["bench", "crash"].inc()
    return _counted(registry)


async def _looked_up(meter: Meter, n: int) -> float:
    registry = CollectorRegistry()
    exits = Counter("async_supervisor_exit", "-", ["label", "reason"], registry=registry)
    with meter:
        for _ in range(n):
            exits.labels("bench", "crash").inc()
    return _counted(registry)


def _counted(registry: CollectorRegistry) -> float:
    labels = {"label": "bench", "reason": "crash"}
    return registry.get_sample_value("async_supervisor_exit_total", labels) or 0.0


METRIC = Workload("metric", "count", {OURS: _kept_child, BASELINE: _looked_up})
