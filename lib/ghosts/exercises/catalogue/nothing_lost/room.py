"""How much audio a version keeps before it refuses some, in a folder with room for all of it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.case import CONVERSATIONS, EPOCH, RATE, ROOM
from ghosts.exercises.catalogue.nothing_lost.clocks import simulated_clocks
from ghosts.exercises.catalogue.nothing_lost.memory import new_process
from ghosts.exercises.catalogue.nothing_lost.spools import Spools
from ghosts.exercises.guarded import Guard
from ghosts.simulation.clock import simulate

_PIECE: Final = 2**20


def bytes_taken(answer: type) -> int:
    """Return how many bytes ``keep`` takes before it raises an exception, `ROOM` at most.

    Raises:
        StuckError: it never returns to the event loop.
    """

    async def fill() -> int:
        guard.enter_loop()
        spools = Spools()
        with simulated_clocks(answer), new_process(answer, 0), spools.watched():
            taken = _fill(answer(disk))
        spools.close()
        return taken

    guard = Guard(lambda: simulate(fill))
    with TemporaryDirectory(prefix="exercise-") as folder:
        disk = Path(folder).resolve()
        return guard.result(lambda seconds: None)


def _fill(version: object) -> int:
    key = CONVERSATIONS[0].key
    for taken in range(0, ROOM, _PIECE):
        audio = taken.to_bytes(8, "big") * (_PIECE // 8)
        try:
            version.keep(key, EPOCH + taken / RATE, audio)  # type: ignore[attr-defined]
        except Exception:
            return taken
    return ROOM
