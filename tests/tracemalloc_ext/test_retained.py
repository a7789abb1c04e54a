import asyncio
import collections
import concurrent.futures
import contextlib
import contextvars
import functools
import gc
import logging
import sys
import threading
import types
from dataclasses import dataclass
from sys import getsizeof

import pytest

from tracemalloc_ext import retained_by, retained_bytes

KB = 1000
request_var = contextvars.ContextVar("request_var")


class Slots:
    __slots__ = ("first", "second")


@dataclass
class Chunk:
    data: bytes


class Session:
    def __init__(self, chunks):
        self.queue = collections.deque(chunks)

    def run(self):
        return self.queue


def of_size(n):
    """Make bytes that no other object of the process is."""
    return bytes(bytearray(n))


def test_bytes_only_leak_that_a_collector_based_probe_cannot_see():
    def probe():
        return sum(getsizeof(o) for o in gc.get_objects() if type(o) in (bytes, bytearray))

    before = probe()
    chunks = [of_size(960 * KB) for _ in range(16)]
    assert probe() - before == 0
    assert retained_bytes(chunks) == getsizeof(chunks) + 16 * getsizeof(chunks[0])


def test_containers_are_summed_exactly():
    text, data, buffer, number = "t" * 50, of_size(100), bytearray(200), 1234567.5
    pair = (text, number)
    table = {"key" * 20: data}
    several = {text, number}
    line = collections.deque([buffer])
    root = [pair, table, several, line]
    parts = [root, pair, text, number, table, *table, data, several, line, buffer]
    assert retained_bytes(root) == sum(map(getsizeof, parts))


def test_keys_count_though_the_collector_does_not_visit_strings():
    key = "k" * 5000
    table = {key: None}
    assert key not in gc.get_referents(table)
    assert retained_bytes(table) == getsizeof(table) + getsizeof(key)


def test_slots_and_instance_attributes_are_counted():
    data = of_size(1000)
    slots, chunk = Slots(), Chunk(data)
    slots.first = chunk
    assert retained_bytes(slots) == getsizeof(slots) + getsizeof(chunk) + getsizeof(data)


def test_what_is_shared_counts_once():
    data = of_size(1000)
    root = [data, data, [data]]
    assert retained_bytes(root) == getsizeof(root) + getsizeof(data) + getsizeof(root[2])
    assert retained_bytes(data, data) == getsizeof(data)


def test_memoryview_counts_the_buffer_below_it():
    data = of_size(1000)
    view = memoryview(data)[10:20]
    assert getsizeof(view) < 1000
    assert retained_bytes(view) > getsizeof(view) + getsizeof(data)


def test_functions_keep_their_closure_and_defaults():
    in_cell, in_default = of_size(1000), of_size(2000)

    def nested(default=in_default):
        return in_cell, default

    cell = nested.__closure__[0]
    parts = [nested, nested.__closure__, cell, in_cell, nested.__defaults__, in_default]
    assert retained_bytes(nested) == sum(map(getsizeof, parts))


def test_bound_methods_and_partials_are_counted():
    session = Session([of_size(1000)])
    assert retained_bytes(session.run) == retained_bytes(session) + getsizeof(session.run)
    partial = functools.partial(print, of_size(2000))
    assert 2000 < retained_bytes(partial) < 2600


def test_excluded_objects_and_classes_are_not_entered():
    chunk = Chunk(of_size(1000))
    root = [chunk]
    assert retained_bytes(root, exclude=[chunk]) == getsizeof(root)
    assert retained_bytes(root, exclude=[Chunk]) == getsizeof(root)
    assert retained_bytes(root) > 1000


@pytest.mark.parametrize(
    "outsider",
    [
        pytest.param(lambda: sys, id="module"),
        pytest.param(lambda: vars(logging), id="namespace of a module"),
        pytest.param(lambda: Chunk, id="class"),
        pytest.param(lambda: retained_bytes, id="function of a module"),
        pytest.param(lambda: Session.run, id="method of a class"),
        pytest.param(lambda: logging.getLogger("x"), id="logger"),
        pytest.param(lambda: threading.main_thread(), id="thread"),
        pytest.param(lambda: concurrent.futures.ThreadPoolExecutor(1), id="executor"),
        pytest.param(lambda: request_var, id="context variable"),
        pytest.param(lambda: None, id="None"),
    ],
)
def test_objects_of_the_process_are_not_entered(outsider):
    root = [outsider()]
    assert retained_bytes(root) == getsizeof(root)


def test_a_metrics_registry_is_not_entered():
    from prometheus_client import CollectorRegistry, Counter

    root = [Counter("chunks", "c", registry=CollectorRegistry())]
    assert retained_bytes(root) == getsizeof(root)


def test_owners_share_what_several_reach_and_all_below_it():
    data = of_size(1000)
    common = [data]
    owners = {"a": [common, of_size(10)], "b": [common], "c": [common, data]}
    result = retained_by(owners)
    assert result.shared == getsizeof(common) + getsizeof(data)
    assert result.own["a"] == getsizeof(owners["a"]) + getsizeof(owners["a"][1])
    assert result.own["b"] == getsizeof(owners["b"])
    assert result.total == retained_bytes(*owners.values())


def test_a_late_owner_of_an_early_root_takes_all_of_it_as_shared():
    inner = [[of_size(1000)]]
    result = retained_by({"inner": inner, "outer": [inner]})
    assert result.own["inner"] == 0
    assert result.shared == retained_bytes(inner)


async def suspended_with(size, gate):
    batch = of_size(size)
    await gate.wait()
    return batch


async def wrapped(size, gate):
    return await suspended_with(size, gate)


async def stream(size, gate):
    batch = of_size(size)
    await gate.wait()
    yield batch


async def reading_a_stream(size, gate):
    return [batch async for batch in stream(size, gate)]


@types.coroutine
def generator_based(size, gate):
    batch = of_size(size)
    yield from gate.wait().__await__()
    return batch


async def reading_a_generator(size, gate):
    return await generator_based(size, gate)


@pytest.mark.parametrize(
    "coroutine", [suspended_with, wrapped, reading_a_stream, reading_a_generator]
)
def test_a_task_counts_the_frames_it_is_suspended_in(simulate, coroutine):
    async def main():
        gate = asyncio.Event()
        task = asyncio.create_task(coroutine(500 * KB, gate), name="large")
        small = asyncio.create_task(coroutine(1 * KB, gate), name="small")
        await asyncio.sleep(1)
        assert retained_bytes(task) - retained_bytes(small) == 499 * KB
        assert retained_bytes(task) < 505 * KB
        gate.set()
        await asyncio.gather(task, small)

    simulate(main())


def test_a_task_does_not_count_its_siblings_or_who_waits_for_it(simulate):
    async def main():
        gate = asyncio.Event()

        async def handler():
            own = of_size(300 * KB)
            loops = [asyncio.create_task(suspended_with(n * KB, gate)) for n in (100, 200)]
            await asyncio.gather(*loops)
            return own, loops

        task = asyncio.create_task(handler())
        await asyncio.sleep(1)
        first, second = task._fut_waiter._children
        assert 100 * KB < retained_bytes(first) < 105 * KB
        assert 200 * KB < retained_bytes(second) < 205 * KB
        assert 600 * KB < retained_bytes(task) < 610 * KB
        gate.set()
        await task

    simulate(main())


def test_a_lock_does_not_lead_to_the_tasks_in_its_queue(simulate):
    async def main():
        lock = asyncio.Lock()

        async def waiter():
            batch = of_size(100 * KB)
            async with lock:
                return batch

        await lock.acquire()
        tasks = [asyncio.create_task(waiter()) for _ in range(3)]
        await asyncio.sleep(1)
        assert 100 * KB < retained_bytes(tasks[0]) < 105 * KB
        lock.release()
        await asyncio.gather(*tasks)

    simulate(main())


def test_futures_count_results_and_tracebacks_and_stay_unretrieved(simulate):
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        future.set_result(of_size(1000))
        assert 1000 < retained_bytes(future) < 1500

        async def crash():
            local = of_size(50 * KB)
            raise ValueError(len(local))

        task = asyncio.create_task(crash())
        await asyncio.wait([task])
        assert retained_bytes(task) > 50 * KB
        assert task._log_traceback is True
        assert isinstance(task.exception(), ValueError)

    simulate(main())


def test_a_traceback_counts_the_frames_it_passed_and_not_their_callers():
    def passed(local):
        raise ValueError(len(local))

    def catcher():
        try:
            passed(of_size(50 * KB))
        except ValueError as error:
            return error

    def caller():
        local = of_size(500 * KB)
        return catcher(), len(local)

    error, _ = caller()
    callers = error.__traceback__.tb_frame.f_back
    assert len(callers.f_locals["local"]) > 400 * KB
    assert 50 * KB < retained_bytes(error) < 60 * KB


def test_contexts_count_the_values_of_their_variables():
    def values(size):
        context = contextvars.Context()
        context.run(request_var.set, of_size(size))
        return context

    assert retained_bytes(values(10 * KB)) - retained_bytes(values(0)) == 10 * KB


def test_counting_leaves_no_trace_in_a_suspended_frame(simulate):
    async def main():
        gate = asyncio.Event()
        task = asyncio.create_task(wrapped(100, gate))
        await asyncio.sleep(1)
        first = retained_bytes(task)
        assert retained_bytes(task) == first
        assert not any(isinstance(o, types.FrameType) for o in gc.get_referents(task.get_coro()))
        gate.set()
        await task

    simulate(main())


async def read_until_closed(reader, writer):
    with contextlib.suppress(asyncio.IncompleteReadError):
        await reader.readexactly(10**6)
    writer.close()


def test_a_connection_is_counted_and_the_loop_and_server_are_not():
    async def main():
        server = await asyncio.start_server(read_until_closed, "127.0.0.1", 0, limit=10**6)
        port = server.sockets[0].getsockname()[1]
        clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _reader, writer in clients:
            writer.write(bytes(50 * KB))
        handlers = []
        while sum(map(retained_bytes, handlers)) < 100 * KB:
            await asyncio.sleep(0.001)
            handlers = [t for t in asyncio.all_tasks() if t.get_coro().__name__ != "main"]
        sizes = retained_by(dict(enumerate(handlers)))
        for _reader, writer in clients:
            writer.close()
        await asyncio.wait(handlers)
        server.close()
        assert all(50 * KB < size < 80 * KB for size in sizes.own.values()), sizes
        assert sizes.shared < 10 * KB

    asyncio.run(main())


def test_a_task_is_counted_from_another_thread_than_the_loops():
    started, sizes = threading.Event(), []
    loop = asyncio.new_event_loop()
    gate = asyncio.Event()

    async def main():
        started.set()
        await suspended_with(70 * KB, gate)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    started.wait()
    while not gate._waiters:
        pass
    sizes = [retained_bytes(task) for task in asyncio.all_tasks(loop)]
    loop.call_soon_threadsafe(gate.set)
    thread.join()
    loop.close()
    assert len(sizes) == 1
    assert 70 * KB < sizes[0] < 75 * KB
