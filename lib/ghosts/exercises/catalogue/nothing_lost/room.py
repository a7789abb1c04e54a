"""How much audio a version keeps before it refuses some, in a folder with room for all of it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.case import (
    CONVERSATIONS,
    EPOCH,
    RATE,
    ROOM,
    ROOM_IN_WORDS,
)
from ghosts.exercises.catalogue.nothing_lost.clocks import simulated_clocks
from ghosts.exercises.catalogue.nothing_lost.memory import new_process
from ghosts.exercises.catalogue.nothing_lost.running import exception_in_words
from ghosts.exercises.catalogue.nothing_lost.spools import Spools
from ghosts.exercises.guarded import Guard
from ghosts.simulation.clock import simulate

_PIECE: Final = 2**20


def refused_early(answer: type) -> str | None:
    """Return the reason if ``keep`` raises an exception before it has kept `ROOM` bytes.

    Raises:
        StuckError: it never returns to the event loop.
    """

    async def fill() -> str | None:
        guard.enter_loop()
        spools = Spools()
        with simulated_clocks(answer), new_process(answer, 0), spools.watched():
            refused = _refused(answer(disk))
        spools.close()
        return refused

    guard = Guard(lambda: simulate(fill))
    with TemporaryDirectory(prefix="exercise-") as folder:
        disk = Path(folder).resolve()
        return guard.result(lambda seconds: None)


def _refused(version: object) -> str | None:
    key = CONVERSATIONS[0].key
    for taken in range(0, ROOM, _PIECE):
        audio = taken.to_bytes(8, "big") * (_PIECE // 8)
        try:
            version.keep(key, EPOCH + (taken - ROOM) / RATE, audio)  # type: ignore[attr-defined]
        except Exception as error:
            return (
                f"keep raised {exception_in_words(error)} when it had kept {taken:,} bytes, before "
                f"deliver was called, and the disk had room: it has to take {ROOM_IN_WORDS} "
                "before it refuses any."
            )
    return None
