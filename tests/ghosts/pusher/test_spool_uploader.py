"""The spool uploader: what an error of the disk takes, and what a delivery costs."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bed import Bed, audio, send, shipped_pod, size, troubles
from disk import files_of_at_most
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.clients import connect_pusher_clients
from ghosts.pusher import PusherMetrics
from ghosts.pusher.spool import Key, Spool
from ghosts.pusher.spool_uploader import SpoolUploader
from ghosts.simulation.backends import serve_backends
from ghosts.simulation.clock import settle
from ghosts.variants import SHIPPED

FEW, MANY = 10, 10_000
DELIVERIES = 20
TURNS = 12
"""From the moment at which a frame is sent to that at which its session waits for the next."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


async def devices(bed: Bed, number: int) -> list[ClientConnection]:
    """Devices in a conversation, whose audio is acknowledged."""
    connected = [await bed.open(f"uid=user-{one}&acks=1") for one in range(number)]
    for device in connected:
        await send(device, protocol.Conversation("c"))
    await settle()
    return connected


async def acknowledged(device: ClientConnection) -> list[float | None]:
    """Until when its audio was, as far as its connection has said by now."""
    answers = []
    try:
        while True:
            async with asyncio.timeout(1):
                answers.append(protocol.decode_answer(await device.recv()))
    except (TimeoutError, ConnectionClosed):
        return [answer.audio_until for answer in answers]


def test_an_error_of_the_disk_closes_the_session_whose_audio_it_was_and_no_other(run, path, caplog):
    async def scenario():
        async with shipped_pod(path) as bed:
            speaking, silent = await devices(bed, 2)
            await send(speaking, audio(1, at=100.0))
            await settle()
            with files_of_at_most(size(1) + 200):
                await send(speaking, audio(1, at=101.0))
                await settle()
            assert await acknowledged(speaking) == [100.0]
            assert (speaking.close_code, silent.close_code) == (1013, None)
            assert bed.dropped == {"spool_full": size(1)}
            bed.assert_audio_adds_up()
            await send(silent, audio(1, at=102.0))
            await silent.close()
            await asyncio.sleep(60)
            assert sum(one.bytes for one in bed.stored) == 2 * size(1)
            bed.assert_at_rest()

    run(scenario)
    assert len([one for one in troubles(caplog.records) if "closed with 1013" in one]) == 1


def test_at_a_graceful_stop_a_frame_is_on_disk_and_acknowledged_or_was_not_read(run, path):
    async def outcome(turn: int) -> tuple[int, list[float | None]]:
        async with shipped_pod(path.with_name(str(turn))) as bed:
            (ada,) = await devices(bed, 1)
            await send(ada, audio(1, at=100.0))
            for _ in range(turn):
                await asyncio.sleep(0)
            bed.sessions[0].stop_gracefully()
            until = await acknowledged(ada)
            await bed.pusher.stop(grace=60)
            return sum(one.bytes for one in bed.stored), until

    outcomes = [run(lambda turn=turn: outcome(turn)) for turn in range(TURNS)]
    assert {(stored, tuple(until)) for stored, until in outcomes} == {(0, ()), (size(1), (100.0,))}


@contextmanager
def counting_calls() -> Iterator[Counter[str]]:
    """Count the functions that are called, of Python and of C."""
    calls: Counter[str] = Counter()

    def count(frame: object, event: str, argument: object) -> None:
        calls[event] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.slow
def test_a_delivery_costs_the_same_however_many_conversations_wait(run, path):
    async def calls_with(waiting: int) -> int:
        """Calls while some conversations are delivered and others, not due yet, wait."""
        async with (
            serve_backends() as backends,
            connect_pusher_clients(backends.addresses, SHIPPED.pusher.clients) as clients,
        ):
            with Spool(path.with_name(str(waiting)), config.SPOOL_MAX_BYTES) as spool:
                uploader = SpoolUploader(spool, clients, PusherMetrics())
                running = asyncio.create_task(uploader.upload_spooled())
                for number in range(waiting):
                    uploader.accept(Key("ada", str(number)), 0.0, b"pcm!")
                await asyncio.sleep(1)
                with counting_calls() as calls:
                    for number in range(DELIVERIES):
                        uploader.accept(Key("bob", str(number)), 0.0, b"pcm!")
                        uploader.end(Key("bob", str(number)))
                        await asyncio.sleep(1)
                assert len(backends[Backend.STORAGE].received) == DELIVERIES
                running.cancel()
                await asyncio.wait([running])
                return calls["call"] + calls["c_call"]

    few, many = (run(lambda waiting=waiting: calls_with(waiting)) for waiting in (FEW, MANY))
    assert many < 1.1 * few
