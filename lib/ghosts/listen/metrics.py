"""What listen says of itself, in Prometheus' terms."""

from prometheus_client import Counter

from ghosts.service import PodMetrics


class Metrics(PodMetrics):
    """One pod's metrics, in a registry of their own. Labels are static: never a uid."""

    def __init__(self) -> None:
        super().__init__("listen")
        self.received = Counter(
            "listen_audio_received_bytes",
            "PCM bytes that devices have sent and the pusher is to have.",
            registry=self.registry,
        )
        self.lost_audio = Counter(
            "listen_audio_lost_bytes",
            "PCM bytes that the pusher will not have.",
            ["reason"],
            registry=self.registry,
        )
        self.lost_segments = Counter(
            "listen_segments_lost",
            "Segments that the pusher will not have.",
            ["reason"],
            registry=self.registry,
        )
        self.unheard = Counter(
            "listen_audio_unheard_bytes",
            "PCM bytes that were not made into text.",
            registry=self.registry,
        )
        self.samples_lost = Counter(
            "listen_speaker_samples_lost",
            "Requests for a speaker sample that the pusher will not have.",
            registry=self.registry,
        )

    @property
    def received_bytes(self) -> int:
        """PCM bytes received so far that the pusher is to have."""
        return self.value("listen_audio_received_bytes_total")
