"""A cell of the matrix: what one variant leaves behind under one fault."""

from dataclasses import dataclass
from enum import IntEnum


class Harm(IntEnum):
    """The worst outcome in a cell, mildest first."""

    NONE = 0
    """Every session ended after its device had left, and all work was done."""
    CUT_OFF = 1
    """The service disconnected devices. They can reconnect."""
    WORK = 2
    """Work was lost or done twice, workers or loops were lost, or users are metric labels."""
    AUDIO = 3
    """Audio was lost, which cannot be sent again."""
    LEAK = 4
    """Sessions, tasks or gauge errors stay indefinitely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one variant left behind at the end of one fault's scenario.

    In a row of listen, counts are those of both services together.
    """

    variant: str
    """The row: the name of a variant, prefixed with ``listen/`` if devices connect to listen."""
    fault: str
    ghosts: int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: int
    """Tasks of sessions that have ended."""
    gauge_error: int
    """The gauge minus the TCP connections that the operating system has."""
    seconds_to_clean: float | None
    """Simulated seconds from a device's departure to the end of its session, for the slowest.

    0 if the service disconnected all devices. None if a session had not ended, or had left tasks,
    at the end of the scenario: cleanup never finished."""
    tasks_left: int
    """Tasks of sessions whose device has left, handlers and orphan tasks included."""
    workers_blocked: int
    """Upload workers that have been in the same call for more than 150 s."""
    lost_bytes: int
    """Bytes of audio received that are not stored and never will be."""
    stored_twice_bytes: int
    """Bytes stored more than once (each extra copy counts)."""
    samples_lost: int
    """Speaker samples requested by devices that have left, and never taken.

    In a row of listen: those that listen requested and the pusher never received."""
    words_lost: int
    """Words sent by devices that have left, and never received by the user's webhook."""
    loops_missing: int
    """Sessions of connected devices that go on although one of their loops has ended."""
    cut_off: int
    """Devices that the service disconnected."""
    users_in_labels: int
    """Users that are labels of metrics."""

    @property
    def harm(self) -> Harm:
        """The worst outcome."""
        if self.ghosts or self.orphans or self.gauge_error or self.seconds_to_clean is None:
            return Harm.LEAK
        if self.lost_bytes:
            return Harm.AUDIO
        done = self.workers_blocked, self.stored_twice_bytes, self.samples_lost, self.words_lost
        if any(done) or self.loops_missing or self.users_in_labels:
            return Harm.WORK
        return Harm.CUT_OFF if self.cut_off else Harm.NONE
