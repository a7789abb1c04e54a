"""What an autoscaler scales by: a metric and the value that it is held at.

The names are those of `autoscaling/v2`:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.quantity import MIB, CapacityError, amount

_MOST_METRIC: Final = 10**9
_MOST_BYTES: Final = 2**63 - 1


class Source(StrEnum):
    """Where a metric comes from."""

    RESOURCE = "Resource"
    CONTAINER = "ContainerResource"
    PODS = "Pods"
    OBJECT = "Object"
    EXTERNAL = "External"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A metric and its target.

    Raises:
        CapacityError: the target is not above 0.
    """

    metric: str
    """Its name; a container's begins with the container's: ``app/cpu``."""
    value: float
    """Per cent of what is requested, or the metric's own unit: cores, bytes or a count."""
    source: Source = Source.PODS
    utilization: bool = False
    """Whether the value is per cent of what is requested."""
    total: bool = False
    """Whether the metric itself is held at the value, and not its mean over the pods."""

    def __post_init__(self) -> None:
        check_target(self.value)

    @property
    def in_bytes(self) -> bool:
        """Whether the value is a number of bytes."""
        return self._amount_of("memory")

    def _amount_of(self, resource: str) -> bool:
        of_pods = self.source in (Source.RESOURCE, Source.CONTAINER) and not self.utilization
        return of_pods and self.resource == resource

    @property
    def container(self) -> str:
        """The container whose resource it is; empty: it is of all of them."""
        return self.metric.partition("/")[0] if self.source is Source.CONTAINER else ""

    @property
    def resource(self) -> str:
        """The name without the container, and without the number of several of this name."""
        name = self.metric.removeprefix(f"{self.container}/")
        return name.partition("#")[0]

    def read(self, figure: str | float) -> float:
        """Return the value of a figure of this metric as people write it: 95, ``95%``, ``600Mi``.

        Raises:
            CapacityError: it is none.
        """
        if isinstance(figure, str) and self.utilization:
            figure = figure.removesuffix("%")
        try:
            value = float(figure)
        except ValueError:
            value = float(amount(figure))
        if not 0 <= value < math.inf:
            raise CapacityError(f"a metric of {value:g}: should be 0 or more")
        most = _MOST_BYTES if self.in_bytes else _MOST_METRIC
        if value > most:
            raise CapacityError(f"a mean of {value:g}: should be {most:,} at most")
        return value

    def __str__(self) -> str:
        if self.utilization:
            return f"{self.value:g}%"
        if self._amount_of("cpu"):
            return f"{self.value * 1000:g}m"
        return f"{self.value / MIB:g}Mi" if self.in_bytes else f"{self.value:g}"


def check_target(target: float) -> None:
    """Raise CapacityError if this is not a possible target."""
    if not 0.001 <= target < math.inf:
        raise CapacityError(f"a target of {target:g}: should be 0.001 or more")
