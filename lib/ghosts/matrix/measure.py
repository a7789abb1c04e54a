"""Runs one cell: replays one fault under one variant, and counts what is left."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any, Final

from prometheus_client import REGISTRY

from ghosts.backends import Backend
from ghosts.config import GHOST_AFTER
from ghosts.matrix.catalogue import LISTEN
from ghosts.observation.tracker import Tracker
from ghosts.records.cell import Cell
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, ScenarioError, Through, load_scenario
from ghosts.replay.run import replay
from ghosts.simulation import podcast
from ghosts.simulation.test_bed import TestBed

_TASKS: Final = 6
"""Tasks of a pusher session without requests: the handler and five loops."""
_LISTEN_TASKS: Final = 10
"""Lifetime tasks of a listen session, its handler included."""

_KEEPALIVE: Final = "Connection.keepalive"
"""The task of websockets that pings the peer, here on the connection to the pusher."""

_MAX_DEVICES: Final = 100
_FEWER: Final = 4
"""Divides the devices of larger scenarios: through listen, a device takes as much CPU as four."""


def run_cell(row: str, fault: str) -> Cell:
    """Replay one fault of the catalogue under the variant of one row.

    The same call gives the same cell.

    Raises:
        VariantError: there is no such variant, or it has no version of listen.
        ScenarioError: there is no such scenario, or it needs listen and the row is of the pusher.
    """
    seen: dict[str, Any] = {}
    before = _label_values()
    scenario = _scenario(row, fault)
    recording = replay(
        scenario,
        row.removeprefix(LISTEN),
        measure_memory=False,
        at_end=lambda bed: seen.update(_counts(bed)),
    )
    users = {event.who for event in recording.events if event.kind == "session_opened"}
    touched = {label for label, value in _label_values().items() if value != before.get(label)}
    last = recording.last
    both = [last] if last.listen is None else [last, last.listen]
    return Cell(
        variant=row,
        fault=fault,
        ghosts=sum(each.ghosts for each in both),
        orphans=sum(each.orphans for each in both),
        gauge_error=sum(each.gauge - each.tcp for each in both),
        seconds_to_clean=_seconds_to_clean(recording),
        lost_bytes=recording.audio.lost,
        cut_off=sum(event.kind == "device_cut_off" for event in recording.events),
        users_in_labels=sum(any(user in label for label in touched) for user in users),
        **seen,
    )


def _scenario(row: str, fault: str) -> Scenario:
    scenario = load_scenario(fault)
    if not row.startswith(LISTEN):
        if scenario.through is Through.LISTEN:
            raise ScenarioError(f"{fault} is a fault of listen, and {row} is a row of the pusher")
        return scenario
    if scenario.device_count > _MAX_DEVICES:
        scenario = scenario.fewer(_FEWER)
    return replace(scenario, through=Through.LISTEN, speaker_identification=True)


def _counts(bed: TestBed) -> dict[str, Any]:
    """Return the counts that a recording does not have."""
    connected = {one.uid for one in bed.observer.sessions.connected}
    left, missing = _left_and_missing(bed.observer.sessions, _TASKS)
    samples_lost, words_lost = _samples_lost(bed, connected), 0
    if bed.listen is not None:
        more = _left_and_missing(bed.observer.listen_sessions, _LISTEN_TASKS)
        left, missing = left + more[0], missing + more[1]
        samples_lost = bed.listen.metrics.value("listen_speaker_samples_lost_total")
        words_lost = _words_lost(bed)
    return {
        "tasks_left": left,
        "workers_blocked": sum(one.uploads.busy_for(GHOST_AFTER) for one in bed.observer.clients),
        "stored_twice_bytes": bed.backends.stored_twice_bytes,
        "samples_lost": samples_lost,
        "words_lost": words_lost,
        "loops_missing": missing,
    }


def _left_and_missing(tracker: Tracker[Any], whole: int) -> tuple[int, int]:
    """Count tasks of sessions whose device has left, and connected sessions without a loop."""
    tasks, connected = tracker.tasks(), tracker.connected
    left = sum(len(each) for one, each in tasks.items() if one not in connected)
    lasting = {one: sum(map(_is_of_the_service, each)) for one, each in tasks.items()}
    return left, sum(lasting.get(one, 0) < whole for one in connected)


def _is_of_the_service(task: Any) -> bool:
    """Return whether a task is the service's own, and not one of a client connection."""
    return getattr(task.get_coro(), "__qualname__", "") != _KEEPALIVE


def _samples_lost(bed: TestBed, connected: set[str]) -> int:
    asked = Counter(
        event.who for event in bed.observer.events if event.kind == "speaker_sample_asked"
    )
    taken = Counter(each.uid for each in bed.backends[Backend.SPEAKER_SAMPLES].received)
    return sum((asked - taken)[uid] for uid in asked.keys() - connected)


def _words_lost(bed: TestBed) -> int:
    """Count the words of devices that were admitted and have left, minus those that arrived."""
    times: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for event in bed.observer.events:
        times[event.who].setdefault(event.kind, event.t)
    arrived = podcast.words_arrived(
        (one.uid, json.loads(one.text)) for one in bed.backends[Backend.TRANSCRIPT_WEBHOOK].received
    )
    lost = 0
    for uid, at in times.items():
        if at.get("device_admitted", at.get("device_left", 0.0)) < at.get("device_left", 0.0):
            seconds = at["device_left"] - at["device_arrived"]
            lost += podcast.words_in(0, round(seconds)) - arrived[uid]
    return lost


def _label_values() -> dict[str, float]:
    """Return each value of the label of the `async_tasks` metrics, with the sum of its counts."""
    values: dict[str, float] = defaultdict(float)
    for family in REGISTRY.collect():
        for sample in family.samples:
            if "label" in sample.labels:
                values[sample.labels["label"]] += sample.value
    return values


def _seconds_to_clean(recording: Recording) -> float | None:
    """Return the seconds until the slowest session ended; None if any did not, or left tasks."""
    last = recording.last
    if last.orphans or (last.listen is not None and last.listen.orphans):
        return None
    left = recording.times("device_left")
    slowest = 0.0
    for kind in ["session", *(["listening"] if last.listen is not None else [])]:
        opened, closed = recording.times(f"{kind}_opened"), recording.times(f"{kind}_closed")
        for uid, at in left.items():
            if uid in closed and opened[uid] <= closed[uid]:
                slowest = max(slowest, closed[uid] - at)
            elif uid in opened or last.listen is None:
                return None
    return round(slowest, 3)
