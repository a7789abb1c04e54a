"""Replay one fault under one lifecycle, and count what is left."""

from collections import Counter, defaultdict
from typing import Any, Final

from prometheus_client import REGISTRY

from ghosts.backends import Backend
from ghosts.replay.matrix.cell import Cell
from ghosts.replay.pod import Pod
from ghosts.replay.recording import Recording
from ghosts.replay.run import replay
from ghosts.replay.scenario import load_scenario
from ghosts.settings import GHOST_AFTER

_LOOPS: Final = 5
"""Tasks of a session, while nothing has been asked of it and all of its loops live."""


def run_cell(lifecycle: str, fault: str) -> Cell:
    """Replay one fault of the catalogue under one lifecycle. The same call gives the same cell.

    Raises:
        ScenarioError: there is no such lifecycle, or no such scenario.
    """
    seen: dict[str, Any] = {}
    before = _label_values()
    recording = replay(
        load_scenario(fault),
        lifecycle,
        measure_memory=False,
        at_end=lambda pod: seen.update(_look(pod)),
    )
    users = {event.who for event in recording.events if event.kind == "session_opened"}
    touched = {label for label, value in _label_values().items() if value != before.get(label)}
    last = recording.last
    return Cell(
        lifecycle=lifecycle,
        fault=fault,
        ghosts=last.ghosts,
        orphans=last.orphans,
        gauge_error=last.gauge - last.tcp,
        seconds_to_clean=_seconds_to_clean(recording),
        lost_bytes=recording.audio.lost,
        cut_off=sum(event.kind == "device_cut_off" for event in recording.events),
        users_in_labels=sum(any(user in label for label in touched) for user in users),
        **seen,
    )


def _look(pod: Pod) -> dict[str, Any]:
    """Count what a recording does not hold."""
    tasks = {uid: len(each) for uid, each in pod.probe.sessions.tasks().items()}
    connected = pod.probe.sessions.connected(pod.probe.port)
    return {
        "tasks_left": sum(count for uid, count in tasks.items() if uid not in connected),
        "workers_held": pod.clients.uploads.busy_for(GHOST_AFTER),
        "stored_twice_bytes": pod.backends.stored_twice_bytes,
        "samples_lost": _samples_lost(pod, connected),
        "hollow": sum(tasks.get(uid, 0) < _LOOPS for uid in connected),
    }


def _samples_lost(pod: Pod, connected: set[str]) -> int:
    asked = Counter(event.who for event in pod.probe.events if event.kind == "speaker_sample_asked")
    taken = Counter(each.uid for each in pod.backends[Backend.SPEAKER_SAMPLES].received)
    return sum((asked - taken)[uid] for uid in asked.keys() - connected)


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
    if recording.last.orphans:
        return None
    left, closed = recording.times("device_left"), recording.times("session_closed")
    if left.keys() - closed.keys():
        return None
    return round(max((closed[uid] - at for uid, at in left.items()), default=0.0), 3)
