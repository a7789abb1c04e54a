"""For unit tests of handlers: an hour of the handler in a moment, and no task left after it.

- :func:`run` runs a test's coroutine function on a clock that skips idle time.
- :func:`no_task_left` asserts that every task has ended that was created in its block.

Needs looptime. There is no pytest plugin: :func:`run` is for plain test functions of any runner,
and :func:`no_task_left` also for the coroutines that pytest-asyncio and anyio run.
"""

import asyncio
import linecache
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import PurePath
from typing import Any, Final, TypeVar

from async_tasks.idle_skipping import IdleSkippingLoop
from async_tasks.leftovers import end_other_tasks
from async_tasks.suspended import suspended_frames
from async_tasks.tasks import AnyTask
from async_tasks.timeouts import finite_seconds

__all__ = ["no_task_left", "run"]

T = TypeVar("T")

_CANCEL_SECONDS: Final = 5.0
"""Simulated seconds that tasks have to end after their cancellation, when `run` returns."""

_SETTLING_TURNS: Final = 20
"""Turns of the loop in which a task ends that was cancelled, and the tasks that await it."""

_ASYNCIO: Final = PurePath(asyncio.__file__).parent


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main()`` to its end and return its result, or raise its exception.

    The event loop is a new one. Its clock starts at 0 and jumps to the next timer whenever the loop
    is idle, so sleeps and time limits take no real time. There is no bound: a ``main`` that awaits
    what never comes does not end, unless it sets a time limit, such as ``asyncio.timeout``.

    Tasks that ``main`` leaves are cancelled; those that have not ended after 5 simulated seconds
    are abandoned. Ctrl-C cancels ``main`` and raises KeyboardInterrupt once it has ended.

    Args:
        main: A function without parameters that returns a coroutine.

    Raises:
        RuntimeError: An event loop is running in this thread, as in an ``async def`` test.
    """
    _refuse_running_loop()
    with asyncio.Runner(loop_factory=IdleSkippingLoop) as runner:
        try:
            return runner.run(main())
        finally:
            runner.run(end_other_tasks(within=_CANCEL_SECONDS))


@asynccontextmanager
async def no_task_left(*, within: float = 0.0) -> AsyncIterator[None]:
    """Assert that the tasks created in the block end ``within`` seconds after it.

    Every task counts that the loop starts between the entry and the end of the wait, also by
    children, by their children, and by a library. Tasks that existed before do not count,
    nor does the task that leaves the block. The wait is over as soon as no task is left. With 0
    seconds a task still ends in time if it has been cancelled and its cleanup takes no time.

    An exception of the block, or a cancellation during the wait, is raised at once and nothing is
    asserted. No task is cancelled. Until the exit the tasks stay referenced, so none is garbage
    collected and missed; a loop with a task factory of its own keeps that factory and loses this.

    Args:
        within: Seconds of the loop's clock, after the end of the block.

    Raises:
        AssertionError: Tasks are pending. The message has, for each, its name, where its coroutine
            was created, and the lines it is suspended at, the innermost one last.
        ValueError: ``within`` is not a finite number.
    """
    seconds = finite_seconds("within", within)
    before = asyncio.all_tasks()
    with _created_tasks_kept(), _origins_recorded():
        yield
        left = await _left_after(seconds, before)
        if left:
            count = "1 task is" if len(left) == 1 else f"{len(left)} tasks are"
            tasks = sorted(left, key=lambda task: task.get_name())
            raise AssertionError(
                "\n".join([f"{count} left {seconds:g} s after the block:", *map(_described, tasks)])
            )


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("run() cannot be called in a running event loop: write `def`, no `async`")


@contextmanager
def _created_tasks_kept() -> Iterator[None]:
    """Keep a reference to each task that the loop creates, if it has no task factory of its own.

    An orphan that awaits a future to which nothing else refers is a cycle of garbage: it would
    disappear in some runs of a test and be reported in others
    (test_an_orphan_that_only_the_garbage_collector_would_end_is_reported).
    """
    loop = asyncio.get_running_loop()
    kept: list[AnyTask] = []

    def create(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> AnyTask:
        task = asyncio.Task(coro, loop=loop, **options)
        kept.append(task)
        return task

    if loop.get_task_factory() is None:
        loop.set_task_factory(create)
    try:
        yield
    finally:
        if loop.get_task_factory() is create:
            loop.set_task_factory(None)


@contextmanager
def _origins_recorded() -> Iterator[None]:
    """Let each coroutine keep the line at which it was created, in ``cr_origin``."""
    before = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(max(before, 1))
    try:
        yield
    finally:
        sys.set_coroutine_origin_tracking_depth(before)


async def _left_after(seconds: float, before: set[AnyTask]) -> set[AnyTask]:
    """Return which tasks that are not in ``before`` are pending ``seconds`` from now.

    Returns as soon as there is none.
    """

    def left() -> set[AnyTask]:
        return asyncio.all_tasks() - before - {asyncio.current_task()}

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while tasks := left():
                await asyncio.wait(tasks)
    for _ in range(_SETTLING_TURNS):
        if not left():
            break
        await asyncio.sleep(0)
    return left()


def _described(task: AnyTask) -> str:
    origin = getattr(task.get_coro(), "cr_origin", None)
    created = ""
    if origin:
        file, number, function = origin[0]
        created = f", created in {_line(function, file, number)}"
    frames = [
        (frame.f_code.co_qualname, frame.f_code.co_filename, frame.f_lineno)
        for frame in suspended_frames(task)
    ]
    # asyncio's own frames are left out, unless there is no other: `create_task(event.wait())`.
    own = [frame for frame in frames if not PurePath(frame[1]).is_relative_to(_ASYNCIO)] or frames
    lines = [f"    {_line(function, file, number)}" for function, file, number in own]
    return "\n".join([f"  {task.get_name()}{created}", *(lines or ["    unknown"])])


def _line(function: str, file: str, number: int) -> str:
    return f"{function}, {PurePath(file).name}:{number}: {linecache.getline(file, number).strip()}"
