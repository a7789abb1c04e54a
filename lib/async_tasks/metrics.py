"""The five metrics, as published: names, labels and buckets.

``prometheus_client`` is optional: without it the metrics have the same interface and count nothing.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

try:
    import prometheus_client
except ModuleNotFoundError:
    _IS_INSTALLED = False
else:
    _IS_INSTALLED = True

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

M = TypeVar("M", "Counter", "Histogram")
_Labels: TypeAlias = tuple[str, ...]

DRAIN_BUCKETS: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds."""
GATHER_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Upper bounds in seconds."""
MOST_VALUES: Final = 20
"""How many values of one label a test run may see; a dashboard has no room for more."""
_WORDS: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_BUCKET: Final = "le"


class Metrics:
    """What the utilities count. Durations are in seconds of the running loop's clock.

    Each attribute maps the values of the labels to a child: ``metrics.exits["pusher", "crash"]``.
    Labels have to be static (``pusher_bg``), never an id: each value is a time series that stays
    until the process ends.

    Args:
        registry: Where the metrics are registered; by default in Prometheus' default registry. A
            second instance on the same registry shares the metrics of the first.

    Raises:
        ValueError: The registry has another kind of metric by one of the names.
    """

    exits: Mapping[_Labels, "Counter"]
    drain_timeouts: Mapping[_Labels, "Counter"]
    drain_seconds: Mapping[_Labels, "Histogram"]
    gather_failures: Mapping[_Labels, "Counter"]
    gather_seconds: Mapping[_Labels, "Histogram"]

    def __init__(self, registry: "CollectorRegistry | None" = None) -> None:
        if not _IS_INSTALLED:
            self.exits = self.drain_timeouts = self.gather_failures = _NOT_COUNTED
            self.drain_seconds = self.gather_seconds = _NOT_COUNTED
            return
        registry = prometheus_client.REGISTRY if registry is None else registry
        exits = prometheus_client.Counter(
            "async_supervisor_exit",
            "Supervisions that ended, by reason.",
            ["label", "reason"],
            registry=None,
        )
        drain_timeouts = prometheus_client.Counter(
            "async_drain_timeout",
            "Drains in which tasks had to be cancelled by force.",
            ["label"],
            registry=None,
        )
        drain_seconds = prometheus_client.Histogram(
            "async_drain_duration_seconds",
            "Duration of a drain, its cancel phase included.",
            ["label"],
            buckets=DRAIN_BUCKETS,
            registry=None,
        )
        gather_failures = prometheus_client.Counter(
            "async_gather_failures", "Items that gave no value.", ["label"], registry=None
        )
        gather_seconds = prometheus_client.Histogram(
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


class _Children(dict[_Labels, M], Generic[M]):
    """The children of a metric by the values of its labels."""

    # `labels()` takes a lock and converts its arguments: 3 to 5 times the cost of a kept child, on
    # every drain and gather (test_the_child_of_a_label_is_looked_up_once).

    def __init__(self, metric: M) -> None:
        super().__init__()
        self._metric: M = metric

    def __missing__(self, labels: _Labels) -> M:
        child: M = self._metric.labels(*labels)
        self[labels] = child
        return child


class _NotCounted:
    """Stands for every metric, and each child of it, without ``prometheus_client``."""

    def __getitem__(self, labels: _Labels) -> "_NotCounted":
        return self

    def inc(self, amount: float = 1) -> None:
        """Count nothing."""

    def observe(self, amount: float) -> None:
        """Count nothing."""


_NOT_COUNTED: Final[Any] = _NotCounted()


def _registered(metric: M, registry: "CollectorRegistry") -> M:
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


def check_cardinality(
    registry: "CollectorRegistry | None" = None, *, prefix: str = "async_"
) -> None:
    """Check that no label of the metrics looks like an id. To be called at the end of each test.

    Every value of a label is a time series that stays until the process ends, so it has to come
    from the code and not from a connection: lower-case words, as in ``pusher_bg``, and at most 20
    of them per label. Without ``prometheus_client`` there is nothing to check.

    Args:
        registry: The registry to check; by default Prometheus' default registry.
        prefix: Metrics whose names do not start with it are not checked.

    Raises:
        ValueError: A value looks like an id, or a label has more than 20 values. The error names
            the metric, the label and the value.
    """
    if not _IS_INSTALLED:
        return
    registry = prometheus_client.REGISTRY if registry is None else registry
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in registry.collect():
        if family.name.startswith(prefix):
            for sample in family.samples:
                for label, value in sample.labels.items():
                    if label != _BUCKET:
                        values[family.name, label].add(value)
    for (metric, label), seen in sorted(values.items()):
        for value in sorted(seen):
            if not _WORDS.fullmatch(value):
                raise ValueError(f"{metric}: {label}={value!r} looks like an id; labels are static")
        if len(seen) > MOST_VALUES:
            raise ValueError(f"{metric}: {label} has {len(seen)} values; labels are static")
