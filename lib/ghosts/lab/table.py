"""Tables of the lab's sessions: their state, where they wait, what they hold."""

import asyncio
import re
from typing import Any, TypeAlias

import pandas as pd

from ghosts.observation.observer import Observer
from ghosts.observation.tracker import Tracked
from ghosts.records.waits import State
from tracemalloc_ext import Watch, awaits, why

_MIB = 2**20
_CALL = "PusherClients."
"""Functions that call a backend are methods of this class."""
_UNNAMED = re.compile(r"Task-\d+")
"""The name that asyncio gives to an unnamed task; the number differs from run to run."""
_Task: TypeAlias = asyncio.Task[Any]


def table(observer: Observer, watch: Watch) -> pd.DataFrame:
    """Return a row per session that is open or has orphan tasks; see `Lab.table`."""
    tasks = observer.sessions.tasks()
    states = observer.sessions.states()
    sizes = observer.memory.of([one for one, _ in states], tasks)
    rows = [
        {
            "uid": one.uid,
            "state": str(state),
            **_waits(one, tasks.get(one, []), state, watch),
            "audio MiB": round(one.held_bytes / _MIB, 1),
            "memory MiB": round(sizes[one] / _MIB, 1),
        }
        for one, state in states
    ]
    columns = ["uid", "state", "waits in", "seconds", "audio MiB", "memory MiB"]
    return pd.DataFrame(rows, columns=columns).set_index("uid")


def waits(one: Tracked[Any], tasks: list[_Task], watch: Watch) -> pd.DataFrame:
    """Return a row per task of a session, the handler first; see `Lab.waits`."""
    rows = [
        {
            "task": _label(one, task),
            "waits in": frame.function if frame else "",
            "line": frame.source if frame else "",
            "seconds": int(watch.waiting(task).at_least),
        }
        for task in sorted(tasks, key=lambda task: (task is not one.handler, _label(one, task)))
        for frame in [awaits(task).innermost]
    ]
    return pd.DataFrame(rows, columns=["task", "waits in", "line", "seconds"]).set_index("task")


def leaks(observer: Observer) -> pd.DataFrame:
    """Return a row per leaked session; see `Lab.leaks`."""
    leaked = observer.sessions.leaked
    sizes = observer.memory.of(leaked, observer.sessions.tasks())
    rows = [
        {
            "uid": one.uid,
            "memory MiB": round(sizes[one] / _MIB, 1),
            "kept by": str(why(session)),
        }
        for one, session in leaked.items()
    ]
    return pd.DataFrame(rows, columns=["uid", "memory MiB", "kept by"]).set_index("uid")


def _waits(one: Tracked[Any], tasks: list[_Task], state: State, watch: Watch) -> dict[str, object]:
    calls = {task: _call(task) for task in sorted(tasks, key=lambda task: _label(one, task))}
    shown = {task: call for task, call in calls.items() if call}
    if not shown and state is not State.CONNECTED:
        shown = calls
    longest = max((int(watch.waiting(task).at_least) for task in shown), default=0)
    where = ", ".join(
        f"{_label(one, task)}: {call}" if call else _label(one, task)
        for task, call in shown.items()
    )
    return {"waits in": where, "seconds": longest}


def _label(one: Tracked[Any], task: _Task) -> str:
    """Return "handler", the last part of a task's name, or the function of an unnamed task."""
    if task is one.handler:
        return "handler"
    name = task.get_name()
    if _UNNAMED.fullmatch(name):
        return str(getattr(task.get_coro(), "__qualname__", name))
    return name.rpartition(":")[2]


def _call(task: _Task) -> str:
    """Return the backend call that a task itself is in, such as ``upload``, or an empty string."""
    functions = (frame.function for frame in awaits(task).frames if frame.task == task.get_name())
    return next((name.removeprefix(_CALL) for name in functions if name.startswith(_CALL)), "")
