"""A few long calls, each in a process of its own, which report their progress."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias, TypeVar

from ghosts.processes.pool import SPAWN, follow, interrupts_held, lost_process_named

T = TypeVar("T")
Report: TypeAlias = Callable[[float], object]
"""What a call reports its progress with."""


def call_side_by_side(
    function: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    *,
    at_once: int,
    on_progress: Callable[[int, float], object] = lambda number, progress: None,
) -> list[T]:
    """Call ``function`` with each tuple of arguments and a `Report`; return the results in order.

    Each call has a new process, and so its own memory. ``on_progress`` is called in this thread
    with the number of a call and what it has reported. The first exception is raised. An interrupt,
    like any exception, ends the other calls at once.

    Args:
        function: What is called; it can be pickled. The last argument is the `Report`.
        calls: The other arguments of each call.
        at_once: Number of calls that run at the same time.
        on_progress: Called with each report.

    Raises:
        ProcessDiedError: a process ended before its call did; the others are ended.
    """
    reports, reported = SPAWN.Pipe(duplex=False)
    ends, ended = SPAWN.Pipe(duplex=False)
    watched, ours = SPAWN.Pipe(duplex=False)
    # One call a process is not hit by the deadlock of `max_tasks_per_child` (gh-115634): a worker
    # that is never idle leaves no token behind.
    executor = ProcessPoolExecutor(
        at_once, SPAWN, initializer=_begin, initargs=(watched, reported), max_tasks_per_child=1
    )
    try:
        with lost_process_named():
            running = _started(executor, function, calls)
            for each in running:
                each.add_done_callback(lambda _: ended.send(None))
            _follow_to_the_end(running, ends, reports, on_progress)
            results = [each.result() for each in running]
        executor.shutdown()
    finally:
        ours.close()  # which ends the processes that are left
        executor.shutdown(cancel_futures=True)
        for end in (watched, reports, reported, ends, ended):
            end.close()
    return results


def _started(
    executor: Executor, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]
) -> list[Future[T]]:
    # The mask holds for processes that replace others, too: the thread that starts them is started
    # here.
    with interrupts_held():
        return [
            executor.submit(_call, function, number, arguments)
            for number, arguments in enumerate(calls)
        ]


def _follow_to_the_end(
    running: Sequence[Future[Any]],
    ends: Connection,
    reports: Connection,
    on_progress: Callable[[int, float], object],
) -> None:
    """Pass reports on until all calls have ended; raise the exception of the first that fails."""
    left = len(running)
    while left:
        ready = wait([ends, reports])
        if ends in ready:  # asked first: reports that never cease must not hide an end
            ends.recv()
            left -= 1
            for each in running:
                if each.done():
                    each.result()
        else:
            on_progress(*reports.recv())
    while reports.poll():
        on_progress(*reports.recv())


_reports: Connection | None = None
"""In a process that was started here: where it reports its progress."""


def _begin(watched: Connection, reports: Connection) -> None:
    global _reports
    _reports = reports
    follow(watched)


def _call(function: Callable[..., T], number: int, arguments: tuple[Any, ...]) -> T:
    reports = _reports
    assert reports is not None
    # All processes write to one pipe: a report is smaller than PIPE_BUF, so it is written at once.
    return function(*arguments, lambda progress: reports.send((number, progress)))
