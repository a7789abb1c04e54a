import asyncio
import contextlib
import threading
import types

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from tracemalloc_ext import awaits


def names(answer):
    return [(frame.function, frame.source) for frame in answer.frames]


async def waits(waiter, gate):
    await waiter(gate)


async def through_async_for(gate):
    async def numbers():
        await gate.wait()
        yield 1

    async for _ in numbers():
        pass


async def through_anext(gate):
    async def numbers():
        await gate.wait()
        yield 1

    await anext(numbers(), None)


class Awaitable:
    def __init__(self, gate):
        self.gate = gate

    def __await__(self):
        return self.gate.wait().__await__()


async def through_dunder_await(gate):
    await Awaitable(gate)


@types.coroutine
def old_style(gate):
    yield from gate.wait().__await__()


async def through_generator(gate):
    await old_style(gate)


async def through_timeout(gate):
    async with asyncio.timeout(1000):
        await gate.wait()


@contextlib.asynccontextmanager
async def entering(gate):
    await gate.wait()
    yield


async def through_context_manager(gate):
    async with entering(gate):
        pass


@pytest.mark.parametrize(
    ("waiter", "innermost"),
    [
        (through_async_for, ("numbers", "await gate.wait()")),
        (through_anext, ("numbers", "await gate.wait()")),
        (through_dunder_await, ("through_dunder_await", "await Awaitable(gate)")),
        (through_generator, ("old_style", "yield from gate.wait().__await__()")),
        (through_timeout, ("through_timeout", "await gate.wait()")),
        (through_context_manager, ("entering", "await gate.wait()")),
    ],
)
def test_every_kind_of_await_is_followed_down_to_the_line(simulate, waiter, innermost):
    async def main():
        gate = asyncio.Event()
        task = asyncio.create_task(waits(waiter, gate), name="stuck")
        await asyncio.sleep(1)
        answer = awaits(task)
        assert names(answer)[0] == ("waits", "await waiter(gate)")
        assert names(answer)[1][0] == waiter.__name__
        assert names(answer)[-1] == innermost
        assert {frame.task for frame in answer.frames} == {"stuck"}
        assert answer.waits_for == "asyncio.Event.wait"
        gate.set()
        await task

    simulate(main())


def test_the_report_reads_like_a_traceback_without_machine_paths(simulate):
    async def main():
        gate = asyncio.Event()
        task = asyncio.create_task(waits(through_generator, gate), name="ws:7:private_cloud")
        await asyncio.sleep(1)
        answer = awaits(task)
        lines = [frame.line for frame in answer.frames]
        assert str(answer).splitlines() == [
            "task 'ws:7:private_cloud'",
            f"  waits (test_awaits.py:{lines[0]}): await waiter(gate)",
            f"  through_generator (test_awaits.py:{lines[1]}): await old_style(gate)",
            f"  old_style (test_awaits.py:{lines[2]}): yield from gate.wait().__await__()",
            "waits for asyncio.Event.wait",
        ]
        assert lines[0] == waits.__code__.co_firstlineno + 1
        gate.set()
        await task

    simulate(main())


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (lambda: asyncio.sleep(1000), "asyncio.sleep"),
        (lambda: asyncio.Queue().get(), "asyncio.Queue.get"),
        (lambda: asyncio.Semaphore(0).acquire(), "asyncio.Semaphore.acquire"),
        (lambda: asyncio.get_running_loop().create_future(), "Future"),
        (lambda: asyncio.StreamReader().readexactly(4), "asyncio.StreamReader.readexactly"),
        (
            lambda: asyncio.gather(asyncio.sleep(0), asyncio.sleep(1000), asyncio.sleep(1000)),
            "a gather of 3, 1 done",
        ),
    ],
)
def test_the_awaited_primitive_is_named(simulate, waiting, words):
    async def main():
        async def stuck():
            await waiting()

        task = asyncio.create_task(stuck())
        await asyncio.sleep(1)
        answer = awaits(task)
        assert answer.waits_for == words
        assert names(answer) == [("stuck", "await waiting()")]
        task.cancel()
        await asyncio.wait([task])

    simulate(main())


def test_a_thread_of_an_executor_is_named():
    release = threading.Event()

    async def main():
        async def upload():
            await asyncio.get_running_loop().run_in_executor(None, release.wait)

        task = asyncio.create_task(upload())
        await asyncio.sleep(0)
        answer = awaits(task)
        release.set()
        await task
        assert answer.waits_for == "a thread of an executor"

    asyncio.run(main())


def test_the_chain_continues_through_a_gather_into_its_one_pending_task(simulate):
    async def main():
        gate = asyncio.Event()

        async def upload():
            await gate.wait()

        async def handler():
            loops = [
                asyncio.create_task(upload(), name="ws:7:private_cloud"),
                asyncio.create_task(asyncio.sleep(1), name="ws:7:receive"),
            ]
            await asyncio.gather(*loops)

        task = asyncio.create_task(handler(), name="ws:7")
        await asyncio.sleep(2)
        answer = awaits(task)
        assert [(frame.task, frame.function) for frame in answer.frames] == [
            ("ws:7", "handler"),
            ("ws:7:private_cloud", "upload"),
        ]
        assert answer.waits_for == "asyncio.Event.wait"
        assert "\ntask 'ws:7:private_cloud'\n  upload (" in str(answer)
        gate.set()
        await task

    simulate(main())


async def under_shield(task):
    await asyncio.shield(task)


async def under_wait_for(task):
    await asyncio.wait_for(task, 1000)


async def under_shield_and_wait_for(task):
    await asyncio.wait_for(asyncio.shield(task), 1000)


async def under_wait(task):
    await asyncio.wait([task])


async def under_the_rest_of_a_wait(task):
    await asyncio.wait([asyncio.create_task(asyncio.sleep(0.5)), task], timeout=1000)


async def under_gather_in_shield(task):
    await asyncio.shield(asyncio.gather(asyncio.sleep(0.5), task))


async def under_as_gathered_shields(task):
    await asyncio.gather(asyncio.sleep(0.5), asyncio.shield(task))


@pytest.mark.parametrize(
    "waiter",
    [
        under_shield,
        under_wait_for,
        under_shield_and_wait_for,
        under_wait,
        under_the_rest_of_a_wait,
        under_gather_in_shield,
        under_as_gathered_shields,
    ],
)
def test_the_chain_continues_to_the_one_task_behind_a_primitive_of_asyncio(simulate, waiter):
    async def main():
        gate = asyncio.Event()

        async def upload():
            await gate.wait()

        stuck = asyncio.create_task(upload(), name="upload")
        task = asyncio.create_task(waiter(stuck), name="handler")
        await asyncio.sleep(1)
        answer = awaits(task)
        assert [(frame.task, frame.function) for frame in answer.frames] == [
            ("handler", waiter.__name__),
            ("upload", "upload"),
        ]
        assert answer.waits_for == "asyncio.Event.wait"
        assert answer.innermost == answer.frames[0]
        gate.set()
        await task

    simulate(main())


async def of_asyncio(make, *coroutines):
    async with asyncio.TaskGroup() as group:
        for one in coroutines:
            make(group, one)


async def of_anyio(make, *coroutines):
    async with anyio.create_task_group() as group:
        for one in coroutines:
            make(group, one)


@pytest.mark.parametrize(
    ("group", "make"),
    [
        (of_asyncio, lambda group, one: group.create_task(one(), name=one.__name__)),
        (of_anyio, lambda group, one: group.start_soon(one, name=one.__name__)),
    ],
    ids=["asyncio", "anyio"],
)
def test_the_chain_continues_into_a_task_group_of_which_one_task_is_left(simulate, group, make):
    async def main():
        gate = asyncio.Event()

        async def upload():
            await gate.wait()

        async def brief():
            await asyncio.sleep(0.5)

        async def second_upload():
            await gate.wait()

        alone = asyncio.create_task(group(make, upload, brief), name="alone")
        both = asyncio.create_task(group(make, upload, second_upload), name="both")
        await asyncio.sleep(1)
        answer = awaits(alone)
        assert answer.frames[0].function == group.__name__
        assert (answer.frames[-1].task, answer.frames[-1].function) == ("upload", "upload")
        assert answer.waits_for == "asyncio.Event.wait"
        assert {frame.task for frame in awaits(both).frames} == {"both"}
        gate.set()
        await asyncio.gather(alone, both)

    simulate(main())


def test_a_coroutine_under_wait_for_belongs_to_its_caller_on_every_version(simulate):
    async def main():
        gate = asyncio.Event()

        async def upload():
            await gate.wait()

        async def handler():
            await asyncio.wait_for(upload(), 1000)

        task = asyncio.create_task(handler(), name="handler")
        await asyncio.sleep(1)
        answer = awaits(task)
        assert [
            (frame.task, frame.function) for frame in answer.frames if "asyncio" not in frame.file
        ] == [
            ("handler", "handler"),
            ("handler", "upload"),
        ]
        assert answer.innermost == answer.frames[-1]
        gate.set()
        await task

    simulate(main())


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (lambda gate: gate.wait(), "asyncio.Event.wait"),
        (lambda _: asyncio.Queue().get(), "asyncio.Queue.get"),
        (lambda _: asyncio.sleep(1000), "asyncio.sleep"),
    ],
)
def test_what_wait_for_awaits_is_named_on_every_version(simulate, inner, words):
    async def main():
        gate = asyncio.Event()
        task = asyncio.create_task(asyncio.wait_for(inner(gate), 1000))
        await asyncio.sleep(1)
        assert awaits(task).waits_for == words
        task.cancel()
        await asyncio.wait([task])

    simulate(main())


def test_the_lock_of_a_with_block_is_named(simulate):
    async def main():
        lock = asyncio.Lock()

        async def wait():
            async with lock:
                pass

        async with lock:
            task = asyncio.create_task(wait())
            await asyncio.sleep(1)
            assert awaits(task).waits_for == "asyncio.Lock.acquire"
        await task

    simulate(main())


def test_asking_runs_no_code_of_a_class_that_pretends_to_be_another(simulate):
    class Pretends:
        turns = iter([None])

        @property
        def __class__(self):
            raise RuntimeError("outside of a request")

        def __await__(self):
            return self

        def __iter__(self):
            return self

        def __next__(self):
            return next(self.turns)

    async def main():
        async def handler():
            await Pretends()

        task = asyncio.create_task(handler())
        await asyncio.sleep(0)
        assert [frame.function for frame in awaits(task).frames] == ["handler"]
        await task

    simulate(main())


def test_two_tasks_that_wait_for_each_other_end_the_chain():
    async def main():
        async def wait_for_other(index):
            await asyncio.sleep(0)
            await tasks[index]

        tasks = [asyncio.create_task(wait_for_other(n), name=f"t{n}") for n in (1, 0)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task._log_destroy_pending = False  # cancelling either would recurse without end
        return awaits(tasks[0])

    loop = asyncio.new_event_loop()
    answer = loop.run_until_complete(main())
    loop.close()
    assert [frame.task for frame in answer.frames] == ["t1", "t0"]
    assert answer.waits_for == "task 't1'"


def test_a_task_that_is_not_waiting_is_reported_as_such(simulate):
    async def main():
        async def short():
            await asyncio.sleep(0)

        task = asyncio.create_task(short())
        assert awaits(task).waits_for == "nothing: it goes on at the next turn of the loop"
        assert awaits(asyncio.current_task()).waits_for == "nothing: it is running"
        await task
        assert awaits(task).waits_for == "nothing: it is done"
        assert awaits(task).frames == ()

    simulate(main())


def test_a_handler_suspended_on_a_real_websocket(simulate):
    async def main():
        tasks = []

        async def handler(connection):
            tasks.append(asyncio.current_task())
            await connection.recv()

        async with (
            serve(handler, "127.0.0.1", 0) as server,
            connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client,
        ):
            await asyncio.sleep(1)
            answer = awaits(tasks[0])
            await client.send("done")
            await asyncio.wait(tasks)
        assert ("handler", "await connection.recv()") in names(answer)
        assert any(frame.file.startswith("websockets/asyncio/") for frame in answer.frames)
        assert answer.waits_for == "Future"

    simulate(main())


def test_a_notebook_cell_is_named_without_the_kernels_process_id(simulate):
    async def main():
        cell = compile("async def stuck(gate): await gate.wait()", "/tmp/ipykernel_99/1.py", "exec")
        namespace = {}
        exec(cell, namespace)
        gate = asyncio.Event()
        task = asyncio.create_task(namespace["stuck"](gate))
        await asyncio.sleep(1)
        assert awaits(task).frames[0].file == "<cell>"
        gate.set()
        await task

    simulate(main())
