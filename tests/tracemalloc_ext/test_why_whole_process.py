"""Searches of the whole process: its threads, its modules, and what asks.

Run in a process of their own, where there is little to search: see `test_whole_process.py`.
"""

import asyncio
import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from tracemalloc_ext import why

kept_by_this_module = []


class Registry:
    known: ClassVar = {}


class Session:
    def __init__(self, gate):
        self.gate = gate

    async def private_cloud_loop(self, chunk):
        batch = [chunk]
        del chunk
        await self.gate.wait()
        batch = None
        await self.gate.wait()
        return batch


def fresh(size):
    return bytes(bytearray(size))


def test_asking_does_not_keep_the_locals_of_the_frame(simulate):
    async def main():
        gate = asyncio.Event()
        chunk = fresh(96_000)
        references = sys.getrefcount(chunk)
        task = asyncio.create_task(Session(gate).private_cloud_loop(chunk))
        await asyncio.sleep(1)
        assert sys.getrefcount(chunk) == references + 1
        assert why(chunk)
        gate.set()
        gate.clear()
        await asyncio.sleep(1)
        assert not task.done()
        gc.collect()
        assert sys.getrefcount(chunk) == references
        assert not why(chunk)
        gate.set()
        await task

    simulate(main())


def test_the_task_that_asks_is_never_the_answer(simulate):
    async def main():
        chunk = fresh(500)
        assert not why(chunk)
        return chunk

    simulate(main())


def test_the_frame_that_asks_is_never_the_answer_also_when_all_modules_are_searched():
    chunk = fresh(500)
    assert not why(chunk)


def test_a_timer_of_the_loop_is_found(simulate):
    async def main():
        chunk = fresh(500)
        handle = asyncio.get_running_loop().call_later(100, print, chunk)
        answer = str(why(chunk))
        handle.cancel()
        assert answer.startswith("event loop -> ")
        assert answer.endswith(
            "._scheduled -> list[0] -> TimerHandle._args -> tuple[0] -> bytes, 500 B"
        )

    simulate(main())


def test_module_globals_and_class_attributes_are_found():
    chunk = fresh(500)
    kept_by_this_module.append(chunk)
    assert (
        str(why(chunk))
        == f"module global {__name__}.kept_by_this_module -> list[0] -> bytes, 500 B"
    )
    kept_by_this_module.clear()
    Registry.known["x"] = chunk
    assert str(why(chunk)) == (
        f"module global {__name__}.Registry -> class Registry.known -> dict['x'] -> bytes, 500 B"
    )
    Registry.known.clear()


def test_cancelling_the_waiter_leaves_the_payload_with_the_thread_and_the_queue():
    release = threading.Event()

    def upload(payload):
        release.wait()
        return payload

    async def main():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            loop.set_default_executor(pool)
            running, queued = fresh(500), fresh(600)
            waiters = [loop.run_in_executor(None, upload, part) for part in (running, queued)]
            await asyncio.sleep(0.05)
            answers = [why(part) for part in (running, queued)]
            release.set()
            await asyncio.gather(*waiters)
        return map(str, answers)

    in_thread, in_queue = asyncio.run(main())
    assert "upload (test_why_whole_process.py:" in in_thread
    assert in_thread.endswith("local 'payload' -> bytes, 500 B")
    assert "_default_executor -> ThreadPoolExecutor._work_queue -> " in in_queue
    assert "_WorkItem.args -> tuple[0] -> bytes, 600 B" in in_queue


def test_last_traceback_of_an_interactive_session_is_named(monkeypatch):
    made = []

    def crash():
        part = fresh(500)
        made.append(part)
        raise ValueError

    with pytest.raises(ValueError) as crashed:  # noqa: PT011 - any error has a traceback
        crash()
    monkeypatch.setattr(sys, "last_traceback", crashed.tb, raising=False)
    assert str(why(made.pop())).startswith("module global sys.last_traceback -> ")


def test_searching_the_modules_repeatedly_does_not_revive_dead_objects(simulate):
    async def main():
        for _ in range(3):
            await asyncio.gather(*(asyncio.sleep(1) for _ in range(50)))
            assert not why(fresh(500))

    simulate(main())
