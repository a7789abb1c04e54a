"""The lab's sessions, one row each: how it stands, where it waits, what it holds."""

import asyncio

import pandas as pd

from ghosts.replay.probe import Probe
from ghosts.replay.watched import State
from tracemalloc_ext import Watch, awaits

_MIB = 2**20
_CALL = "Clients."
"""What functions that call a service are methods of."""


def table(probe: Probe, watch: Watch) -> pd.DataFrame:
    """Return a row for every session that is open, or has left tasks; see `Lab.table`."""
    tasks = probe.sessions.tasks()
    states = probe.states()
    retained = probe.retained_bytes([session for session, _ in states], tasks)
    rows = [
        {
            "uid": session.uid,
            "state": str(state),
            **_waits(tasks.get(session.uid, []), state, watch),
            "audio MiB": round(session.private_cloud.held_bytes / _MIB, 1),
            "memory MiB": round(size / _MIB, 1),
        }
        for (session, state), size in zip(states, retained, strict=True)
    ]
    columns = ["uid", "state", "waits in", "seconds", "audio MiB", "memory MiB"]
    return pd.DataFrame(rows, columns=columns).set_index("uid")


def _waits(tasks: list[asyncio.Task[object]], state: State, watch: Watch) -> dict[str, object]:
    calls = {task: _call(task) for task in sorted(tasks, key=lambda task: task.get_name())}
    shown = {task: call for task, call in calls.items() if call}
    if not shown and state is not State.CONNECTED:
        shown = calls
    longest = max((int(watch.waiting(task).at_least) for task in shown), default=0)
    where = ", ".join(
        f"{_loop(task)}: {call}" if call else _loop(task) for task, call in shown.items()
    )
    return {"waits in": where, "seconds": longest}


def _loop(task: asyncio.Task[object]) -> str:
    return task.get_name().rpartition(":")[2]


def _call(task: asyncio.Task[object]) -> str:
    """Return the call to a service that a task is in, as in ``upload``; nothing if in none."""
    functions = (frame.function for frame in awaits(task).frames)
    return next((name.removeprefix(_CALL) for name in functions if name.startswith(_CALL)), "")
