"""One log record with a traceback per crashed task, whoever notices it first."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakSet

from async_tasks.peer import is_peer_gone

_log = logging.getLogger("async_tasks")
_logged: WeakSet[asyncio.Task[Any]] = WeakSet()
TRACEBACKS: Final = 3
"""How many failures of one call are logged with a traceback; one line sums up the rest."""


def crash_of(task: asyncio.Task[Any]) -> BaseException | None:
    """Return the exception of a task that is done, which also marks it as retrieved.

    None when the task returned or was cancelled.
    """
    return None if task.cancelled() else task.exception()


def log_crash(task: asyncio.Task[Any], context: str) -> None:
    """Log the exception of a done task with its traceback, unless that has been done before.

    A peer that has gone is no error: it is logged at level INFO and without a traceback.
    """
    error = crash_of(task)
    if error is None or task in _logged:
        return
    _logged.add(task)
    if is_peer_gone(error):
        _log.info("%s: task %s: peer gone: %r", context, task.get_name(), error)
    else:
        _log.error("%s: task %s crashed", context, task.get_name(), exc_info=error)


def log_failures(label: str, errors: Sequence[tuple[str, BaseException]], total: int) -> None:
    """Log the first named errors with tracebacks, and one line for all of them."""
    for name, error in errors[:TRACEBACKS]:
        _log.error("%s: %s failed", label, name, exc_info=error)
    if errors:
        _log.error("%s: %d of %d failed", label, len(errors), total)
