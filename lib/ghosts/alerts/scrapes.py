"""What the services of a replay expose, scraped as Prometheus would, as series."""

import asyncio
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ghosts.alerts.series import Labels, SeriesStore, labels_of, without
from ghosts.records.recording import Recording

EVERY: Final = 30
"""Simulated seconds between two scrapes: ``sample_every`` of a scenario that is scraped."""

_COUNTERS: Final = "async_"
_MEMORY: Final = "process_resident_memory_bytes"


class _Metrics(Protocol):
    def exposition(self) -> str: ...


class _Service(Protocol):
    @property
    def metrics(self) -> _Metrics: ...


class _Bed(Protocol):
    @property
    def pusher(self) -> _Service: ...
    @property
    def listen(self) -> _Service | None: ...


class _Exposed(NamedTuple):
    child: Labels
    """The labels of the metric that the value is a part of: of a histogram without its buckets."""
    labels: Labels
    value: float

    @property
    def of_listen(self) -> bool:
        return dict(self.labels).get("label", "").startswith("listen")


class Scrapes:
    """The series of one replay: pass `take` to it as ``at_sample``, then read ``series``.

    Series have the label ``pod``: ``pusher-1``, after a restart ``pusher-2``, and ``listen-1``. A
    series that is missing in a scrape has ended. The counters of `async_tasks` belong to the
    process: what they read before the replay, or before a restart, is subtracted.
    """

    def __init__(self) -> None:
        self.series = SeriesStore()
        self._before = {each.labels: each.value for each in _exposed(_process(), _COUNTERS)}
        self._pushers: list[_Metrics] = []
        self._there: set[Labels] = set()

    def take(self, bed: _Bed) -> None:
        """Scrape every service of a running test bed, at the loop's time in whole seconds."""
        second = float(int(asyncio.get_running_loop().time()))
        now = dict(self._scraped(bed))
        for labels, value in now.items():
            self.series.add(labels, second, value)
        for labels in self._there - set(now):
            self.series.add(labels, second, None)
        self._there = set(now)

    def _scraped(self, bed: _Bed) -> Iterator[tuple[Labels, float]]:
        text = bed.pusher.metrics.exposition()
        counters = [*_exposed(text, _COUNTERS)]
        if bed.pusher.metrics not in self._pushers:
            if self._pushers:
                self._before |= {one.labels: one.value for one in counters if not one.of_listen}
            self._pushers.append(bed.pusher.metrics)
        pods = {False: f"pusher-{len(self._pushers)}", True: "listen-1"}
        for each in _exposed(text, "pusher_", _MEMORY):
            yield _on(pods[False], each.labels), each.value
        if bed.listen is not None:
            for each in _exposed(bed.listen.metrics.exposition(), "listen_", _MEMORY):
                yield _on(pods[True], each.labels), each.value
        grown = [
            one._replace(value=one.value - self._before.get(one.labels, 0)) for one in counters
        ]
        changed = {one.child for one in grown if one.value or one.labels not in self._before}
        for each in grown:
            if each.child in changed:
                yield _on(pods[each.of_listen], each.labels), each.value


def recorded(recording: Recording) -> SeriesStore:
    """Return gauge and TCP connections of each service of a recording, and the process's memory.

    It is as if each sample had been scraped. There is no memory where it was not measured.
    """
    series = SeriesStore()
    for sample in recording.samples:
        counts = [("pusher", sample.gauge, sample.tcp)]
        if sample.listen is not None:
            counts.append(("listen", sample.listen.gauge, sample.listen.tcp))
        for name, gauge, tcp in counts:
            second, pod = float(int(sample.t)), f"{name}-1"
            series.add(labels_of(f"{name}_active_ws_connections", pod=pod), second, gauge)
            series.add(labels_of(f"{name}_tcp_connections", pod=pod), second, tcp)
        if sample.rss_bytes:
            memory = labels_of(_MEMORY, pod="pusher-1")
            series.add(memory, float(int(sample.t)), sample.rss_bytes)
    return series


def _process() -> str:
    return generate_latest(REGISTRY).decode()


def _exposed(text: str, *prefixes: str) -> Iterator[_Exposed]:
    """Yield what is exposed under these prefixes, without the times at which counters began."""
    for family in text_string_to_metric_families(text):
        if not family.name.startswith(prefixes):
            continue
        for name, labels, value, *_ in family.samples:
            if not name.endswith("_created"):
                own = labels_of(name, **labels)
                child = without(labels_of(family.name, **labels), ["le"])
                yield _Exposed(child, own, value)


def _on(pod: str, labels: Labels) -> Labels:
    return labels | {("pod", pod)}
