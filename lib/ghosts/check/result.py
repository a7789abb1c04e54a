"""What one cell has shown."""

from dataclasses import dataclass, field
from enum import StrEnum

from ghosts.check.confinement.audit import SideEffect
from ghosts.check.plan import Cell, Dependency


class Harm(StrEnum):
    """What a service leaves behind, or does to a device."""

    GHOST = "ghost"
    """A handler that has not ended, and its connection has been gone for over 150 s."""
    HALF_OPEN = "half-open session"
    """A session of a device that has vanished, which nothing will ever notice."""
    ORPHAN = "orphan task"
    LEAKED = "session still in memory"
    GAUGE = "gauge error"
    BLOCKED_THREAD = "blocked worker"
    CUT_OFF = "device cut off"
    STARVED = "device that gets nothing any more"
    REFUSED = "device refused"
    NEVER_STOPS = "service that does not stop"
    SPINS = "event loop that is blocked"
    EXITS = "service that ends itself"
    ENDLESS = "cell without an end"
    """It was given up after two real minutes."""


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the service, with its source."""

    function: str
    file: str
    line: int
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing that one session, or the service, has left behind.

    ``chain`` are lines of the service, from the handler down to the one it is held at; ``created``
    are those that created the task of an orphan, the outermost call first; ``kept_by`` are the
    references that keep a session.
    """

    harm: Harm
    device: int | None = None
    chain: tuple[Place, ...] = ()
    waits_for: str = ""
    seconds: float = 0.0
    held_bytes: int = 0
    created: tuple[Place, ...] = ()
    kept_by: tuple[str, ...] = ()
    detail: str = ""
    amount: int = 1


@dataclass(slots=True, kw_only=True)
class CellResult:
    """What one cell has shown. ``clean_after`` is None if a session never came to its end."""

    cell: Cell
    devices: int = 0
    sessions: int = 0
    unread: int = 0
    """Sessions of an ASGI application that has asked for no message of the device."""
    left: int = 0
    connected: int = 0
    """Sessions that are open at the end and have a connection."""
    symptoms: list[Symptom] = field(default_factory=list)
    clean_after: float | None = None
    stopped_after: float | None = None
    gauges: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """By gauge that moves with connections: before them, with all, and at the end."""
    known_gauges: tuple[str, ...] = ()
    """Names of all gauges, without labels."""
    dependencies: list[Dependency] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    side_effects: list[SideEffect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    simulated_seconds: float = 0.0
    real_seconds: float = 0.0

    def count(self, harm: Harm) -> int:
        """Return how many of a harm there are."""
        return sum(symptom.amount for symptom in self.symptoms if symptom.harm is harm)
