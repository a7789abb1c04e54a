"""Replays: what their pods exposed, stored in data/alerts."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from ghosts.alerts import SeriesStore, evaluate
from ghosts.alerts.promtool import left_open, read_series
from ghosts.paths import DATA

STORED: Final = DATA / "alerts" / "series.yml"
INCIDENT: Final = "incident"
_WORDS: Final = {
    INCIDENT: ("the pod of the incident", "it has no ghosts at that time"),
    "healthy": (
        "the same devices where nothing fails",
        "devices come and go, and some of those that have left are still draining: that is no "
        "fault",
    ),
    "busy": ("a healthy pod with 200 devices", "there are many devices and no ghosts"),
    "fixed": (
        "the pod of the incident, with the published fix",
        "sessions end there, and it has no ghosts",
    ),
    "wave": (
        "a healthy pod that all 26 devices leave at once, twice",
        "their sessions drain for up to 150 s, which is no fault: the alert has to wait longer",
    ),
    "rollout": (
        "a pod that is replaced by a new one",
        "a restart takes the old series away and begins new ones: that is no fault",
    ),
    "scrapes fail": (
        "a healthy pod whose scrapes fail for 4.5 minutes, and later for 20",
        "a series that is missing says nothing about ghosts",
    ),
}
"""What each pod is, and why an alert on it is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """One replay: its series, and the number of its ghosts, which no service exposes."""

    name: str
    series: SeriesStore
    ghosts: SeriesStore

    @property
    def words(self) -> str:
        """What it is, for the sentence "it fires on ..."."""
        return _WORDS[self.name][0]

    @property
    def why(self) -> str:
        """Why an alert that fires on it without ghosts is wrong."""
        return _WORDS[self.name][1]

    def counts(self, second: float) -> dict[str, int]:
        """Return gauge, TCP connections and ghosts of the pod at a second, memory in MiB too."""
        read = {
            "gauge": "sum(last_over_time(pusher_active_ws_connections[30m]))",
            "TCP connections": "sum(last_over_time(pusher_tcp_connections[30m]))",
            "memory (MiB)": "sum(last_over_time(process_resident_memory_bytes[30m])) / 1048576",
        }
        found = {name: evaluate(expr, self.series, second) for name, expr in read.items()}
        found["ghosts"] = evaluate("ghosts", self.ghosts, second)
        return {name: round(next(iter(values.values()), 0.0)) for name, values in found.items()}


@cache
def cases() -> dict[str, Case]:
    """Return every case by its name, the incident first."""
    content: dict[str, Any] = yaml.safe_load(STORED.read_text(encoding="utf-8"))
    opened = left_open()
    return {name: _case(name, one, opened) for name, one in content.items()}


def _case(name: str, stored: dict[str, Any], opened: bool) -> Case:
    ghosts = read_series([{"series": "ghosts", "values": stored["ghosts"]}])
    return Case(name, read_series(stored["series"], left_open=opened), ghosts)
