"""The wait graph of listen's sessions at one moment, and the state of each session."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DEVICE: Final = "device"
PUSHER: Final = "pusher"


class State(StrEnum):
    """The state of a session, seen from outside."""

    CONNECTED = "connected"
    """The operating system has its TCP connection."""
    DRAINING = "draining"
    """Its TCP connection has been gone for at most 150 s."""
    GHOST = "ghost"
    """Its TCP connection has been gone for more than 150 s."""
    ORPHANED = "orphaned"
    """It has ended, and has left orphan tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWait:
    """One task of a session, and what it waits for."""

    name: str
    asks: tuple[str, ...]
    """What it communicates with over its lifetime: the device, the pusher, backends."""
    finite: bool = False
    """Whether it is a finite task, which ends before its session."""
    alive: bool = True
    waits_for: str = ""
    """In words; empty if it has ended."""
    asking: str = ""
    """Which of ``asks`` it waits for at this moment; empty if none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWaits:
    """A session at one moment: its handler, its tasks, and its connections."""

    uid: str
    state: State
    lifecycle: str
    handler: str
    """What the handler waits for, in words."""
    awaited: tuple[str, ...]
    """The names of the tasks that the handler awaits."""
    tasks: tuple[TaskWait, ...]
    linked: bool
    """Whether its connection to the pusher is open."""
