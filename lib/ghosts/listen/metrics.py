"""The Prometheus metrics of listen."""

from prometheus_client import Counter

from ghosts.ws_server import ServerMetrics


class ListenMetrics(ServerMetrics):
    """The metrics of one pod, in a registry of their own. Labels are static: never a uid."""

    def __init__(self) -> None:
        super().__init__("listen")
        self.received = Counter(
            "listen_audio_received_bytes",
            "PCM bytes received from devices, for the pusher.",
            registry=self.registry,
        )
        self.lost_audio = Counter(
            "listen_audio_lost_bytes",
            "PCM bytes that will not reach the pusher.",
            ["reason"],
            registry=self.registry,
        )
        self.lost_segments = Counter(
            "listen_segments_lost",
            "Segments that will not reach the pusher.",
            ["reason"],
            registry=self.registry,
        )
        self.unheard = Counter(
            "listen_audio_unheard_bytes",
            "PCM bytes that were not transcribed.",
            registry=self.registry,
        )
        self.samples_lost = Counter(
            "listen_speaker_samples_lost",
            "Requests for a speaker sample that will not reach the pusher.",
            registry=self.registry,
        )

    @property
    def received_bytes(self) -> int:
        """PCM bytes received from devices, for the pusher."""
        return self.value("listen_audio_received_bytes_total")
