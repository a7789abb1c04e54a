"""The fleets on which an alert is judged: replays, and made-up pods beside them."""

import secrets
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from ghosts.alerts import STEP, SeriesStore, labels_of
from ghosts.alerts.promtool import left_open
from ghosts.alerts.series import NAME
from ghosts.exercises.catalogue.the_alert.cases import INCIDENT, cases
from ghosts.exercises.catalogue.the_alert.fleet import Counts, Fleet, Pod
from ghosts.exercises.catalogue.the_alert.pods import FLEETS, Described

_REPLAYED: Final = (
    (INCIDENT, "healthy", "fixed", "scrapes fail"),
    ("busy", "wave", "rollout"),
    (),
    (),
    ("scrapes fail",),
)
"""The replays in each fleet."""


def fleets() -> tuple[Fleet, ...]:
    """Return every fleet, that of the incident first; its pod is the first in it.

    Pods have other names each time, as each that is replaced has: no alert can be about a name.
    """
    opened = left_open()
    both = zip(_REPLAYED, FLEETS, strict=True)
    return tuple(_fleet(replayed, made_up, opened) for replayed, made_up in both)


def _fleet(replayed: tuple[str, ...], made_up: tuple[Described, ...], opened: bool) -> Fleet:
    series = SeriesStore(left_open=opened)
    pods = [pod for name in replayed for pod in _replayed(name, series)]
    pods += [_made_up(each, series) for each in made_up]
    _mark_ends(series)
    return Fleet(pods={pod.name: pod for pod in pods}, series=series)


def _replayed(name: str, series: SeriesStore) -> Iterator[Pod]:
    """Add a replay to a store, its pods under names of their own; yield them."""
    case, names = cases()[name], dict[str, str]()
    for labels in case.series.series(case.series.names()):
        own = dict(labels)
        pod = names.setdefault(own["pod"], _new_name())
        renamed = labels_of(own.pop(NAME), **{**own, "pod": pod})
        for second, value in case.series.samples(labels):
            series.add(renamed, second, value)
    (ghosts,) = case.ghosts.series(case.ghosts.names())
    read = ((at, int(value or 0)) for at, value in case.ghosts.samples(ghosts))
    changes = _changes(read)
    for pod in names.values():
        yield Pod(name=pod, words=case.words, why=case.why, ghosts=changes)


def _made_up(described: Described, series: SeriesStore) -> Pod:
    """Add a made-up pod to a store, and return it."""
    made_up, name = described.pod, _new_name()
    ghosts = list[tuple[float, int]]()
    for second, read in made_up.scrapes():
        series.add(labels_of("pusher_active_ws_connections", pod=name), second, read.gauge)
        series.add(labels_of("pusher_tcp_connections", pod=name), second, read.tcp)
        memory = labels_of("process_resident_memory_bytes", pod=name)
        series.add(memory, second, read.mib * 1024 * 1024)
        ghosts.append((second, read.ghosts))
    ghosts.append((made_up.until + STEP, 0))
    return Pod(name=name, words=described.words, why=described.why, ghosts=_changes(ghosts))


def _mark_ends(series: SeriesStore) -> None:
    """Mark the end of each series that has no sample in the last minutes of the fleet."""
    for labels in [*series.series(series.names())]:
        last, value = [*series.samples(labels)][-1]
        if value is not None and last + 2 * STEP < series.until:
            series.add(labels, last + STEP, None)


def _changes(counts: Iterable[tuple[float, int]]) -> Counts:
    return tuple(next(same) for _, same in groupby(counts, key=lambda each: each[1]))


def _new_name() -> str:
    return f"pusher-{secrets.token_hex(4)}"
