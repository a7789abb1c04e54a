"""What became of a device, in words and for a table."""

from typing import Final

from ghosts.exercises.catalogue.the_finding.visits import Leaving, Visited
from ghosts.exercises.outcome import Seen

BY_ITSELF: Final = (Leaving.CLOSE, Leaving.RESET)


def seconds_to_end(visited: Visited) -> float | None:
    """Return how long a handler went on after its device had left; None if to the end."""
    return None if visited.ended_at is None else visited.ended_at - (visited.left_at or 0.0)


def took(visited: Visited) -> str:
    """Return the seconds from a disconnect to the end of the session."""
    ended, left = visited.ended_at, visited.left_at
    return "?" if ended is None or left is None else f"{ended - left:.1f}"


def stayed(visited: Visited) -> str:
    """Return how long a device was connected: ``4 s``, ``24 hours``."""
    seconds = (visited.left_at or 0.0) - visited.arrived_at
    return f"{seconds:.0f} s" if seconds < 3600 else f"{seconds / 3600:.0f} hours"


def while_hung(visited: Visited) -> str:
    """Return what failed when a device left, to be appended; empty if nothing did."""
    return " while storage never answers and the webhook trickles" if visited.hung else ""


def seen(visited: Visited) -> Seen:
    """Return what became of a device, for the table."""
    found: dict[str, object] = {"device": f"{visited.leaving}{while_hung(visited)}"}
    if visited.sent:
        found["audio in storage"] = f"{visited.stored:,} of {visited.sent:,} bytes"
    if visited.tasks:
        found["tasks after the handler"] = "\n".join(dict.fromkeys(x.at for x in visited.tasks))
    if visited.error:
        found["unhandled"] = visited.error
    return found
