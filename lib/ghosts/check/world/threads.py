"""The calls of a service into threads, and which of them still work."""

import contextvars
import importlib
import os
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ghosts.check.own import caller_in_words, is_own
from tracemalloc_ext.words import function_name

_SUBMIT = ThreadPoolExecutor.submit
_SETTIMEOUT = socket.socket.settimeout
FASTEST: Final = 50.0
"""Simulated seconds in a real one, at most, while a socket in a thread waits for its time limit."""
_SHORTEST_LIMIT: Final = 0.25
"""Real seconds that a time limit is left: enough for an answer on a busy machine."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class ThreadCall:
    """One call into a thread that has not returned."""

    name: str
    place: str
    thread: int = 0
    """What `threading.get_ident` is in it."""
    native_id: int = 0
    asleep_at: int | None = None
    """Nanoseconds that its thread had run when it was found to sleep."""
    waits: int = 0
    """Depth of waits that only simulated time, or the end of a fault, will end."""
    rate: float = 0.0
    """Simulated seconds in a real one while it waits, if it has given a socket a time limit."""


class ThreadCalls:
    """Records calls into threads. A call named in ``blocked`` never returns once it has begun."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._in_threads: dict[int, ThreadCall] = {}
        self._queued: weakref.WeakSet[ThreadCall] = weakref.WeakSet()
        """Calls that no thread has begun; one that is cancelled before is freed, and not here."""
        self.calls: list[tuple[str, str, float]] = []
        """Name, place and simulated second of each call that is the service's own doing."""
        self.waited: set[str] = set()
        """Names of calls that were seen to wait for something."""
        self.connecting: set[str] = set()
        """Names of calls that have opened a connection."""
        self.blocked: set[str] = set()

    def recorded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function so that its call is recorded."""
        called = _called(function)
        call = ThreadCall(_name(called), caller_in_words())
        if call.place or _is_own_function(called):
            self.calls.append((call.name, call.place, self._now()))
        self._queued.add(call)
        return partial(self._run, call, function)

    def _run(self, call: ThreadCall, function: Callable[..., Any], *arguments: Any) -> Any:
        thread = threading.get_ident()
        call.thread, call.native_id = thread, threading.get_native_id()
        call.asleep_at = None
        self._in_threads[thread] = call
        self._queued.discard(call)
        try:
            if call.name in self.blocked:
                begin, _ = self.wait()
                begin()
                threading.Event().wait()
            return function(*arguments)
        finally:
            del self._in_threads[thread]

    def wait(self) -> tuple[Callable[[], None], Callable[[], None]]:
        """Return what begins and what ends a wait, in which the call of this thread does not work.

        Both may be called from any thread.
        """
        call = self._in_threads.get(threading.get_ident()) or ThreadCall("", "")

        def begin() -> None:
            self.waited.add(call.name)
            call.waits += 1

        def end() -> None:
            call.asleep_at = None
            call.waits -= 1

        return begin, end

    def pending(self) -> list[ThreadCall]:
        """Return the calls that run, which may be indefinitely."""
        return list(self._in_threads.values())

    def any_working(self) -> bool:
        """Return whether a call is about to begin, or runs and does not just wait."""
        if any(not call.waits and not _still_asleep(call) for call in self.pending()):
            return True
        queued = list(self._queued)
        if any(call.asleep_at is None for call in queued):
            return True
        # All threads are taken, or one of them has just returned and takes the next call.
        return bool(queued) and another_thread_runs()

    def found_asleep(self) -> None:
        """Note that all calls sleep: until one of them has run again, none of them works."""
        for call in self.pending():
            self.waited.add(call.name)
            call.asleep_at = _run_time(call.native_id)
        for call in list(self._queued):
            call.asleep_at = 0

    def connects(self) -> None:
        """Note that the running code opens a connection, which may be in a call."""
        call = self._in_threads.get(threading.get_ident())
        if call is not None:
            self.connecting.add(call.name)

    def limit(self, seconds: float | None) -> float | None:
        """Record the time limit that the call of this thread sets; return it in real seconds."""
        call = self._in_threads.get(threading.get_ident())
        if call is None:
            return seconds
        if not seconds:
            call.rate = 0.0
            return seconds
        shortened = min(seconds, max(seconds / FASTEST, _SHORTEST_LIMIT))
        call.rate = seconds / shortened
        return shortened

    def rate(self) -> float:
        """Return by how much simulated time is faster than real time, for the limits to be right.

        0 if no call that works has a limit.
        """
        rates = [call.rate for call in self.pending() if call.rate and not call.waits]
        return min(rates, default=0.0)


@contextmanager
def recorded_threads(threads: ThreadCalls) -> Iterator[None]:
    """Record every call into a pool of threads: asyncio's, one of the service, or anyio's."""

    def submit(
        pool: ThreadPoolExecutor, function: Callable[..., Any], /, *arguments: Any, **named: Any
    ) -> Future[Any]:
        return _SUBMIT(pool, threads.recorded(function), *arguments, **named)

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign, assignment]
    # anyio imports it when it is first needed, which may be in a session.
    name = "anyio._backends._asyncio"
    backend: Any = importlib.import_module(name) if "anyio" in sys.modules else None
    if backend is not None:
        run_sync = backend.AsyncIOBackend.run_sync_in_worker_thread.__func__

        async def run(
            cls: type[Any], function: Callable[..., Any], *arguments: Any, **named: Any
        ) -> Any:
            return await run_sync(cls, threads.recorded(function), *arguments, **named)

        backend.AsyncIOBackend.run_sync_in_worker_thread = classmethod(run)
    try:
        yield
    finally:
        ThreadPoolExecutor.submit = _SUBMIT  # type: ignore[method-assign]
        if backend is not None:
            backend.AsyncIOBackend.run_sync_in_worker_thread = classmethod(run_sync)


@contextmanager
def shortened_limits(threads: ThreadCalls) -> Iterator[None]:
    """Shorten the time limits of sockets in recorded threads, as simulated time is faster."""

    def settimeout(link: socket.socket, seconds: float | None, /) -> None:
        _SETTIMEOUT(link, threads.limit(seconds))

    socket.socket.settimeout = settimeout  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.socket.settimeout = _SETTIMEOUT  # type: ignore[method-assign]


def another_thread_runs() -> bool:
    """Return whether a thread other than this one runs, or waits for a processor or a disk.

    Where the system does not say, none does: a call that takes real time then looks blocked.
    """
    if sys.platform != "linux":
        return False
    this = threading.get_native_id()
    return any(_runs(int(name)) for name in os.listdir("/proc/self/task") if int(name) != this)


def _still_asleep(call: ThreadCall) -> bool:
    return (
        not call.rate
        and call.asleep_at is not None
        and call.asleep_at == _run_time(call.native_id)
        and not _runs(call.native_id)
    )


def _run_time(native_id: int) -> int | None:
    """Return how many nanoseconds a thread has run; None if the system does not say."""
    try:
        return int(Path(f"/proc/self/task/{native_id}/schedstat").read_text().split()[0])
    except (OSError, IndexError):
        return None


def _runs(native_id: int) -> bool:
    return _state_of(native_id) in ("R", "D")


def sleeps(native_id: int) -> bool:
    """Return whether a thread of this process sleeps in the kernel; except on Linux, True."""
    return sys.platform != "linux" or _state_of(native_id) == "S"


def _state_of(native_id: int) -> str:
    """Return Linux's letter for the state of a thread of this process; empty if it has ended."""
    try:
        text = Path(f"/proc/self/task/{native_id}/stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]


def _called(function: Any) -> Any:
    """Return what will be called in the end: the service's own function, if it is among them.

    Behind partials and decorators there may be what a library calls it by, as asgiref does.
    """
    found = [each for each in _functions_in(function) if not _runs_in_context(each)] or [function]
    return next((each for each in found if _is_own_function(each)), found[-1])


def _runs_in_context(function: Any) -> bool:
    """Return whether it is the ``run`` of a context, to which the function is an argument."""
    return isinstance(getattr(function, "__self__", None), contextvars.Context)


def _functions_in(function: Any) -> Iterator[Any]:
    if isinstance(function, partial):
        for each in (*function.args, *function.keywords.values()):
            if callable(each):
                yield from _functions_in(each)
        function = function.func
    yield getattr(function, "__wrapped__", function)


def _is_own_function(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and is_own(code.co_filename)


def _name(function: Any) -> str:
    return function_name(str(getattr(function, "__qualname__", type(function).__qualname__)))
