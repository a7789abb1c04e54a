"""What the autoscaler of a simulated day reads of a pod: its connections, and its memory."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from fleet.autoscaler import Scaling
from fleet.day.pod import SimulatedPod, State
from fleet.pods import PodResources
from fleet.quantity import MIB, CapacityError
from fleet.recommendation import Metered
from fleet.targets import Source, Target

Figure: TypeAlias = Callable[[SimulatedPod, float], float]
"""What a metric has of a pod at a second of the day."""
_metered: Final = lru_cache(maxsize=1024)(Metered)
"""A day reads the same few counts of connections 100,000 times."""
_CONNECTIONS: Final = ("activeConnectionsPerPod", "pusher_active_ws_connections")
"""The gauge of connections: as the chart has it, and as the service exports it."""


def check_measured(scaling: Scaling | None, resources: PodResources) -> None:
    """Raise CapacityError if a day has no figures of a metric that is scaled by."""
    if scaling is None:
        return
    if not scaling.targets:
        raise CapacityError("scaled by no metric that is defined")
    for target in scaling.targets:
        if not (_of_connections(target) or _of_memory(target)):
            raise CapacityError(
                f"scaled by {target.metric}: a simulated day has no figures of it; it has those of "
                f"{_CONNECTIONS[0]} and of memory"
            )
        if target.utilization and not resources.requests.memory:
            raise CapacityError("scaled by memory utilization: the pods request no memory")


def figures(scaling: Scaling, resources: PodResources) -> Mapping[str, Figure]:
    """Return how the figure of each metric is read off a pod."""
    request = resources.requests.memory
    return {target.metric: _figure(target, request) for target in scaling.targets}


def readings(
    figures: Mapping[str, Figure], pods: Sequence[SimulatedPod], now: float
) -> Mapping[str, Sequence[Metered]]:
    """Return what the autoscaler reads at a second of the day, by metric."""
    return {
        metric: [
            _metered(
                value=figure(pod, now) if pod.state is State.READY else None,
                ready=pod.state is not State.PENDING,
            )
            for pod in pods
        ]
        for metric, figure in figures.items()
    }


def _figure(target: Target, request: int) -> Figure:
    if _of_connections(target):
        return lambda pod, now: pod.gauge
    if target.utilization:
        return lambda pod, now: 100 * (pod.memory(now) * MIB) / request
    return lambda pod, now: pod.memory(now) * MIB


def _of_connections(target: Target) -> bool:
    return target.source is Source.PODS and target.metric in _CONNECTIONS


def _of_memory(target: Target) -> bool:
    return target.source is Source.RESOURCE and target.metric == "memory"
