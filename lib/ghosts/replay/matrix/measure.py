"""Replay one fault under one lifecycle, and count what is left."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any, Final

from prometheus_client import REGISTRY

from ghosts.backends import Backend
from ghosts.observation.tracker import Tracker
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, ScenarioError, Through, load_scenario
from ghosts.replay import podcast
from ghosts.replay.matrix.catalogue import LISTEN
from ghosts.replay.matrix.cell import Cell
from ghosts.replay.pod import Pod
from ghosts.replay.run import replay
from ghosts.settings import GHOST_AFTER

_TASKS: Final = 6
"""Tasks of a session, while nothing has been asked of it: the handler, and five loops."""
_LISTEN_TASKS: Final = 10
"""Tasks of a session of listen that last as long as it does, its handler included."""

_KEEPALIVE: Final = "Connection.keepalive"
"""Of websockets: the task that pings the other end of a connection, here that to the pusher."""

_MOST_DEVICES: Final = 100
_FEWER: Final = 4
"""Times, where there are more: through listen, a device is as much work as four without."""


def run_cell(row: str, fault: str) -> Cell:
    """Replay one fault of the catalogue under the lifecycle of one row.

    The same call gives the same cell.

    Raises:
        ScenarioError: there is no such lifecycle, or no such scenario.
    """
    seen: dict[str, Any] = {}
    before = _label_values()
    scenario = _scenario(row, fault)
    recording = replay(
        scenario,
        row.removeprefix(LISTEN),
        measure_memory=False,
        at_end=lambda pod: seen.update(_look(pod)),
    )
    users = {event.who for event in recording.events if event.kind == "session_opened"}
    touched = {label for label, value in _label_values().items() if value != before.get(label)}
    last = recording.last
    both = [last] if last.listen is None else [last, last.listen]
    return Cell(
        lifecycle=row,
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
            raise ScenarioError(f"{fault} befalls listen, and {row} is a row of the pusher")
        return scenario
    if scenario.device_count > _MOST_DEVICES:
        scenario = scenario.fewer(_FEWER)
    return replace(scenario, through=Through.LISTEN, speaker_identification=True)


def _look(pod: Pod) -> dict[str, Any]:
    """Count what a recording does not hold."""
    connected = {one.uid for one in pod.observer.sessions.connected}
    left, hollow = _left_and_hollow(pod.observer.sessions, _TASKS)
    samples_lost, words_lost = _samples_lost(pod, connected), 0
    if pod.listen is not None:
        more = _left_and_hollow(pod.observer.listen_sessions, _LISTEN_TASKS)
        left, hollow = left + more[0], hollow + more[1]
        samples_lost = pod.listen.metrics.value("listen_speaker_samples_lost_total")
        words_lost = _words_lost(pod)
    return {
        "tasks_left": left,
        "workers_held": sum(one.uploads.busy_for(GHOST_AFTER) for one in pod.observer.clients),
        "stored_twice_bytes": pod.backends.stored_twice_bytes,
        "samples_lost": samples_lost,
        "words_lost": words_lost,
        "hollow": hollow,
    }


def _left_and_hollow(tracker: Tracker[Any], whole: int) -> tuple[int, int]:
    """Count the tasks of sessions whose peer has gone, and the sessions that have lost a loop."""
    tasks, connected = tracker.tasks(), tracker.connected
    left = sum(len(each) for one, each in tasks.items() if one not in connected)
    lasting = {one: sum(map(_is_of_the_service, each)) for one, each in tasks.items()}
    return left, sum(lasting.get(one, 0) < whole for one in connected)


def _is_of_the_service(task: Any) -> bool:
    """Return whether a task is not one of a client connection: these come and go with it."""
    return getattr(task.get_coro(), "__qualname__", "") != _KEEPALIVE


def _samples_lost(pod: Pod, connected: set[str]) -> int:
    asked = Counter(
        event.who for event in pod.observer.events if event.kind == "speaker_sample_asked"
    )
    taken = Counter(each.uid for each in pod.backends[Backend.SPEAKER_SAMPLES].received)
    return sum((asked - taken)[uid] for uid in asked.keys() - connected)


def _words_lost(pod: Pod) -> int:
    """Count the words of devices that were admitted and have left, less those that arrived."""
    times: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for event in pod.observer.events:
        times[event.who].setdefault(event.kind, event.t)
    arrived = podcast.words_arrived(
        (one.uid, json.loads(one.text)) for one in pod.backends[Backend.TRANSCRIPT_WEBHOOK].received
    )
    lost = 0
    for uid, at in times.items():
        if at.get("device_admitted", at.get("device_left", 0.0)) < at.get("device_left", 0.0):
            seconds = at["device_left"] - at["device_arrived"]
            lost += podcast.words_in(0, round(seconds)) - arrived[uid]
    return lost


def _label_values() -> dict[str, float]:
    """Return the values of the label of `async_tasks`, and the sum of all that is counted there."""
    values: dict[str, float] = defaultdict(float)
    for family in REGISTRY.collect():
        for sample in family.samples:
            if "label" in sample.labels:
                values[sample.labels["label"]] += sample.value
    return values


def _seconds_to_clean(recording: Recording) -> float | None:
    """Say how long the slowest session took to end; None if one has not, or has left tasks."""
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
