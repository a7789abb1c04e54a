"""The metrics of a pod, in a registry of their own."""

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest


class ServerMetrics:
    """The metrics that both services have: the gauge, and the kernel's TCP connections.

    Labels are static, never a uid: each value of a label is a time series of its own.

    Args:
        service: The prefix of the names of metrics.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._gauge_name = f"{service}_active_ws_connections"
        self.active = Gauge(
            self._gauge_name,
            "Sessions that have begun and not ended, as the service counts them.",
            registry=self.registry,
        )
        self.tcp = Gauge(
            f"{service}_tcp_connections",
            "Established TCP connections on the service's port, as the operating system has them, "
            "without those that request metrics or health.",
            registry=self.registry,
        )

    @property
    def gauge(self) -> int:
        """The value of the gauge: how many sessions the service counts."""
        return self.value(self._gauge_name)

    def value(self, name: str) -> int:
        """Return the value of a metric without labels; the name of a counter ends in ``_total``.

        No other metric is collected: counting TCP connections costs milliseconds.
        """
        families = self.registry.restricted_registry([name]).collect()
        return int(sum(sample.value for family in families for sample in family.samples))

    def exposition(self) -> str:
        """Return the metrics of the pod and of the process, in Prometheus' text format."""
        return (generate_latest(self.registry) + generate_latest(REGISTRY)).decode()
