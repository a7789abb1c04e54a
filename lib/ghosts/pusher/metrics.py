"""What the pusher says of itself, in Prometheus' terms."""

from prometheus_client import Counter, Gauge

from ghosts.service import PodMetrics


class Metrics(PodMetrics):
    """One pod's metrics, in a registry of their own. Labels are static: never a uid."""

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
            "pusher_audio_dropped_bytes", "PCM bytes given up.", ["reason"], registry=self.registry
        )
        self.spooled = Gauge(
            "pusher_spool_bytes", "PCM bytes on disk that storage has not.", registry=self.registry
        )
        self.spool_full = Counter(
            "pusher_spool_full",
            "Sessions ended or refused because the spool took no more audio.",
            registry=self.registry,
        )

    @property
    def received_bytes(self) -> int:
        """PCM bytes received so far for private cloud: those stored, dropped and still held."""
        return self.value("pusher_audio_received_bytes_total")

    @property
    def dropped_bytes(self) -> dict[str, int]:
        """PCM bytes given up so far, by reason."""
        return {
            sample.labels["reason"]: int(sample.value)
            for family in self.dropped.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }
