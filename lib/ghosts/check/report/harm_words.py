"""The words for harms: with a count, and as the name of a measure."""

from typing import Final

from ghosts.check.result import Harm

_PLURALS: Final = {
    Harm.LEAKED: "sessions still in memory",
    Harm.CUT_OFF: "devices cut off",
    Harm.STARVED: "devices that get nothing any more",
    Harm.REFUSED: "devices refused",
    Harm.NEVER_STOPS: "services that do not stop",
    Harm.SPINS: "event loops that are blocked",
    Harm.EXITS: "services that end themselves",
    Harm.ENDLESS: "cells without an end",
}
MEASURES: Final = {
    Harm.GHOST: "ghosts",
    Harm.HALF_OPEN: "half_open_sessions",
    Harm.ORPHAN: "orphan_tasks",
    Harm.LEAKED: "sessions_in_memory",
    Harm.GAUGE: "gauge_error",
    Harm.BLOCKED_THREAD: "blocked_threads",
    Harm.CUT_OFF: "devices_cut_off",
    Harm.STARVED: "devices_starved",
    Harm.REFUSED: "devices_refused",
    Harm.NEVER_STOPS: "does_not_stop",
    Harm.SPINS: "event_loop_blocked",
    Harm.EXITS: "ends_itself",
    Harm.ENDLESS: "given_up",
}
"""By harm, the name of its count in JSON."""


def counted(harm: Harm, count: int) -> str:
    """Return a number of harms in words, as in ``2 devices cut off``."""
    if harm is Harm.GAUGE:
        return f"gauge wrong by {count}"
    return f"{count} {harm if count == 1 else _PLURALS.get(harm, f'{harm}s')}"
