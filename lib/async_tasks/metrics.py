"""The five metrics, as published: names, labels and buckets."""

from typing import Final, Generic, TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

M = TypeVar("M", Counter, Histogram)

DRAIN_BUCKETS: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
GATHER_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)


class Metrics:
    """What the utilities count. Durations are in seconds of the running loop's clock.

    Labels must be static (``pusher_bg``), never an id: each value is a time series for ever.
    A second instance on the same registry shares the metrics of the first.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        exits = Counter(
            "async_supervisor_exit",
            "Supervisions that ended, by reason.",
            ["label", "reason"],
            registry=None,
        )
        drain_timeouts = Counter(
            "async_drain_timeout",
            "Drains in which tasks had to be cancelled by force.",
            ["label"],
            registry=None,
        )
        drain_seconds = Histogram(
            "async_drain_duration_seconds",
            "Duration of a drain, its cancel phase included.",
            ["label"],
            buckets=DRAIN_BUCKETS,
            registry=None,
        )
        gather_failures = Counter(
            "async_gather_failures", "Items that gave no value.", ["label"], registry=None
        )
        gather_seconds = Histogram(
            "async_gather_duration_seconds",
            "Duration of a gather, all its items.",
            ["label"],
            buckets=GATHER_BUCKETS,
            registry=None,
        )
        self.exits = _Children(_registered(exits, registry))
        self.drain_timeouts = _Children(_registered(drain_timeouts, registry))
        self.drain_seconds = _Children(_registered(drain_seconds, registry))
        self.gather_failures = _Children(_registered(gather_failures, registry))
        self.gather_seconds = _Children(_registered(gather_seconds, registry))


class _Children(dict[tuple[str, ...], M], Generic[M]):
    """The children of a metric by label values, each looked up once: ``labels()`` is slow."""

    def __init__(self, metric: M) -> None:
        super().__init__()
        self._metric: M = metric

    def __missing__(self, labels: tuple[str, ...]) -> M:
        child: M = self._metric.labels(*labels)
        self[labels] = child
        return child


def _registered(metric: M, registry: CollectorRegistry) -> M:
    """Register ``metric``, or return the one that an earlier import registered by that name."""
    try:
        registry.register(metric)
    except ValueError:
        # The registry offers no public way to ask for a collector by its name.
        (family,) = metric.describe()
        earlier = registry._names_to_collectors[family.name]
        if not isinstance(earlier, type(metric)):
            raise
        return earlier
    return metric


METRICS: Final = Metrics()
"""The metrics of the process, in Prometheus' default registry."""
