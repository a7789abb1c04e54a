"""Probes: when Kubernetes acts on a pod whose event loop is blocked."""

from dataclasses import dataclass

from fleet.quantity import CapacityError


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

    def fails_at(self, start: float, end: float) -> float | None:
        """Return when the failure threshold is reached; None if it is not.

        The pod answers no probe from second ``start`` until ``end``, and those of the meantime at
        ``end``. A probe is sent at each multiple of the period at which no earlier one is open,
        and has failed once it is unanswered for longer than the timeout.
        """
        first = -(-start // self.period) * self.period
        between = -(-self.timeout // self.period) * self.period
        last_failure = first + (self.failure_threshold - 1) * between + self.timeout
        return last_failure if last_failure < end else None
