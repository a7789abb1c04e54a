"""What one lifecycle leaves behind when one thing fails."""

from dataclasses import dataclass
from enum import IntEnum


class Harm(IntEnum):
    """What is the worst about a cell."""

    NONE = 0
    """Every session ended once its device had left, and all work was done."""
    CUT_OFF = 1
    """Devices were hung up on. They can come back."""
    WORK = 2
    """Work was dropped or done twice, workers stayed held, or metrics grew with the users."""
    AUDIO = 3
    """Audio was lost, which nobody can make again."""
    LEAK = 4
    """Sessions, tasks or counts stay for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one lifecycle left behind at the end of one fault's scenario.

    In a row of listen, counts are those of both services together.
    """

    lifecycle: str
    """The name of its row: that of a lifecycle of the pusher, or one of :data:`LISTEN_ROWS`."""
    fault: str
    ghosts: int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: int
    """Tasks of sessions that have ended."""
    gauge_error: int
    """The gauge less the TCP connections that the operating system has."""
    seconds_to_clean: float | None
    """Simulated, from a device's departure until its session is over: the slowest's.

    0 where the service has hung up on all of them; None is never, for one of them at least, or
    tasks of it are left at the end."""
    tasks_left: int
    """Tasks of sessions whose device has gone, handlers included: of ghosts and of orphans."""
    workers_held: int
    """Upload workers that have been in the same call for more than 150 s."""
    lost_bytes: int
    """Audio that was received, is not stored, and that nobody will send any more."""
    stored_twice_bytes: int
    """Audio that storage has once more than once."""
    samples_lost: int
    """Speaker samples that were asked for by devices that have gone, and never taken.

    In a row of listen: that listen has asked for, and the pusher never had."""
    words_lost: int
    """Words that were said by devices that have gone, and that the user's webhook never had."""
    hollow: int
    """Sessions of connected devices that have lost a loop and go on without it."""
    cut_off: int
    """Devices that the service has hung up on."""
    users_in_labels: int
    """Users that have become labels of metrics."""

    @property
    def harm(self) -> Harm:
        """The worst of it."""
        if self.ghosts or self.orphans or self.gauge_error or self.seconds_to_clean is None:
            return Harm.LEAK
        if self.lost_bytes:
            return Harm.AUDIO
        done = self.workers_held, self.stored_twice_bytes, self.samples_lost, self.words_lost
        if any(done) or self.hollow or self.users_in_labels:
            return Harm.WORK
        return Harm.CUT_OFF if self.cut_off else Harm.NONE
