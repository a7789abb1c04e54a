import asyncio
import functools
import gc
import inspect
import sys
from dataclasses import dataclass, field

import pytest

from tracemalloc_ext import why


@dataclass
class Batch:
    chunks: list = field(default_factory=list)


class Slots:
    __slots__ = ("chunk",)


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
    (
        lambda chunk: Session(chunk).private_cloud_loop,
        "method Session.private_cloud_loop.__self__ -> Session.gate",
    ),
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


def test_excluded_objects_and_classes_are_passed_over():
    chunk = fresh(500)
    batch = Batch([chunk])
    roots = {"a": [batch], "b": [[[[chunk]]]]}
    assert why(chunk, roots=roots).steps[0] == "a"
    assert why(chunk, roots=roots, exclude=[batch]).steps[0] == "b"
    assert why(chunk, roots=roots, exclude=[Batch]).steps[0] == "b"
