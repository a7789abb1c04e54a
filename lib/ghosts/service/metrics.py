"""A pod's metrics, in a registry of their own."""

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest


class PodMetrics:
    """What every service counts, and how it is read. Labels are static: never a uid."""

    def __init__(self, gauge_name: str) -> None:
        self.registry = CollectorRegistry()
        self._gauge_name = gauge_name
        self.active = Gauge(
            gauge_name,
            "Sessions that have begun and not ended: the service's opinion of its connections.",
            registry=self.registry,
        )

    @property
    def gauge(self) -> int:
        """How many sessions the service believes in."""
        return self.value(self._gauge_name)

    def value(self, name: str) -> int:
        """Return the value of a metric that has no labels; a counter's name ends in ``_total``."""
        return int(self.registry.get_sample_value(name) or 0)

    def exposition(self) -> str:
        """Return the text format: this pod's metrics, and those of the process."""
        return (generate_latest(self.registry) + generate_latest(REGISTRY)).decode()
