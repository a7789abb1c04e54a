"""What a postmortem quotes of a recording's end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ghosts.config import STORAGE_WORKERS
from ghosts.records.recording import Recording
from ghosts.report.comparison import mib


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a recording's end, and its unit where it stands alone."""

    what: str
    value: Callable[[Recording], str]
    unit: str = ""

    def in_text(self, recording: Recording) -> str:
        """Return the figure with its unit."""
        return f"{self.value(recording)} {self.unit}".strip()


def ghosts(recording: Recording) -> int:
    """Return the ghosts at the end, of both services."""
    listen = recording.last.listen
    return recording.last.ghosts + (listen.ghosts if listen else 0)


def _orphans(recording: Recording) -> int:
    listen = recording.last.listen
    return recording.last.orphans + (listen.orphans if listen else 0)


def _lost(recording: Recording) -> str:
    audio = recording.audio
    return f"{mib(audio.lost)} ({share(audio.lost, audio.received)})"


def share(part: int, whole: int) -> str:
    """Return a part as percent of a whole; a small one is not rounded to none."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.1f} %" if 0 < percent < 1 else f"{percent:.0f} %"


MEASURES: Final = {
    "gauge": Measure("gauge", lambda one: f"{one.last.of_devices.gauge:,}", "connections"),
    "tcp": Measure("TCP connections", lambda one: f"{one.last.of_devices.tcp:,}", "connections"),
    "ghosts": Measure("ghosts", lambda one: f"{ghosts(one):,}", "ghosts"),
    "orphans": Measure("orphan tasks", lambda one: f"{_orphans(one):,}", "orphan tasks"),
    "blocked": Measure(
        "blocked upload workers",
        lambda one: f"{one.last.workers_blocked} of {STORAGE_WORKERS}",
        "upload workers",
    ),
    "retained": Measure("memory that ghosts keep", lambda one: mib(one.last.retained_bytes)),
    "queued": Measure("audio not yet uploaded", lambda one: mib(one.audio.queued)),
    "lost": Measure("audio lost", _lost),
}
"""By the name that a text uses: ``{gather_all.ghosts}``."""
