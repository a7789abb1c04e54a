"""What a pod requests, its limits, and its quality of service class."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from fleet.quantity import MIB, CapacityError, memory_bytes, millicores, prefixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """An amount of the two resources that the scheduler counts."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """Bytes."""

    @classmethod
    def parse(cls, quantities: Mapping[str, Any]) -> Self:
        """Read ``{"cpu": "350m", "memory": "3Gi"}``; what is left out is 0.

        Raises:
            CapacityError: a quantity is none, or a key is another one.
        """
        return cls(**{name: amount or 0 for name, amount in _amounts(quantities).items()})

    def __add__(self, other: Self) -> Self:
        return type(self)(cpu=self.cpu + other.cpu, memory=self.memory + other.memory)

    def __sub__(self, other: Self) -> Self:
        return type(self)(cpu=self.cpu - other.cpu, memory=self.memory - other.memory)

    def __mul__(self, times: int) -> Self:
        return type(self)(cpu=self.cpu * times, memory=self.memory * times)

    def __str__(self) -> str:
        return f"{self.cpu}m, {self.memory / MIB:,.0f}Mi"


class QosClass(StrEnum):
    """Kubernetes' quality of service classes. An amount of 0 counts as none.

    Who is evicted first does not go by them, but by requests: see :mod:`fleet.eviction`.
    """

    GUARANTEED = "Guaranteed"
    """Requests are limits, of both resources."""
    BURSTABLE = "Burstable"
    """There is a request or a limit."""
    BEST_EFFORT = "BestEffort"
    """There is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodResources:
    """Requests and limits of a pod of one container; None is not set.

    The scheduler counts requests and nothing else; a limit without a request is the request too.
    A container that uses more memory than its limit is killed; one that needs more processor time
    than its limit is throttled.

    Raises:
        CapacityError: a request is above its limit.
    """

    cpu_request: int | None = None
    """Thousandths of a core, as is the limit."""
    cpu_limit: int | None = None
    memory_request: int | None = None
    """Bytes, as is the limit."""
    memory_limit: int | None = None

    def __post_init__(self) -> None:
        if _above(self.cpu_request, self.cpu_limit):
            raise CapacityError(
                f"cpu: request {self.cpu_request}m is above limit {self.cpu_limit}m"
            )
        if _above(self.memory_request, self.memory_limit):
            request, limit = (
                f"{(amount or 0) / MIB:g}Mi" for amount in (self.memory_request, self.memory_limit)
            )
            raise CapacityError(f"memory: request {request} is above limit {limit}")

    @classmethod
    def parse(
        cls, *, requests: Mapping[str, Any] | None = None, limits: Mapping[str, Any] | None = None
    ) -> Self:
        """Read what a manifest has under ``resources``.

        Raises:
            CapacityError: a quantity is none, a key is another one, or a request is above its
                limit.
        """
        with prefixed("requests"):
            requested = _amounts(requests or {})
        with prefixed("limits"):
            most = _amounts(limits or {})
        return cls(
            cpu_request=requested.get("cpu"),
            cpu_limit=most.get("cpu"),
            memory_request=requested.get("memory"),
            memory_limit=most.get("memory"),
        )

    @property
    def requests(self) -> Resources:
        """What the scheduler sets aside for it."""
        return Resources(
            cpu=_first(self.cpu_request, self.cpu_limit),
            memory=_first(self.memory_request, self.memory_limit),
        )

    @property
    def qos(self) -> QosClass:
        """Its quality of service class."""
        limits = self.cpu_limit, self.memory_limit
        if all(limits) and limits == (self.requests.cpu, self.requests.memory):
            return QosClass.GUARANTEED
        if any((self.cpu_request, self.memory_request, *limits)):
            return QosClass.BURSTABLE
        return QosClass.BEST_EFFORT


def _amounts(quantities: Mapping[str, Any]) -> dict[str, int]:
    parsers = {"cpu": millicores, "memory": memory_bytes}
    amounts = {}
    for name, quantity in quantities.items():
        if name not in parsers:
            raise CapacityError(f"{name}: is not counted here; cpu and memory are")
        with prefixed(name):
            amounts[name] = parsers[name](quantity)
    return amounts


def _above(request: int | None, limit: int | None) -> bool:
    return request is not None and limit is not None and request > limit


def _first(*amounts: int | None) -> int:
    return next((amount for amount in amounts if amount is not None), 0)
