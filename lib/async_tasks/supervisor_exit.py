"""What a supervision returns."""

from dataclasses import dataclass
from enum import StrEnum


class ExitReason(StrEnum):
    """Why a supervision ended, the one that takes precedence first."""

    DISCONNECT = "disconnect"
    CRASH = "crash"
    CANCELLED = "cancelled"
    LIFETIME_DONE = "lifetime_done"


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How one task ended: the reason it is for the session to end, and its exception if any."""

    task_name: str
    reason: ExitReason
    exception: BaseException | None = None


@dataclass(frozen=True, slots=True)
class SupervisorExit:
    """The end that decided, and the ``others`` that were found in the same look at the tasks.

    ``exception`` is set for a crash, and for a disconnect that a task reported by raising.
    """

    reason: ExitReason
    task_name: str | None = None
    exception: BaseException | None = None
    others: tuple[TaskEnd, ...] = ()
