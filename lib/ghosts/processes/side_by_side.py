"""A few long calls, each in a process of its own, which report their progress."""

import pickle
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeAlias, TypeVar

from ghosts.processes.pool import DIED, SPAWN, ProcessDiedError, follow_parent, interrupts_held

T = TypeVar("T")
Report: TypeAlias = Callable[[float], object]
"""What a call reports its progress with."""


@dataclass(frozen=True, slots=True)
class _Progress:
    value: float


@dataclass(frozen=True, slots=True)
class _Result:
    value: Any


@dataclass(frozen=True, slots=True)
class _Error:
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Running:
    number: int
    process: SpawnProcess
    messages: Connection


def call_side_by_side(
    function: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    *,
    at_once: int,
    on_progress: Callable[[int, float], object] = lambda number, progress: None,
) -> list[T]:
    """Call ``function`` with each tuple of arguments and a `Report`; return the results in order.

    Each call has a new process, and so its own memory. ``on_progress`` is called in this thread
    with the number of a call and what it has reported. The first exception is raised, with a note
    that says where in its process it came from. An interrupt, like any exception, ends the other
    calls at once.

    Args:
        function: What is called; it can be pickled. The last argument is the `Report`.
        calls: The other arguments of each call.
        at_once: Number of calls that run at the same time, at least one.
        on_progress: Called with each report.

    Raises:
        ProcessDiedError: a process ended before its call did; the others are ended.
        ValueError: ``at_once`` is less than 1.
    """
    if at_once < 1:
        raise ValueError(f"at_once must be at least 1, not {at_once}")
    waiting = deque(enumerate(calls))
    running: dict[Any, _Running] = {}
    results: dict[int, T] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                with interrupts_held():  # until the process is among those that are ended
                    started = _started(function, *waiting.popleft())
                    running[started.messages] = started
            for messages in wait(running):
                number = running[messages].number
                match _received(running[messages]):
                    case _Progress(value):
                        on_progress(number, value)
                    case _Error(error):
                        raise error
                    case _Result(value):
                        results[number] = value
                        _end(running.pop(messages))
    finally:
        for each in running.values():
            each.process.kill()
            _end(each)
    return [results[number] for number in range(len(calls))]


def _started(function: Callable[..., object], number: int, arguments: tuple[Any, ...]) -> _Running:
    messages, written = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_call, args=(written, function, arguments))
    process.start()
    # With this copy closed the pipe ends when the process dies, even in the middle of a message.
    written.close()
    return _Running(number, process, messages)


def _received(call: _Running) -> object:
    try:
        message = call.messages.recv_bytes()
    except (EOFError, OSError):
        raise ProcessDiedError(DIED) from None
    return pickle.loads(message)


def _end(call: _Running) -> None:
    call.process.join()
    call.process.close()
    call.messages.close()


def _call(written: Connection, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Call the function in this new process, and write to the pipe what comes of it."""
    follow_parent()
    try:
        result = function(*arguments, lambda progress: written.send(_Progress(progress)))
        written.send(_Result(result))
    except BaseException as error:
        with suppress(BrokenPipeError):  # the process that would read it has ended
            try:
                written.send(_failure(error))
            except Exception as unsent:  # an exception that cannot be pickled
                written.send(_failure(unsent))


def _failure(error: BaseException) -> _Error:
    error.add_note(f"In the process of the call:\n{''.join(traceback.format_exception(error))}")
    return _Error(error)
