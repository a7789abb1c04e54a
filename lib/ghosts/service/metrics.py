"""A pod's metrics, in a registry of their own."""

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest


class PodMetrics:
    """What every service counts, and how it is read. Labels are static: never a uid."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._gauge_name = f"{service}_active_ws_connections"
        self.active = Gauge(
            self._gauge_name,
            "Sessions that have begun and not ended: the service's opinion of its connections.",
            registry=self.registry,
        )
        self.tcp = Gauge(
            f"{service}_tcp_connections",
            "Established TCP connections on the service's port, as the operating system has them; "
            "those that ask for metrics or health are left out.",
            registry=self.registry,
        )

    @property
    def gauge(self) -> int:
        """How many sessions the service believes in."""
        return self.value(self._gauge_name)

    def value(self, name: str) -> int:
        """Return the value of a metric that has no labels; a counter's name ends in ``_total``.

        Nothing else is read for it: to read the whole registry is to ask the operating system.
        """
        families = self.registry.restricted_registry([name]).collect()
        return int(sum(sample.value for family in families for sample in family.samples))

    def exposition(self) -> str:
        """Return the text format: this pod's metrics, and those of the process."""
        return (generate_latest(self.registry) + generate_latest(REGISTRY)).decode()
