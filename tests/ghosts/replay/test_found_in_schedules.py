"""What random schedules have found, each in a form in which one sees why."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ghosts.backends import BackendError, Batch
from ghosts.pusher import Metrics, Spool
from ghosts.pusher.courier import Courier
from ghosts.pusher.spool import Key
from ghosts.settings import STORAGE_WORKERS

TURNS = 12
"""Of the loop: as many as it takes the courier to wake up, on either side of the failure."""


class FailsOnceForAll:
    """Clients of a storage that fails the first uploads all in one turn, and is well then."""

    def __init__(self) -> None:
        self.failed = asyncio.Event()
        self.uploads = SimpleNamespace(size=STORAGE_WORKERS)

    async def upload(self, batch: Batch) -> None:
        if not self.failed.is_set():
            await self.failed.wait()
            raise BackendError("storage: went down")


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_courier_is_woken_when_a_worker_is_free(run: Any, tmp_path: Path, turn: int) -> None:
    """A look in the turn in which all deliveries have just ended finds no worker free."""

    async def scenario() -> None:
        with Spool(tmp_path / "spool.sqlite", 2**20) as spool:
            clients: Any = FailsOnceForAll()
            courier = Courier(spool, clients, Metrics())
            running = asyncio.create_task(courier.run())
            await all_workers_are_busy(courier)
            await one_conversation_more(courier, clients, turn)
            await asyncio.sleep(60)
            assert spool.size == 0
            running.cancel()
            await asyncio.wait([running])

    run(scenario)


async def all_workers_are_busy(courier: Courier) -> None:
    for number in range(STORAGE_WORKERS):
        courier.accept(Key("ada", str(number)), 0.0, b"pcm")
        courier.end(Key("ada", str(number)))
    await asyncio.sleep(10)
    assert f"{STORAGE_WORKERS} on the way" in repr(courier)


async def one_conversation_more(courier: Courier, clients: FailsOnceForAll, turn: int) -> None:
    """It comes some turns before or after the uploads of all others fail."""
    for now in range(TURNS):
        if now == turn:
            courier.accept(Key("ada", "more"), 0.0, b"pcm")
            courier.end(Key("ada", "more"))
        if now == TURNS // 2:
            clients.failed.set()
        await asyncio.sleep(0)
