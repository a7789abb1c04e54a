"""Probes: what Kubernetes does to a pod whose event loop stands still."""

from dataclasses import dataclass

from ghosts.capacity.quantity import CapacityError


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An HTTP probe of a pod, in seconds.

    Raises:
        CapacityError: a figure is below what Kubernetes takes.
    """

    period: int = 10
    timeout: int = 1
    failure_threshold: int = 3

    def __post_init__(self) -> None:
        for name in ("period", "timeout", "failure_threshold"):
            if getattr(self, name) < 1:
                raise CapacityError(f"{name}: {getattr(self, name)} is below 1")

    def gives_up_at(self, start: float, end: float) -> float | None:
        """Say when it has failed often enough in a row; None if it has not.

        The pod answers nothing from second ``start`` until ``end``, and what was asked meanwhile
        at ``end``. It is asked at each multiple of the period at which no earlier question is
        open, and has failed once an answer is late by more than the timeout.
        """
        first = -(-start // self.period) * self.period
        between = -(-self.timeout // self.period) * self.period
        last_failure = first + (self.failure_threshold - 1) * between + self.timeout
        return last_failure if last_failure < end else None
