"""The matrix: every lifecycle against every fault, and what each of them left behind."""

import csv
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from prometheus_client import REGISTRY

from ghosts.backends import Backend
from ghosts.paths import DATA
from ghosts.pusher import LIFECYCLES
from ghosts.replay.pod import Pod
from ghosts.replay.recording import Recording
from ghosts.replay.run import replay
from ghosts.replay.scenario import load_scenario
from ghosts.settings import GHOST_AFTER

FAULTS: Final = (
    "device_closes",
    "device_resets",
    "device_vanishes",
    "device_silent",
    "burst_of_200",
    "webhook_trickles",
    "task_crashes_at_once",
    "finite_task_ends",
    "heartbeat_ends",
    "early_return",
    "cancellation_swallowed",
    "storage_never_answers",
    "storage_hangs_at_departure",
    "task_crashes_late",
    "handler_cancelled",
    "thread_blocks",
    "storage_500",
    "storage_resets",
    "storage_refuses",
    "storage_flaps",
    "storage_slow",
    "answer_lost",
)
"""The catalogue: scenarios of ``data/faults/``, roughly in the order in which they were mended."""

STORED_MATRIX: Final = DATA / "faults" / "matrix.csv"
"""The matrix as it is held to be; a test compares each of its cells with a run."""
_NEVER: Final = "never"
_LOOPS: Final = 5
"""Tasks of a session, while nothing has been asked of it and all of its loops live."""


class Harm(IntEnum):
    """What is the worst about a cell."""

    NONE = 0
    """Every session ended once its device had left, and all work was done."""
    CUT_OFF = 1
    """Devices were hung up on. They can come back."""
    WORK = 2
    """Work was dropped or done twice, workers stayed held, or metrics grew with the users."""
    AUDIO = 3
    """Audio was lost, which nobody can make again."""
    LEAK = 4
    """Sessions, tasks or counts stay for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one lifecycle left behind at the end of one fault's scenario."""

    lifecycle: str
    fault: str
    ghosts: int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: int
    """Tasks of sessions that the service holds to be over."""
    gauge_error: int
    """The gauge less the TCP connections that the operating system has."""
    seconds_to_clean: float | None
    """Simulated, from a device's departure until nothing of its session is left: the slowest's.

    None is never, for one of them at least."""
    tasks_left: int
    """Tasks of sessions whose device has gone: of ghosts and of orphans."""
    workers_held: int
    """Upload workers that have been in the same call for more than 150 s."""
    lost_bytes: int
    """Audio that was received, is not stored, and that nobody will send any more."""
    stored_twice_bytes: int
    """Audio that storage has once more than once."""
    samples_lost: int
    """Speaker samples that were asked for by devices that have gone, and never taken."""
    hollow: int
    """Sessions of connected devices that have lost a loop and go on without it."""
    cut_off: int
    """Devices that the service has hung up on."""
    users_in_labels: int
    """Users that have become labels of metrics."""

    @property
    def harm(self) -> Harm:
        """The worst of it."""
        if self.ghosts or self.orphans or self.gauge_error or self.seconds_to_clean is None:
            return Harm.LEAK
        if self.lost_bytes:
            return Harm.AUDIO
        work = self.workers_held, self.stored_twice_bytes, self.samples_lost, self.hollow
        if any(work) or self.users_in_labels:
            return Harm.WORK
        return Harm.CUT_OFF if self.cut_off else Harm.NONE


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


def run_matrix(
    executor: Executor,
    lifecycles: Sequence[str] = tuple(LIFECYCLES),
    faults: Sequence[str] = FAULTS,
    on_cell: Callable[[Cell], object] = lambda cell: None,
) -> list[Cell]:
    """Run every lifecycle against every fault, and return the cells, fault by fault.

    The executor is any of `concurrent.futures`, or one that does as they do; each cell is a call
    of its own, with two names that go and a :class:`Cell` that comes back. Threads give no speed,
    and see each other's connections: take processes, here or on other machines. ``on_cell`` is
    called with each cell as it comes. An exception of a cell is raised; what has not begun is
    cancelled.
    """
    pairs = list(itertools.product(faults, lifecycles))
    # The longest first, so that no core is left alone with one at the end.
    longest_first = sorted(pairs, key=lambda pair: -load_scenario(pair[0]).device_count)
    running = {
        executor.submit(run_cell, name, fault): (fault, name) for fault, name in longest_first
    }
    cells: dict[tuple[str, str], Cell] = {}
    try:
        for done in as_completed(running):
            cells[running[done]] = done.result()
            on_cell(done.result())
    finally:
        for each in running:
            each.cancel()
    return [cells[pair] for pair in pairs]


def write_matrix(cells: Sequence[Cell], path: Path) -> None:
    """Write cells as CSV, a line each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Cell)], lineterminator="\n")
        table.writeheader()
        for cell in cells:
            seconds = cell.seconds_to_clean
            words = _NEVER if seconds is None else f"{seconds:g}"
            table.writerow(asdict(cell) | {"seconds_to_clean": words})


def read_matrix(path: Path = STORED_MATRIX) -> list[Cell]:
    """Read cells that were written so."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_cell(row) for row in csv.DictReader(file)]


def _cell(row: dict[str, str]) -> Cell:
    values: dict[str, Any] = {
        field.name: int(row[field.name]) if field.type is int else row[field.name]
        for field in fields(Cell)
    }
    seconds = row["seconds_to_clean"]
    values["seconds_to_clean"] = None if seconds == _NEVER else float(seconds)
    return Cell(**values)


def _look(pod: Pod) -> dict[str, Any]:
    """Count what a recording does not hold."""
    tasks = {uid: len(each) for uid, each in pod.probe.tasks().items()}
    connected = pod.probe.connected(pod.pusher)
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
    left, closed = (
        {event.who: event.t for event in recording.events if event.kind == kind}
        for kind in ("device_left", "session_closed")
    )
    if left.keys() - closed.keys():
        return None
    return round(max((closed[uid] - at for uid, at in left.items()), default=0.0), 3)
