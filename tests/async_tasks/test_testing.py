"""What helps to test a handler: the faults that it finds, and that it finds none in a sound one."""

import asyncio
import gc
import subprocess
import sys
import time
from textwrap import dedent

import pytest
from handlers import safe_handler
from workload import fail, flush_when_cancelled, forever, named, now, stubborn

from async_tasks import SessionScope, create_named_task
from async_tasks.testing import no_task_left, run


class Gauge:
    value = 0

    def inc(self):
        self.value += 1

    def dec(self):
        self.value -= 1


class Session:
    """A connection whose peer leaves after 10 s, and two loops that do not notice it."""

    def __init__(self):
        self.gauge = Gauge()
        self.shutdown = asyncio.Event()

    async def receive(self):
        await asyncio.sleep(10)

    async def upload(self):
        await forever()

    async def beat(self):
        while True:  # noqa: ASYNC110 - a heartbeat
            await asyncio.sleep(1)

    def start(self):
        return [
            create_named_task(self.receive(), name="receive"),
            create_named_task(self.upload(), name="upload"),
            create_named_task(self.beat(), name="beat"),
        ]


async def handler_that_gathers(session):
    await asyncio.gather(*session.start())


async def handler_with_orphans(session):
    receive, *_ = session.start()
    await receive


async def handler_whose_child_has_an_orphan(session):
    async def child():
        asyncio.create_task(session.beat(), name="beat")

    await asyncio.create_task(child())
    await session.receive()


async def handler_with_a_scope(session):
    async with SessionScope("ws:ada", label="t", gauge=session.gauge) as scope:
        scope.receive(session.receive())
        scope.lifetime(session.upload(), name="upload")
        scope.lifetime(session.beat(), name="beat")
        await scope.supervise()


async def handler_that_waits_for_the_first(session):
    tasks = session.start()
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)


async def handler_with_a_task_group(session):
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(session.upload()), group.create_task(session.beat())]
        await session.receive()
        for loop in loops:
            loop.cancel()


async def left_by(handler):
    """Raise an AssertionError if tasks are left 40 s after the peer has gone."""
    async with no_task_left(within=50):
        asyncio.create_task(handler(Session()), name="handler")


@pytest.mark.parametrize(
    ("handler", "left"),
    [
        (handler_that_gathers, {"handler", "upload", "beat"}),
        (handler_with_orphans, {"upload", "beat"}),
        (handler_whose_child_has_an_orphan, {"beat"}),
    ],
)
def test_a_handler_that_leaves_tasks_fails_and_each_task_is_named(handler, left):
    with pytest.raises(AssertionError) as failure:
        run(lambda: left_by(handler))
    tasks = [line.split(",")[0] for line in str(failure.value).splitlines()[1:]]
    assert {line.strip() for line in tasks if not line.startswith("    ")} == left


@pytest.mark.parametrize(
    "handler",
    [
        handler_with_a_scope,
        safe_handler,
        handler_that_waits_for_the_first,
        handler_with_a_task_group,
    ],
)
def test_a_handler_that_ends_its_tasks_passes(handler):
    run(lambda: left_by(handler))


def test_a_handler_that_never_returns_fails_by_a_time_limit_that_takes_no_real_time():
    async def main():
        async with no_task_left(), asyncio.timeout(60):
            await handler_that_gathers(Session())

    with pytest.raises(TimeoutError):
        run(main)


async def upload_to(storage):
    await storage.wait()


async def flush(storage):
    await upload_to(storage)


def test_the_message_has_the_lines_a_task_is_suspended_at_and_where_it_was_created():
    async def main():
        async with no_task_left(within=0.5):
            asyncio.create_task(flush(asyncio.Event()), name="ws:ada:flush")

    with pytest.raises(AssertionError) as failure:
        run(main)
    created, *lines = (function.__code__.co_firstlineno for function in (main, flush, upload_to))
    assert str(failure.value).splitlines() == [
        "1 task is left 0.5 s after the block:",
        f"  ws:ada:flush, created in main, test_testing.py:{created + 2}: "
        'asyncio.create_task(flush(asyncio.Event()), name="ws:ada:flush")',
        f"    flush, test_testing.py:{lines[0] + 1}: await upload_to(storage)",
        f"    upload_to, test_testing.py:{lines[1] + 1}: await storage.wait()",
    ]


def test_a_task_of_asyncio_alone_is_reported_with_the_line_it_has():
    async def main():
        async with no_task_left():
            asyncio.create_task(asyncio.Event().wait(), name="waiter")

    with pytest.raises(AssertionError, match=r"waiter, created in main.*\n    Event\.wait, locks"):
        run(main)


def test_tasks_that_existed_before_the_block_do_not_count():
    async def main():
        server = named(forever(), "server")
        async with no_task_left():
            await named(asyncio.sleep(1), "request")
        return server.done()

    assert run(main) is False


@pytest.mark.parametrize(("within", "passes"), [(2.75, False), (3, True), (30, True)])
def test_tasks_have_their_time_after_the_block_and_it_is_over_when_they_have_ended(within, passes):
    async def parent():
        await asyncio.sleep(1)
        named(asyncio.sleep(2), "child")

    async def main():
        async with no_task_left(within=within):
            named(parent(), "parent")
            await asyncio.sleep(0)
        return now()

    if passes:
        assert run(main) == 3
    else:
        with pytest.raises(AssertionError, match=r"left 2\.75 s after the block:\n  child"):
            run(main)


def test_a_wait_ends_though_its_end_is_between_two_ticks_of_the_clock():
    async def main():
        await asyncio.sleep(0.1)
        with pytest.raises(AssertionError):
            async with no_task_left(within=0.2):
                named(forever(), "left")

    run(main)


@pytest.mark.parametrize(
    ("work", "passes"),
    [
        (forever, True),
        (lambda: handler_with_a_task_group(Session()), True),
        (lambda: flush_when_cancelled(1, []), False),
    ],
)
def test_a_task_that_was_cancelled_and_not_awaited_passes_if_its_cleanup_takes_no_time(
    work, passes
):
    async def main():
        async with no_task_left():
            task = named(work(), "cancelled")
            await asyncio.sleep(0)
            task.cancel()

    if passes:
        run(main)
    else:
        with pytest.raises(AssertionError, match="cancelled"):
            run(main)


def test_an_orphan_that_only_the_garbage_collector_would_end_is_reported():
    async def main():
        async with no_task_left():
            named(forever(), "unreferenced")
            await asyncio.sleep(1)
            gc.collect()

    with pytest.raises(AssertionError, match="unreferenced"):
        run(main)


def test_an_exception_of_the_block_is_raised_and_not_hidden_by_its_tasks():
    async def main():
        async with no_task_left(within=5):
            named(forever(), "left")
            raise ValueError("the handler's")

    with pytest.raises(ValueError, match="the handler's"):
        run(main)


def test_a_cancellation_during_the_wait_is_raised_at_once():
    async def main():
        async with asyncio.timeout(7):
            async with no_task_left(within=60):
                named(forever(), "left")

    with pytest.raises(TimeoutError):
        run(main)


@pytest.mark.parametrize("within", [None, float("nan"), float("inf")])
def test_a_wait_without_a_bound_is_refused(within):
    async def main():
        async with no_task_left(within=within):
            pass

    with pytest.raises(ValueError, match="within must be a finite number"):
        run(main)


def test_the_loop_and_the_interpreter_are_as_before_after_a_block():
    async def main():
        loop, depth = asyncio.get_running_loop(), sys.get_coroutine_origin_tracking_depth()
        async with no_task_left():
            assert sys.get_coroutine_origin_tracking_depth() > depth
        return loop.get_task_factory(), sys.get_coroutine_origin_tracking_depth() - depth

    assert run(main) == (None, 0)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are of Python 3.12")
def test_eager_tasks_start_at_once_and_count_as_others_do():
    async def main():
        loop, started = asyncio.get_running_loop(), []

        async def orphan():
            started.append(now())
            await forever()

        loop.set_task_factory(asyncio.eager_task_factory)
        async with no_task_left():
            task = named(orphan(), "orphan")
            assert (started, task.done()) == ([0], False)

    with pytest.raises(AssertionError, match="orphan"):
        run(main)


def test_an_hour_takes_a_fraction_of_it_from_0_to_the_hour():
    async def main():
        start = now()
        await asyncio.sleep(3600)
        return start, now()

    before = time.monotonic()
    assert run(main) == (0, 3600)
    assert time.monotonic() - before < 360


def test_an_exception_of_main_is_raised():
    with pytest.raises(ValueError, match="a bug"):
        run(lambda: fail(ValueError("a bug"), after=10))


def test_what_main_leaves_is_cancelled_and_may_clean_up():
    log = []

    async def generate():
        try:
            yield
        finally:
            log.append("generator closed")

    async def main():
        named(flush_when_cancelled(1, log), "flusher")
        generator = generate()
        await anext(generator)
        log.append(generator)  # referenced, else it is closed when `main` returns

    run(main)
    assert log[1:] == ["flushed", "generator closed"]


def test_a_task_that_obeys_no_cancellation_is_reported_and_then_abandoned():
    """`asyncio.run` would wait for it indefinitely, and the assertion would not be seen."""
    ended = []

    async def main():
        async with no_task_left(within=35):
            task = named(stubborn(3600), "stubborn")
            task.add_done_callback(lambda _: ended.append(now()))

    with pytest.raises(AssertionError, match=r"stubborn.*\n    stubborn, workload"):
        run(main)
    assert not ended


def test_the_crash_of_a_task_that_main_has_left_is_logged(caplog):
    async def crash_when_cancelled():
        try:
            await forever()
        finally:
            raise ValueError("a bug in the cleanup")

    async def main():
        named(crash_when_cancelled(), "crashing")
        await asyncio.sleep(0)

    run(main)
    gc.collect()
    assert "a bug in the cleanup" in caplog.text


def test_a_thread_is_waited_for_in_real_time():
    async def main():
        named(asyncio.to_thread(time.sleep, 0.2), "left in its thread")
        await asyncio.sleep(0)

    before = time.monotonic()
    run(main)
    assert time.monotonic() - before >= 0.2


def test_in_a_running_loop_it_is_refused_and_no_coroutine_is_left_unawaited():
    async def main():
        with pytest.raises(RuntimeError, match="running event loop"):
            run(forever)

    asyncio.run(main())


def test_the_loop_is_loaded_without_pytest_which_can_be_loaded_later():
    code = """
        import sys, async_tasks.testing
        assert "pytest" not in sys.modules
        import pytest
    """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True)


BESIDE = """
import asyncio

import pytest
import pytest_asyncio
from async_tasks.testing import no_task_left, run


async def forever():
    await asyncio.Event().wait()


@pytest_asyncio.fixture
async def clean():
    async with no_task_left():
        yield


@pytest.mark.asyncio
async def test_sound_asyncio(clean):
    await asyncio.create_task(asyncio.sleep(0))


@pytest.mark.asyncio
async def test_orphan_asyncio(clean):
    asyncio.create_task(forever(), name="orphan")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_sound_anyio():
    async with no_task_left():
        await asyncio.create_task(asyncio.sleep(0))


@pytest.mark.anyio
async def test_orphan_anyio():
    async with no_task_left():
        asyncio.create_task(forever(), name="orphan")


def test_run():
    run(lambda: asyncio.sleep(3600))
"""


def test_beside_the_plugins_of_pytest_asyncio_anyio_and_looptime(tmp_path):
    (tmp_path / "test_beside.py").write_text(BESIDE)
    command = [sys.executable, "-m", "pytest", "-p", "no:nbval", "-q", "-rA", "--tb=line"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    outcomes = {
        outcome: sorted(
            line.split("::")[1].split(" ")[0]
            for line in result.stdout.splitlines()
            if line.startswith(f"{outcome} test_beside.py")
        )
        for outcome in ("PASSED", "FAILED", "ERROR")
    }
    assert outcomes == {
        "PASSED": ["test_orphan_asyncio", "test_run", "test_sound_anyio", "test_sound_asyncio"],
        "FAILED": ["test_orphan_anyio"],
        "ERROR": ["test_orphan_asyncio"],  # at the teardown of its fixture
    }, result.stdout
