"""How long everything in a cell takes: in simulated time, or by the wall clock."""

from dataclasses import dataclass
from typing import Final

from ghosts.config import GHOST_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The seconds of a cell."""

    stay: float
    """The longest time that devices stay before they leave."""
    fault_before: float
    """From the begin of the fault to the departure, at least."""
    witness: float
    """By which the last device stays longer than the others: it shows whether their departure harms
    it. Then it leaves as well, so that no message to it cleans up after the others."""
    observed: float
    """From the last departure to the look."""
    ghost_after: float
    """After which a session whose connection has gone is a ghost."""
    starved_after: float
    """Without a message, after which a device that used to get some is starved."""
    slow: float
    """Delay of an answer in the mode ``slow``."""
    trickle: float
    """Between two bytes in the mode ``trickles``."""
    ping: float | None
    """Interval and time limit of a server's pings, where we serve; None leaves the server's own."""
    ends_early: bool
    """Whether the look comes as soon as nothing is left to wait for."""
    blocked: float
    """Real seconds in one call without processor time, after which the event loop is blocked."""
    cell: float
    """Real seconds after which a cell is given up."""


SIMULATED: Final = Timing(
    stay=float("inf"),
    fault_before=3.0,
    witness=60.0,
    # The time in which pings find out that a device has vanished, and 150 s. Not a round number:
    # tasks that pause for whole seconds are then seen in their pause.
    observed=240.4,
    ghost_after=GHOST_AFTER,
    starved_after=40.0,
    slow=20.0,
    trickle=4.0,
    ping=None,
    ends_early=False,
    blocked=4.0,
    cell=120.0,
)
BY_WALL_CLOCK: Final = Timing(
    stay=5.0,
    fault_before=1.0,
    witness=6.0,
    observed=25.2,
    ghost_after=20.0,
    starved_after=4.0,
    slow=5.0,
    trickle=1.0,
    ping=1.0,
    ends_early=True,
    blocked=40.0,
    cell=120.0,
)
"""Waits of ours, scaled down. Those of the service are as they are: a deadline of more than 20 s
looks like none."""
