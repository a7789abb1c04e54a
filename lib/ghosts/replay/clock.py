"""Simulated time: a loop whose clock jumps to the next timer when no socket has anything to say."""

import asyncio
import contextvars
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from heapq import heappush
from itertools import count
from typing import Any, Final, TypeVar, TypeVarTuple

import looptime

from ghosts.replay.blocked import BlockedLoopWatch
from ghosts.replay.loopback import Loopback, LoopbackTransport
from ghosts.replay.spin import SpinDetector, SpinError

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

_UNSENT_POLL: Final = 0.001
"""Real seconds between two looks at whether a large write has been sent."""

LAST_WORD: Final = 5.0
"""Simulated seconds that tasks have to acknowledge their cancellation when a loop is closed."""

_CLEANUP: Final = 60.0
"""Simulated seconds that a replay has to clean up once something in it has spun."""

_CLOSINGS: Final = 20
"""More than the places at which a handler awaits while it is closed."""
_SETTLING_TURNS: Final = 20
"""Turns of the loop in which a request that has been taken is answered, and the answer read."""


class _Timer(asyncio.TimerHandle):
    """One that runs after those of the same moment that were set before it.

    asyncio leaves the order of these to the shape of its heap, and so to every other timer there
    is: that of an observer, too, which must not change what it observes.
    """

    __slots__ = ("_number",)

    def __init__(self, number: int, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._number = number

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        return (self._when, self._number) < (other._when, other._number)  # type: ignore[attr-defined]


class SimulatedLoop(looptime.LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """A selector loop with real sockets and simulated time, starting at 0 s.

    Its clock can only move while no callback is ready. What never lets that happen is found, is
    not run any more, and ``on_spin`` is called with the error that names it.
    """

    def __init__(self) -> None:
        super().__init__(start=0.0, noop_cycles=0)
        self._loopback = Loopback()
        self._select_or_jump = self._selector.select  # of looptime
        self._selector.select = self._select  # type: ignore[method-assign]
        self.on_spin: Callable[[SpinError], object] = _raise
        self._spin = SpinDetector(self)
        self._blocked = BlockedLoopWatch(self, self._found)
        self._numbers = count()

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at that second; in the order of these calls, where seconds are the same."""
        self._check_closed()  # type: ignore[attr-defined]
        timer = _Timer(next(self._numbers), when, callback, args, self, context)
        heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def close(self) -> None:
        """Close the loop."""
        super().close()
        self._loopback.close()
        self._blocked.close()

    def _make_socket_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: asyncio.AbstractServer | None = None,
    ) -> LoopbackTransport:
        self._ensure_fd_no_transport(sock)  # type: ignore[attr-defined]
        return LoopbackTransport(self._loopback, self, sock, protocol, waiter, extra, server)

    def _select(self, timeout: float | None = None) -> list[Any]:
        """Ask the sockets; if they are silent, and nothing is on its way, let the clock jump."""
        if timeout != 0:
            self._loopback.wait_delivered()
            if self._loopback.is_unsent():
                return type(self._selector).select(self._selector, _UNSENT_POLL)
        return self._select_or_jump(timeout)

    def _process_events(self, event_list: list[Any]) -> None:
        # Once a turn, by asyncio's loop as by that of nest_asyncio, which replaces _run_once.
        super()._process_events(event_list)  # type: ignore[misc]
        self._blocked.turn()
        error = self._spin.turn(self._ready)  # type: ignore[attr-defined]
        if error is not None:
            self.on_spin(error)

    def _found(self, error: SpinError) -> None:
        self.on_spin(error)


def _raise(error: Exception) -> None:
    raise error


def simulate(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main()`` to its end on simulated time and return its result, or raise its exception.

    The loop is a new one, in this thread, or in a thread of its own where a loop is running
    already, as in a Jupyter kernel. Nothing of asyncio is replaced. An interrupt (Ctrl-C) cancels
    ``main`` and is raised once it has cleaned up. Tasks that ``main`` leaves are cancelled; those
    that have not ended 5 simulated seconds later are given up.

    Raises:
        SpinError: a task never let the clock move. ``main`` was cancelled, and has cleaned up.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main)
    return _run_in_thread(main)


async def sleep_until(second: float) -> None:
    """Sleep until that second of the running loop's clock; return at once if it has passed."""
    await asyncio.sleep(second - asyncio.get_running_loop().time())


async def settle() -> None:
    """Let all that happens at this moment happen; simulated time does not go by."""
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


def _run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    spins: list[SpinError] = []
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        try:
            result = runner.run(until_it_spins(main, spins))
        finally:
            runner.run(_end_what_is_left())
    if spins:
        raise spins[0]
    return result


async def until_it_spins(main: Callable[[], Coroutine[Any, Any, T]], spins: list[SpinError]) -> T:
    """Run ``main()`` to its end in a task of its own, or until something spins; note what does.

    Then ``main`` is cancelled, and has 60 simulated seconds to clean up: what it waits for may be
    what is not run any more.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    running, given_up = loop.create_task(main()), loop.create_future()

    def give_up() -> None:
        if not given_up.done():
            given_up.set_result(None)

    def on_spin(error: SpinError) -> None:
        spins.append(error)
        running.cancel()
        loop.call_later(_CLEANUP, give_up)

    loop.on_spin = on_spin
    ends = running, given_up
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        running.cancel()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if not spins:
        return await running
    if running.done() and not running.cancelled():
        running.exception()  # It follows from the spin, and need not be logged.
    raise spins[0]


async def _end_what_is_left() -> None:
    """Cancel every other task, and forget those that refuse: a runner would wait for them."""
    loop = asyncio.get_running_loop()
    for task in _others():
        task.cancel()
    await _forget_after(LAST_WORD)
    loop.create_task(loop.shutdown_asyncgens())
    await _forget_after(LAST_WORD)


async def _forget_after(seconds: float) -> None:
    if not (others := _others()):
        return
    await asyncio.wait(others, timeout=seconds)
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    for refusing in _others():
        asyncio.tasks._unregister_task(refusing)
        _close(refusing.get_coro())


def _others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def _close(coroutine: Any) -> None:
    """End a coroutine here, where a loop is running, and not wherever it would be collected."""
    for _ in range(_CLOSINGS):
        with suppress(RuntimeError):  # It has awaited something on its way out.
            coroutine.close()
            return


def _run_in_thread(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    outcome: list[T | BaseException] = []
    cancel: list[Callable[[], object]] = []

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        return await main()

    def target() -> None:
        try:
            outcome.append(_run(cancellable))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=target, name="simulation")
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        for stop in cancel:
            stop()
        thread.join()
        raise
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result
