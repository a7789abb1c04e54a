"""Utilities for the tasks of a long-lived connection, and the five metrics they keep.

Every function logs to ``logging.getLogger("async_tasks")``. No function swallows a cancellation.
"""

from async_tasks.disconnects import add_disconnect
from async_tasks.drain import DrainReport, drain_tasks
from async_tasks.gather import GatherResult, gather_chunked, gather_with_logging
from async_tasks.metrics import Metrics, check_cardinality
from async_tasks.polling import (
    poll,
    sleep_until_shutdown,
)
from async_tasks.scope import Phase, SessionScope
from async_tasks.supervise import ExitReason, SupervisorExit, supervise_tasks
from async_tasks.tasks import create_named_task
from async_tasks.timeouts import IdleLimit

__all__ = [
    "DrainReport",
    "ExitReason",
    "GatherResult",
    "IdleLimit",
    "Metrics",
    "Phase",
    "SessionScope",
    "SupervisorExit",
    "add_disconnect",
    "check_cardinality",
    "create_named_task",
    "drain_tasks",
    "gather_chunked",
    "gather_with_logging",
    "poll",
    "sleep_until_shutdown",
    "supervise_tasks",
]
