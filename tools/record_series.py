"""Record the series that an alert is judged on in the exercises, from recordings and replays.

python tools/record_series.py

It writes data/alerts/series.yml, in the notation of promtool: a value every 30 s, _ for none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from ghosts.alerts import EVERY, Scrapes, SeriesStore, labels_of, recorded
from ghosts.alerts.promtool import input_series
from ghosts.paths import DATA
from ghosts.records.recording import Recording
from ghosts.records.scenario import DeviceGroup, Scenario, load_scenario
from ghosts.replay.run import replay

WRITTEN: Final = DATA / "alerts" / "series.yml"

_READ: Final = ("pusher_active", "pusher_tcp", "listen_active", "listen_tcp", "process_resident")
_GHOSTS: Final = "ghosts"
_FAILING: Final = ((2400, 2670), (5400, 6600))
"""Seconds between which scrapes fail: 4.5 and 20 minutes."""
_HEAD: Final = """\
# What pods of the pusher exposed in replays, and their ghosts: exercise 6 judges alerts on it.
# Written by tools/record_series.py. A value every 30 s, _ for none, stale where a scrape fails.

"""


def stored(name: str) -> tuple[SeriesStore, Recording]:
    """Return the series of a stored recording."""
    recording = Recording.load(DATA / "recordings" / f"{name}.json")
    return recorded(recording), recording


def replayed(scenario: Scenario) -> tuple[SeriesStore, Recording]:
    """Return the series of a replay under the incident's lifecycle."""
    scrapes = Scrapes()
    recording = replay(replace(scenario, sample_every=EVERY), "gather_all", at_sample=scrapes.take)
    return scrapes.series, recording


def many(**group: Any) -> Scenario:
    """Return half an hour in which nothing fails."""
    devices = (DeviceGroup(name="many", speaker_sample_every=30, **group),)
    return Scenario(name="many", summary="Nothing fails", seed=1, duration=1800, devices=devices)


def wave() -> Scenario:
    """Return 26 devices that leave within 10 s, and as many that come later and do the same."""
    groups = (
        DeviceGroup(name="first", count=26, speaker_sample_every=30, stay=(600, 610)),
        DeviceGroup(
            name="then", count=26, arrive=(900, 900), speaker_sample_every=30, stay=(300, 310)
        ),
    )
    return Scenario(name="wave", summary="All leave", seed=1, duration=1800, devices=groups)


def with_failing_scrapes(series: SeriesStore) -> SeriesStore:
    """Return series without the samples of scrapes that failed."""
    rest = SeriesStore()
    for labels in series.series(series.names()):
        failing = False
        for second, value in series.samples(labels):
            fails = any(start <= second < end for start, end in _FAILING)
            if not fails or not failing:
                rest.add(labels, second, None if fails else value)
            failing = fails
    return rest


def case(series: SeriesStore, recording: Recording) -> dict[str, Any]:
    """Return the series of one case, with its ghosts."""
    ghosts = SeriesStore()
    for sample in recording.samples:
        ghosts.add(labels_of(_GHOSTS), float(int(sample.t)), sample.ghosts)
    exposed = [each for each in input_series(series) if each["series"].startswith(_READ)]
    return {"ghosts": input_series(ghosts)[0]["values"], "series": exposed}


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each case by its name."""
    yield "incident", case(*stored("production_full_gather_all"))
    healthy = stored("healthy_twin_gather_all")
    yield "healthy", case(*healthy)
    yield "busy", case(*replayed(many(count=200, arrive=(0, 599), evenly=True)))
    yield "fixed", case(*stored("production_full_supervised"))
    yield "wave", case(*replayed(wave()))
    restarts = load_scenario("pusher_restarts")
    more = tuple(replace(group, count=5 * group.count) for group in restarts.devices)
    yield "rollout", case(*replayed(replace(restarts, devices=more)))
    yield "scrapes fail", case(with_failing_scrapes(healthy[0]), healthy[1])


def write(path: Path, written: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Write all cases to a file."""
    text = yaml.safe_dump(dict(written), sort_keys=False, width=100_000)
    path.write_text(_HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    write(WRITTEN, [*cases()])
