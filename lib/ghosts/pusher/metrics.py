"""The Prometheus metrics of the pusher."""

from prometheus_client import Counter, Gauge

from ghosts.ws_server import ServerMetrics


class PusherMetrics(ServerMetrics):
    """The metrics of one pod, in a registry of their own. Labels are static: never a uid."""

    def __init__(self) -> None:
        super().__init__("pusher")
        self.received = Counter(
            "pusher_audio_received_bytes",
            "PCM bytes received for private cloud.",
            registry=self.registry,
        )
        self.stored = Counter(
            "pusher_audio_stored_bytes", "PCM bytes stored.", registry=self.registry
        )
        self.dropped = Counter(
            "pusher_audio_dropped_bytes", "PCM bytes dropped.", ["reason"], registry=self.registry
        )
        self.spooled = Gauge(
            "pusher_spool_bytes", "PCM bytes in the spool.", registry=self.registry
        )
        self.spool_full = Counter(
            "pusher_spool_full",
            "Sessions closed or refused because the spool is full or broken.",
            registry=self.registry,
        )

    @property
    def received_bytes(self) -> int:
        """PCM bytes received for private cloud: stored, dropped, or neither yet."""
        return self.value("pusher_audio_received_bytes_total")

    @property
    def dropped_bytes(self) -> dict[str, int]:
        """PCM bytes dropped, by reason."""
        return {
            sample.labels["reason"]: int(sample.value)
            for family in self.dropped.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }
