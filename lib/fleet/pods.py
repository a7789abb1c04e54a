"""What a pod requests, its limits, and its quality of service class."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from fleet.quantity import (
    MIB,
    CapacityError,
    memory_bytes,
    millicores,
    plain,
    prefixed,
    whole_number,
)

STORAGE: Final = "ephemeral-storage"
_EXTENDED: Final = re.compile("/|^hugepages-|^attachable-volumes-")
"""What the names of all other resources have in them."""
_PARSERS: Final[Mapping[str, Callable[[Any], int]]] = {
    "cpu": millicores,
    "memory": memory_bytes,
    STORAGE: memory_bytes,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """An amount of what the scheduler counts."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """Bytes."""
    others: Mapping[str, int] = field(default_factory=dict, hash=False)
    """All others by name: bytes of storage and of huge pages, a number of anything else."""

    @classmethod
    def parse(cls, quantities: Mapping[str, Any]) -> Self:
        """Read ``{"cpu": "350m", "memory": "3Gi"}``; what is left out is 0.

        Raises:
            CapacityError: a quantity is none, or a key is no name of a resource.
        """
        amounts = parse_amounts(quantities)
        return cls(
            cpu=amounts.pop("cpu", 0),
            memory=amounts.pop("memory", 0),
            others=amounts,
        )

    def of(self, name: str) -> int:
        """Return the amount of one resource; 0 if there is none."""
        if name == "cpu":
            return self.cpu
        return self.memory if name == "memory" else self.others.get(name, 0)

    def __add__(self, other: Self) -> Self:
        names = {**self.others, **other.others}
        return type(self)(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            others={name: self.of(name) + other.of(name) for name in names},
        )

    def __sub__(self, other: Self) -> Self:
        return self + other * -1

    def __mul__(self, times: int) -> Self:
        return type(self)(
            cpu=self.cpu * times,
            memory=self.memory * times,
            others={name: amount * times for name, amount in self.others.items()},
        )

    def __str__(self) -> str:
        words = [f"{self.cpu}m", f"{self.memory / MIB:,.0f}Mi"]
        for name, amount in self.others.items():
            size = f"{amount / MIB:,.0f}Mi" if is_bytes(name) else f"{amount:,}"
            words.append(f"{size} {plain(name)}")
        return ", ".join(words)


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
    """Requests and limits of a container, or of a pod; None is not set.

    The scheduler counts requests and nothing else; a limit without a request is the request too.
    A container that uses more memory than its limit is killed; one that needs more processor time
    than its limit is throttled. Those of a pod with several containers are made of theirs by
    :mod:`fleet.containers`.

    Raises:
        CapacityError: a request is above its limit.
    """

    cpu_request: int | None = None
    """Thousandths of a core, as is the limit."""
    cpu_limit: int | None = None
    memory_request: int | None = None
    """Bytes, as is the limit."""
    memory_limit: int | None = None
    others: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Requests of all other resources, as in :class:`Resources`."""
    overhead: Resources = field(default_factory=Resources)
    """What the pod needs beyond its containers; it does not count for the quality of service."""
    several: QosClass | None = None
    """The quality of service class that several containers give it; None if there is but one."""

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
            CapacityError: a quantity is none, a key is no name of a resource, or a request is above
                its limit.
        """
        with prefixed("requests"):
            requested = parse_amounts(requests or {})
        with prefixed("limits"):
            most = parse_amounts(limits or {})
        others = {**most, **requested}
        for name in sorted(requested.keys() & most.keys() - {"cpu", "memory"}):
            if requested[name] > most[name]:
                raise CapacityError(f"{plain(name)}: request is above limit")
        return cls(
            cpu_request=requested.get("cpu"),
            cpu_limit=most.get("cpu"),
            memory_request=requested.get("memory"),
            memory_limit=most.get("memory"),
            others={name: others[name] for name in others if name not in ("cpu", "memory")},
        )

    @property
    def requests(self) -> Resources:
        """What the scheduler sets aside for it."""
        own = Resources(
            cpu=_first(self.cpu_request, self.cpu_limit),
            memory=_first(self.memory_request, self.memory_limit),
            others=self.others,
        )
        return own + self.overhead if self.overhead != Resources() else own

    @property
    def qos(self) -> QosClass:
        """Its quality of service class."""
        if self.several is not None:
            return self.several
        limits = self.cpu_limit, self.memory_limit
        own = (
            _first(self.cpu_request, self.cpu_limit),
            _first(self.memory_request, self.memory_limit),
        )
        if all(limits) and limits == own:
            return QosClass.GUARANTEED
        if any((self.cpu_request, self.memory_request, *limits)):
            return QosClass.BURSTABLE
        return QosClass.BEST_EFFORT


def is_bytes(name: str) -> bool:
    """Return whether a resource is counted in bytes."""
    return name in ("memory", STORAGE) or name.startswith("hugepages-")


def may_not_be_exceeded(name: str) -> bool:
    """Return whether the limit of a resource has to be the request: devices and huge pages."""
    return "/" in name or name.startswith("hugepages-")


def is_resource(name: object) -> bool:
    """Return whether a pod can request a resource of this name."""
    return isinstance(name, str) and (name in _PARSERS or _EXTENDED.search(name) is not None)


def parse_amounts(quantities: Mapping[Any, Any]) -> dict[str, int]:
    """Read quantities by the name of their resource; one that is null is left out.

    Raises:
        CapacityError: a quantity is none, or a key is no name of a resource.
    """
    amounts = {}
    for name, quantity in quantities.items():
        if quantity is None:
            continue
        if not is_resource(name):
            raise CapacityError(
                f"{plain(name)}: is no resource; there are cpu, memory, {STORAGE}, "
                "hugepages-<size> and extended ones such as nvidia.com/gpu"
            )
        parser = _PARSERS.get(name) or (memory_bytes if is_bytes(name) else whole_number)
        with prefixed(plain(name)):
            amounts[name] = parser(quantity)
    return amounts


def _above(request: int | None, limit: int | None) -> bool:
    return request is not None and limit is not None and request > limit


def _first(*amounts: int | None) -> int:
    return next((amount for amount in amounts if amount is not None), 0)
