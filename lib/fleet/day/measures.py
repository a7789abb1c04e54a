"""What the autoscaler of a simulated day reads of a pod: its connections, and its memory."""

from collections.abc import Mapping, Sequence
from typing import Final

from fleet.autoscaler import Scaling
from fleet.day.pod import SimulatedPod, State
from fleet.pods import PodResources
from fleet.quantity import MIB, CapacityError
from fleet.recommendation import Metered
from fleet.targets import Source, Target

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


def readings(
    scaling: Scaling, resources: PodResources, pods: Sequence[SimulatedPod], now: float
) -> Mapping[str, Sequence[Metered]]:
    """Return what the autoscaler reads at a second of the day, by metric."""
    request = resources.requests.memory
    return {
        target.metric: [
            Metered(
                value=_figure(target, request, pod, now) if pod.state is State.READY else None,
                ready=pod.state is not State.PENDING,
            )
            for pod in pods
        ]
        for target in scaling.targets
    }


def _figure(target: Target, request: int, pod: SimulatedPod, now: float) -> float:
    if _of_connections(target):
        return pod.gauge
    used = pod.memory(now) * MIB
    return 100 * used / request if target.utilization else used


def _of_connections(target: Target) -> bool:
    return target.source is Source.PODS and target.metric in _CONNECTIONS


def _of_memory(target: Target) -> bool:
    return target.source is Source.RESOURCE and target.metric == "memory"
