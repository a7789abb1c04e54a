import asyncio
import functools
import gc
import inspect
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from tracemalloc_ext import why

kept_by_this_module = []


@dataclass
class Batch:
    chunks: list = field(default_factory=list)


class Slots:
    __slots__ = ("chunk",)


class Registry:
    known: ClassVar = {}


class Session:
    def __init__(self, gate):
        self.gate = gate

    async def private_cloud_loop(self, chunk):
        batch = Batch([b"", b"", b"", chunk])
        del chunk
        await self.gate.wait()
        batch = None
        await self.gate.wait()
        return batch


def foreign_modules():
    """Return what to exclude for speed: modules beside this one and the standard library.

    Their globals as well, to which any function of theirs refers, and pytest, which `pdb` and this
    module refer to: it has every test that was collected, and the report of each that has run.
    """
    modules = [
        module
        for name, module in sys.modules.items()
        if name != __name__ and name.partition(".")[0] not in sys.stdlib_module_names
        if module is not None  # one that is kept from being loaded
    ]
    return [
        *modules,
        *map(vars, modules),
        *(pytest.Config, pytest.PytestPluginManager, pytest.Session),
    ]


def fresh(size):
    return bytes(bytearray(size))


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return next(first + offset for offset, line in enumerate(lines) if text in line)


def test_the_chain_leads_from_a_task_down_to_the_buffer(simulate):
    async def main():
        gate = asyncio.Event()
        chunk = fresh(96_000)
        task = asyncio.create_task(
            Session(gate).private_cloud_loop(chunk), name="ws:7:private_cloud"
        )
        await asyncio.sleep(1)
        answer = why(chunk)
        line = line_of(Session.private_cloud_loop, "await self.gate.wait()")
        assert answer
        assert str(answer) == (
            "task 'ws:7:private_cloud' -> suspended in Session.private_cloud_loop "
            f"(test_why.py:{line}), local 'batch' -> Batch.chunks -> list[3] -> bytes, 96,000 B"
        )
        gate.set()
        await task

    simulate(main())


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
        assert not why(chunk, exclude=foreign_modules())
        gate.set()
        await task

    simulate(main())


def test_reading_f_locals_directly_keeps_the_values_before_python_3_13(simulate):
    async def main():
        gate = asyncio.Event()
        chunk = fresh(96_000)
        references = sys.getrefcount(chunk)
        task = asyncio.create_task(Session(gate).private_cloud_loop(chunk))
        await asyncio.sleep(1)
        _ = task.get_coro().cr_frame.f_locals["batch"]
        del _
        gate.set()
        gate.clear()
        await asyncio.sleep(1)
        kept = sys.getrefcount(chunk) - references
        assert kept == (0 if sys.version_info >= (3, 13) else 1)
        gate.set()
        await task

    simulate(main())


def test_a_locals_snapshot_of_the_program_is_not_emptied(simulate):
    async def main():
        gate = asyncio.Event()

        async def remember():
            chunk = fresh(1000)
            names = locals()
            await gate.wait()
            return chunk, names

        task = asyncio.create_task(remember())
        await asyncio.sleep(1)
        assert why(next(v for v in gc.get_referents(task.get_coro()) if isinstance(v, bytes)))
        gate.set()
        chunk, names = await task
        assert names["chunk"] is chunk

    simulate(main())


def in_slot(chunk):
    holder = Slots()
    holder.chunk = chunk
    return holder


def in_closure(chunk):
    def callback():
        return chunk

    return callback


def in_default(chunk):
    return lambda part=chunk: part


def crash(made):
    part = fresh(500)
    made(part)
    raise ValueError


def crashed():
    made = []
    try:
        crash(made.append)
    except ValueError as error:
        return error, made.pop()


HOLDERS = [
    (in_slot, "Slots.chunk"),
    (in_closure, "function callback, closure variable 'chunk'"),
    (in_default, "function <lambda>, a default"),
    (lambda chunk: functools.partial(print, chunk), "partial.args -> tuple[0]"),
    (lambda chunk: {"part": chunk}, "dict['part']"),
    (lambda chunk: {chunk: None}, "dict, a key"),
    (lambda chunk: {chunk}, "set"),
    (lambda chunk: [memoryview(chunk)], "list[0] -> memoryview"),
    (lambda chunk: Session(chunk).private_cloud_loop, "method.__self__ -> Session.gate"),
]


@pytest.mark.parametrize(("hold", "words"), HOLDERS, ids=[words for _, words in HOLDERS])
def test_each_kind_of_reference_is_described(hold, words):
    chunk = fresh(500)
    answer = why(chunk, roots={"session": hold(chunk)})
    assert str(answer) == f"session -> {words} -> bytes, 500 B"


def test_an_exception_leads_through_its_traceback_to_the_local():
    error, chunk = crashed()
    line = line_of(crash, "raise ValueError")
    assert str(why(chunk, roots={"error": error})).endswith(
        f"frame of crash (test_why.py:{line}), local 'part' -> bytes, 500 B"
    )


def test_the_shortest_chain_wins():
    chunk = fresh(500)
    answer = why(chunk, roots={"long": [[[chunk]]], "short": [chunk]})
    assert answer.steps == ("short", "list[0]")


def test_an_object_without_references_gives_a_false_answer():
    answer = why(fresh(500), roots={"empty": [[], []]})
    assert not answer
    assert answer.steps == ()
    assert str(answer) == "nothing found that keeps bytes, 500 B (3 objects looked at)"


def test_the_task_that_asks_is_never_the_answer(simulate):
    async def main():
        chunk = fresh(500)
        assert not why(chunk, exclude=foreign_modules())
        return chunk

    simulate(main())


ASKS = """
from tracemalloc_ext import why
def ask():
    chunk = bytes(bytearray(500))
    return why(chunk)
answer = ask()
print(bool(answer), answer.looked_at > 10_000)
"""


def test_the_frame_that_asks_is_never_the_answer_also_when_all_modules_are_searched():
    """In a fresh process: all modules of a test run have a million objects."""
    answer = subprocess.check_output([sys.executable, "-c", ASKS], text=True)
    assert answer.split() == ["False", "True"]


def test_excluded_objects_and_classes_are_passed_over():
    chunk = fresh(500)
    batch = Batch([chunk])
    roots = {"a": [batch], "b": [[[[chunk]]]]}
    assert why(chunk, roots=roots).steps[0] == "a"
    assert why(chunk, roots=roots, exclude=[batch]).steps[0] == "b"
    assert why(chunk, roots=roots, exclude=[Batch]).steps[0] == "b"


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
        str(why(chunk, exclude=foreign_modules()))
        == f"module global {__name__}.kept_by_this_module -> list[0] -> bytes, 500 B"
    )
    kept_by_this_module.clear()
    Registry.known["x"] = chunk
    assert str(why(chunk, exclude=foreign_modules())) == (
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
            try:
                answers = [why(part, exclude=foreign_modules()) for part in (running, queued)]
            finally:
                release.set()
            await asyncio.gather(*waiters)
        return map(str, answers)

    in_thread, in_queue = asyncio.run(main())
    assert "upload (test_why.py:" in in_thread
    assert in_thread.endswith("local 'payload' -> bytes, 500 B")
    assert "_default_executor -> ThreadPoolExecutor._work_queue -> " in in_queue
    assert "_WorkItem.args -> tuple[0] -> bytes, 600 B" in in_queue


def test_last_traceback_of_an_interactive_session_is_named(monkeypatch):
    error, chunk = crashed()
    monkeypatch.setattr(sys, "last_traceback", error.__traceback__, raising=False)
    found = str(why(chunk, exclude=foreign_modules()))
    assert found.startswith("module global sys.last_traceback -> ")


def test_searching_the_modules_repeatedly_does_not_revive_dead_objects(simulate):
    async def main():
        for _ in range(3):
            await asyncio.gather(*(asyncio.sleep(1) for _ in range(50)))
            assert not why(fresh(500), exclude=foreign_modules())

    simulate(main())
