"""Six utilities for the tasks of a long-lived connection, and the five metrics they keep.

Every function logs to ``logging.getLogger("async_tasks")``. None swallows a cancellation.
"""

from async_tasks.cardinality import check_cardinality
from async_tasks.chunked import gather_chunked
from async_tasks.create import create_named_task
from async_tasks.drain import drain_tasks
from async_tasks.drain_report import DrainReport, StuckTask
from async_tasks.gather import gather_with_logging
from async_tasks.gather_result import GatherResult
from async_tasks.idle_limit import IdleLimit
from async_tasks.metrics import Metrics
from async_tasks.scope import Phase, SessionScope
from async_tasks.sleep import sleep_until_shutdown
from async_tasks.supervise import supervise_tasks
from async_tasks.supervisor_exit import ExitReason, SupervisorExit, TaskEnd
from async_tasks.ticks import Tick, ticks

__all__ = [
    "DrainReport",
    "ExitReason",
    "GatherResult",
    "IdleLimit",
    "Metrics",
    "Phase",
    "SessionScope",
    "StuckTask",
    "SupervisorExit",
    "TaskEnd",
    "Tick",
    "check_cardinality",
    "create_named_task",
    "drain_tasks",
    "gather_chunked",
    "gather_with_logging",
    "sleep_until_shutdown",
    "supervise_tasks",
    "ticks",
]
