"""The pool of upload workers, and real threads held to the same assertions.

An *upload* here begins, says so, and lasts until all are let go.
"""

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ghosts import config
from ghosts.backends import Backend
from ghosts.clients import BackendError, Batch, UploadPool, connect_pusher_clients
from ghosts.records.fault import FaultMode
from ghosts.simulation.backends import serve_backends
from ghosts.simulation.clock import simulate


class Payload(bytearray):
    """Bytes that can be watched by a weak reference."""


class Model:
    """Uploads on the pool of the suite, on simulated time."""

    run = staticmethod(simulate)

    def __init__(self, workers: int) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self._let_go = asyncio.Event()
        self._pool = UploadPool(workers)

    async def upload(self, name: str, payload: Payload) -> None:
        async def call(payload: Payload = payload) -> int:
            self.begun.put_nowait(name)
            await self._let_go.wait()
            return len(payload)

        await self._pool.run(call, payload_bytes=len(payload))

    def let_go(self) -> None:
        self._let_go.set()

    async def close(self) -> None:
        await self._pool.close()


class Threads:
    """Uploads on threads, on a real event loop."""

    @staticmethod
    def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run(main())

    def __init__(self, workers: int) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self._let_go = threading.Event()
        self._executor = ThreadPoolExecutor(workers)
        self._loop = asyncio.get_running_loop()

    async def upload(self, name: str, payload: Payload) -> None:
        await self._loop.run_in_executor(self._executor, self._call, name, payload)

    def _call(self, name: str, payload: Payload) -> int:
        self._loop.call_soon_threadsafe(self.begun.put_nowait, name)
        self._let_go.wait()
        return len(payload)

    def let_go(self) -> None:
        self._let_go.set()

    async def close(self) -> None:
        self._let_go.set()
        self._executor.shutdown()


@pytest.fixture(params=[Model, Threads])
def kind(request: pytest.FixtureRequest) -> type[Model] | type[Threads]:
    return request.param


def begin(pool: Model | Threads, name: str) -> tuple[asyncio.Task[None], weakref.ref[Payload]]:
    payload = Payload(1000)
    return asyncio.create_task(pool.upload(name, payload)), weakref.ref(payload)


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def alive(payload: weakref.ref[Payload]) -> bool:
    gc.collect()
    return payload() is not None


def test_cancelling_the_one_who_waits_frees_neither_the_worker_nor_the_payload(kind):
    async def scenario():
        pool = kind(workers=1)
        try:
            running, payload = begin(pool, "running")
            assert await pool.begun.get() == "running"
            await cancel(running)
            del running
            next_, _ = begin(pool, "next")
            await asyncio.sleep(0.01)
            assert pool.begun.empty()  # its worker is still taken
            assert alive(payload)
            pool.let_go()
            await next_
            assert not alive(payload)
        finally:
            await pool.close()

    kind.run(scenario)


def test_a_queued_payload_stays_after_its_caller_has_gone_until_a_worker_passes_it_over(kind):
    async def scenario():
        pool = kind(workers=1)
        try:
            running, _ = begin(pool, "running")
            assert await pool.begun.get() == "running"
            queued, payload = begin(pool, "queued")
            await asyncio.sleep(0.01)
            await cancel(queued)
            del queued
            last, _ = begin(pool, "last")
            await asyncio.sleep(0.01)
            assert alive(payload)
            pool.let_go()
            await asyncio.gather(running, last)
            assert not alive(payload)
            assert pool.begun.get_nowait() == "last"  # the one in between was never begun
        finally:
            await pool.close()

    kind.run(scenario)


def test_the_seventeenth_upload_waits_for_one_of_sixteen_to_end(kind):
    async def scenario():
        pool = kind(workers=config.STORAGE_WORKERS)
        try:
            uploads = [begin(pool, f"{n}")[0] for n in range(17)]
            begun = {await pool.begun.get() for _ in range(16)}
            await asyncio.sleep(0.01)
            assert begun == {f"{n}" for n in range(16)}
            assert pool.begun.empty()
            pool.let_go()
            await asyncio.gather(*uploads)
            assert pool.begun.get_nowait() == "16"
        finally:
            await pool.close()

    kind.run(scenario)


def test_the_pool_tells_busy_and_queued_and_the_bytes_that_nobody_waits_for(run):
    async def scenario():
        pool = UploadPool(2)
        forever = asyncio.get_running_loop().create_future()

        async def call() -> None:
            await forever

        waiting = [asyncio.create_task(pool.run(call, payload_bytes=10**n)) for n in range(4)]
        await asyncio.sleep(1)
        assert (pool.size, pool.busy, pool.queued) == (2, 2, 2)
        assert (pool.running_bytes, pool.abandoned_bytes) == (11, 0)
        for task in waiting[1:3]:
            await cancel(task)
        assert (pool.busy, pool.queued) == (2, 2)
        assert (pool.running_bytes, pool.abandoned_bytes) == (11, 110)
        forever.set_result(None)
        await asyncio.gather(waiting[0], waiting[3])
        assert (pool.busy, pool.queued, pool.running_bytes, pool.abandoned_bytes) == (0, 0, 0, 0)
        await pool.close()

    run(scenario)


def test_a_worker_hands_on_the_result_or_the_error_and_goes_on(run):
    async def scenario():
        pool = UploadPool(1)

        async def fail() -> None:
            raise OSError("no storage")

        async def succeed() -> str:
            return "stored"

        for _ in range(3):
            with pytest.raises(OSError, match="no storage"):
                await pool.run(fail)
            assert await pool.run(succeed) == "stored"
        await pool.close()

    run(scenario)


def test_a_call_that_raises_a_cancellation_of_its_own_costs_its_caller_and_no_worker(run):
    async def scenario():
        pool = UploadPool(1)

        async def cancel_whoever_calls() -> None:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await pool.run(cancel_whoever_calls)
        assert pool.busy == 0
        assert await pool.run(lambda: asyncio.sleep(1, "stored")) == "stored"
        await pool.close()

    run(scenario)


def test_how_long_each_worker_has_been_in_the_same_call_can_be_asked(run):
    async def scenario():
        pool = UploadPool(2)
        calls = [asyncio.create_task(pool.run(lambda: asyncio.sleep(100))) for _ in range(3)]
        await asyncio.sleep(60)
        assert [pool.busy_for(seconds) for seconds in (59, 61)] == [2, 0]
        await asyncio.sleep(60)  # the third has begun at 100 s
        assert [pool.busy_for(seconds) for seconds in (19, 21)] == [1, 0]
        await asyncio.gather(*calls)
        await pool.close()

    run(scenario)


def test_closing_waits_5_s_and_no_longer_for_a_call_that_ignores_its_cancellation(run):
    async def scenario():
        pool = UploadPool(1)
        done = asyncio.Event()

        async def ignore_cancellation() -> None:
            while not done.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await done.wait()

        calling = asyncio.create_task(pool.run(ignore_cancellation))
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await pool.close()
        assert asyncio.get_running_loop().time() - began == config.CANCEL_ACK_TIMEOUT
        done.set()
        await calling

    run(scenario)


def test_an_error_that_nobody_waits_for_is_no_noise(run):
    async def scenario():
        pool = UploadPool(1)

        async def fail_later() -> None:
            await asyncio.sleep(10)
            raise OSError("no storage")

        task = asyncio.create_task(pool.run(fail_later))
        await asyncio.sleep(1)
        await cancel(task)
        await asyncio.sleep(20)
        assert pool.busy == 0
        await pool.close()

    run(scenario)  # which fails on any complaint of the event loop


@pytest.mark.parametrize("fails", [False, True])
def test_an_upload_that_has_ended_keeps_no_payload_also_before_garbage_is_collected(run, fails):
    async def upload(pool: UploadPool, payload: Payload) -> None:
        async def call() -> int:
            if fails:
                raise OSError(len(payload))
            return len(payload)

        with contextlib.suppress(OSError):
            await pool.run(call)

    async def scenario():
        pool = UploadPool(1)
        payload = Payload(1000)
        watched = weakref.ref(payload)
        gc.disable()
        try:
            await upload(pool, payload)
            del payload
            await asyncio.sleep(1)
            assert watched() is None  # the worker is idle, and holds on to nothing
        finally:
            gc.enable()
        await pool.close()

    run(scenario)


def test_a_caller_that_gives_up_leaves_its_upload_to_be_delivered_all_the_same(run):
    """So what a session counted as dropped may yet be stored: of the two errors, the safe one."""

    async def scenario():
        async with (
            serve_backends() as backends,
            connect_pusher_clients(backends.addresses) as clients,
        ):
            await backends[Backend.STORAGE].fail(FaultMode.SLOW, seconds=60)
            batch = Batch("ada", "c", 0.0, bytes(1000))
            task = asyncio.create_task(clients.upload(batch))
            await asyncio.sleep(1)
            await cancel(task)
            assert clients.uploads.abandoned_bytes == 1000
            await asyncio.sleep(60)
            assert (backends.stored_bytes, clients.uploads.busy) == (1000, 0)

    run(scenario)


def test_workers_survive_every_failure_of_storage(run):
    async def scenario():
        async with (
            serve_backends() as backends,
            connect_pusher_clients(backends.addresses) as clients,
        ):
            storage = backends[Backend.STORAGE]
            for mode in (FaultMode.STATUS_500, FaultMode.GARBAGE, FaultMode.RESETS):
                await storage.fail(mode)
                failed = await asyncio.gather(
                    *(clients.upload(Batch(f"u{n}", "c", 0.0, b"pcm")) for n in range(40)),
                    return_exceptions=True,
                )
                assert all(isinstance(one, BackendError | ValueError) for one in failed)
            await storage.recover()
            await asyncio.gather(
                *(clients.upload(Batch(f"u{n}", "c", 0.0, b"pcm")) for n in range(40))
            )
            assert backends.stored_bytes == 40 * 3
            assert (clients.uploads.busy, clients.uploads.queued) == (0, 0)

    run(scenario)
