"""Defects found by random schedules, each reduced to a test that shows the reason."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ghosts.clients import BackendError, Batch
from ghosts.config import STORAGE_WORKERS
from ghosts.pusher import PusherMetrics
from ghosts.pusher.spool import Key, Spool
from ghosts.pusher.spool_uploader import SpoolUploader

TURNS = 12
"""Of the loop: as many as it takes the uploader to wake up, on either side of the failure."""


class FailsOnceForAll:
    """Clients of a storage that fails the first uploads all in one turn, and then recovers."""

    def __init__(self) -> None:
        self.failed = asyncio.Event()
        self.uploads = SimpleNamespace(size=STORAGE_WORKERS)

    async def upload(self, batch: Batch) -> None:
        if not self.failed.is_set():
            await self.failed.wait()
            raise BackendError("storage: went down")


@pytest.mark.parametrize("turn", range(TURNS))
def test_the_spool_uploader_is_woken_when_a_worker_is_free(
    run: Any, tmp_path: Path, turn: int
) -> None:
    """A poll in the turn in which all deliveries have just ended finds no worker free."""

    async def scenario() -> None:
        with Spool(tmp_path / "spool", 2**20) as spool:
            clients: Any = FailsOnceForAll()
            uploader = SpoolUploader(spool, clients, PusherMetrics())
            running = asyncio.create_task(uploader.upload_spooled())
            await all_workers_are_busy(uploader)
            await one_conversation_more(uploader, clients, turn)
            await asyncio.sleep(60)
            assert spool.size == 0
            running.cancel()
            await asyncio.wait([running])

    run(scenario)


async def all_workers_are_busy(uploader: SpoolUploader) -> None:
    for number in range(STORAGE_WORKERS):
        uploader.accept(Key("ada", str(number)), 0.0, b"pcm")
        uploader.end(Key("ada", str(number)))
    await asyncio.sleep(10)
    assert f"{STORAGE_WORKERS} on the way" in repr(uploader)


async def one_conversation_more(
    uploader: SpoolUploader, clients: FailsOnceForAll, turn: int
) -> None:
    """It comes some turns before or after the uploads of all others fail."""
    for now in range(TURNS):
        if now == turn:
            uploader.accept(Key("ada", "more"), 0.0, b"pcm")
            uploader.end(Key("ada", "more"))
        if now == TURNS // 2:
            clients.failed.set()
        await asyncio.sleep(0)
