"""Calls in other processes: many on an executor, or a few side by side that report progress.

A process that is started here ignores Ctrl-C, which a terminal sends to every process of a command,
and ends when the process that started it ends, however that happens.
"""

from ghosts.processes.cores import cores
from ghosts.processes.pool import ProcessDiedError, call_all, processes
from ghosts.processes.side_by_side import call_side_by_side

__all__ = ["ProcessDiedError", "call_all", "call_side_by_side", "cores", "processes"]
