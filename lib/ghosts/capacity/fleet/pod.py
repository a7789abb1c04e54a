"""A pod of the fleet: its connections, its ghosts, its memory."""

import math
from dataclasses import dataclass, field
from enum import Enum, auto

import simpy

from ghosts.capacity.fleet.costs import Costs


class State(Enum):
    """Where a pod is in its life."""

    PENDING = auto()
    """No node has room for it."""
    STARTING = auto()
    READY = auto()
    UNREADY = auto()
    """It answers no probe; its connections stay, and it gets no new one."""
    ENDING = auto()
    """It still takes its room."""


@dataclass(slots=True, eq=False)
class Connection:
    """One live connection."""

    since: float
    stores: bool
    """Whether its audio goes to storage."""
    process: simpy.Process


@dataclass(slots=True, eq=False)
class Pod:
    """One pod. Times are seconds of the day, memory is in MiB."""

    number: int
    costs: Costs
    state: State = State.PENDING
    node: int | None = None
    container: int = 0
    """Which of its containers runs: what befalls one does not go on in the next."""
    connections: list[Connection] = field(default_factory=list)
    ghosts: int = 0
    exhausted_at: float | None = None
    _in_ghosts: float = 0.0
    _left_behind: float = 0.0

    @property
    def gauge(self) -> int:
        """What its service says: live connections and ghosts."""
        return len(self.connections) + self.ghosts

    @property
    def is_there(self) -> bool:
        """Whether it is on a node and is to stay there."""
        return self.state not in (State.PENDING, State.ENDING)

    def memory(self, now: float) -> float:
        """Return its memory."""
        live = len(self.connections) * self.costs.healthy + self._stuck(now)
        return self.costs.pod + live + self._in_ghosts + self._left_behind

    def unsaved(self, now: float) -> float:
        """Return the audio that is lost if it ends now: what storage did not take."""
        return self._stuck(now) + self._in_ghosts

    def leave(self, connection: Connection, now: float, *, as_ghost: bool) -> float:
        """Let a device go; return the audio that is lost with it."""
        self.connections.remove(connection)
        stuck = self._stuck_in(connection, now)
        if not stuck:
            return 0.0
        if as_ghost:
            self.ghosts += 1
            self._in_ghosts += self.costs.healthy + stuck
            return 0.0
        self._left_behind += self.costs.left_behind
        return stuck

    def begin_anew(self) -> None:
        """Start another container: without connections, ghosts or held threads."""
        self.container += 1
        self.connections.clear()
        self.ghosts, self.exhausted_at = 0, None
        self._in_ghosts = self._left_behind = 0.0

    def _stuck(self, now: float) -> float:
        if self.exhausted_at is None:
            return 0.0
        # Not sum(): from Python 3.12 on its last digit is another one.
        return math.fsum(self._stuck_in(each, now) for each in self.connections)

    def _stuck_in(self, connection: Connection, now: float) -> float:
        """Return what one connection holds beyond what a healthy one does."""
        if self.exhausted_at is None or not connection.stores:
            return 0.0
        return self.costs.stuck(now - max(connection.since, self.exhausted_at))
