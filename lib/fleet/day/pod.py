"""A pod of the fleet: its connections, its upload workers, its ghosts, its memory."""

import math
from dataclasses import dataclass, field
from enum import Enum, auto

import simpy

from fleet.day.costs import Costs
from fleet.day.trace import PodSample
from ghosts.config import STORAGE_WORKERS


class State(Enum):
    """The state of a pod."""

    PENDING = auto()
    """No node has room for it."""
    STARTING = auto()
    READY = auto()
    UNREADY = auto()
    """It fails its readiness probe: its connections stay, and it gets no new ones."""
    TERMINATING = auto()
    """It is ending; its requests still count on the node."""


@dataclass(slots=True, eq=False)
class Connection:
    """One live connection. Times are seconds of the day."""

    since: float
    stores: bool
    """Whether its audio goes to storage."""
    process: simpy.Process
    stuck_since: float | None = None
    """When one of its own uploads blocked a worker."""


@dataclass(slots=True, eq=False)
class SimulatedPod:
    """One pod. Times are seconds of the day, memory is in MiB."""

    number: int
    revision: int
    """Number of rollouts that had begun when it was made."""
    costs: Costs
    state: State = State.PENDING
    node: int | None = None
    container: int = 0
    """Number of the container that runs: what happens to one has no effect on the next."""
    started_at: float | None = None
    """When that container started."""
    connections: list[Connection] = field(default_factory=list)
    ghosts: int = 0
    blocked: int = 0
    """Blocked upload workers."""
    exhausted_at: float | None = None
    """When the last of its upload workers was blocked."""
    _in_ghosts: float = 0.0
    _left_behind: float = 0.0

    @property
    def gauge(self) -> int:
        """What its service exports: live connections and ghosts."""
        return len(self.connections) + self.ghosts

    @property
    def is_running(self) -> bool:
        """Whether it is on a node and not terminating."""
        return self.state not in (State.PENDING, State.TERMINATING)

    def sample(self, now: float) -> PodSample:
        """Return a sample of it."""
        return PodSample(
            number=self.number,
            uptime=0.0 if self.started_at is None else now - self.started_at,
            live=len(self.connections),
            ghosts=self.ghosts,
            blocked=self.blocked,
            mib=self.memory(now),
        )

    def memory(self, now: float) -> float:
        """Return its memory."""
        live = len(self.connections) * self.costs.healthy + self._stuck(now)
        return self.costs.pod + live + self._in_ghosts + self._left_behind

    def unsaved(self, now: float) -> float:
        """Return the audio that is lost if its container ends now."""
        return self._stuck(now) + self._in_ghosts

    def block_worker(self, connection: Connection, now: float) -> None:
        """Block one upload worker with an upload of that connection, if one is free."""
        if self.blocked < STORAGE_WORKERS:
            self.blocked += 1
            connection.stuck_since = now
            if self.blocked == STORAGE_WORKERS:
                self.exhausted_at = now

    def leave(self, connection: Connection, now: float, *, as_ghost: bool) -> float:
        """Disconnect a device; return the audio that is lost with it."""
        self.connections.remove(connection)
        since = self._stuck_since(connection)
        if since is None:
            return 0.0
        stuck = self.costs.stuck(now - since)
        if as_ghost:
            self.ghosts += 1
            self._in_ghosts += self.costs.healthy + stuck
            return 0.0
        self._left_behind += self.costs.left_behind
        return stuck

    def replace_container(self) -> None:
        """Start another container: without connections, ghosts or blocked workers."""
        self.container += 1
        self.connections.clear()
        self.started_at = self.exhausted_at = None
        self.ghosts = self.blocked = 0
        self._in_ghosts = self._left_behind = 0.0

    def _stuck(self, now: float) -> float:
        if not self.blocked:
            return 0.0
        # Each minute for each pod: so the many that cannot be stuck are left out first.
        all_are = self.exhausted_at is not None
        since = [
            self._stuck_since(each)
            for each in self.connections
            if each.stores and (all_are or each.stuck_since is not None)
        ]
        stuck = self.costs.stuck
        # Not sum(): from Python 3.12 on its last digit is another one.
        return math.fsum([stuck(now - each) for each in since if each is not None])

    def _stuck_since(self, connection: Connection) -> float | None:
        """Return when audio of a connection stopped being stored: by its own upload, or all."""
        if connection.stuck_since is not None:
            return connection.stuck_since
        if self.exhausted_at is None or not connection.stores:
            return None
        return max(connection.since, self.exhausted_at)
