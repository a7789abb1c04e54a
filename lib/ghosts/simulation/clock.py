"""The simulated event loop: real sockets, and a virtual clock that skips idle time."""

import asyncio
import contextvars
import socket
import ssl
import threading
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Coroutine
from heapq import heappush
from itertools import count
from typing import Any, Final, TypeVar, TypeVarTuple

from async_tasks.idle_skipping import IdleSkippingLoop
from async_tasks.leftovers import end_other_tasks
from ghosts.simulation.blocked import BlockedLoopWatch
from ghosts.simulation.loopback import Loopback, LoopbackTransport
from ghosts.simulation.receive_buffer import ReceiveBuffer
from ghosts.simulation.spin import SpinDetector, SpinError

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)

_UNSENT_POLL: Final = 0.001
"""Real seconds between two polls of whether a large write has been sent."""

CANCEL_SECONDS: Final = 5.0
"""Simulated seconds that tasks have to end after their cancellation, when a loop is closed."""

_CLEANUP_SECONDS: Final = 60.0
"""Simulated seconds that a replay has to clean up after a spin."""

_SETTLING_TURNS: Final = 20
"""Turns of the loop in which a request that was received is answered, and the answer is read."""


class _Timer(asyncio.TimerHandle):
    """A timer that runs after those of the same moment that were set before it.

    asyncio orders timers of one moment by the shape of its heap, which depends on all other timers.
    An observer's timers would then change the order of what it observes.
    """

    __slots__ = ("_place",)

    def __init__(self, number: int, when: float, *arguments: Any) -> None:
        super().__init__(when, *arguments)
        self._place = when, number

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        return self._place < other._place


class SimulatedLoop(IdleSkippingLoop):
    """A selector loop with real sockets and simulated time, starting at 0 s.

    The clock moves only while no callback is ready and no byte is in flight. A task or callback
    that never lets that happen is detected and not run any more, and ``on_spin`` is called with an
    error that names it.
    """

    def __init__(self) -> None:
        super().__init__(start=0.0, noop_cycles=0)
        self._loopback = Loopback()
        self._select_or_jump = self._selector.select  # looptime's: it moves the clock
        self._selector.select = self._select  # type: ignore[method-assign]
        self.on_spin: Callable[[SpinError], object] = _raise
        self._spin = SpinDetector(self)
        self.blocked_watch = BlockedLoopWatch(self, self._on_blocked)
        self._numbers = count()

    @property
    def turns(self) -> int:
        """Turns of the loop until now."""
        return self.blocked_watch.turns

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at second ``when``; callbacks of one second run in the order of these calls."""
        self._check_closed()  # type: ignore[attr-defined]
        timer = _Timer(next(self._numbers), when, callback, args, self, context)
        heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def limit_reading(self, address: object, buffer: ReceiveBuffer) -> None:
        """Send the device that will connect from this address no more than the buffer takes."""
        self._loopback.receive_buffers[address] = buffer

    def close(self) -> None:
        """Close the loop."""
        super().close()
        self._loopback.close()
        self.blocked_watch.close()

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
        return self._transport(sock, protocol, waiter, extra, server)

    def _make_ssl_transport(
        self,
        rawsock: socket.socket,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        server: asyncio.AbstractServer | None = None,
        **options: Any,
    ) -> asyncio.Transport:
        self._ensure_fd_no_transport(rawsock)  # type: ignore[attr-defined]
        in_tls = SSLProtocol(
            self,
            protocol,
            sslcontext,
            waiter,  # type: ignore[arg-type] # there is none for the upgrade of a connection
            **options,
        )
        self._transport(rawsock, in_tls, None, extra, server)
        app_transport: asyncio.Transport = in_tls._app_transport
        return app_transport

    def _transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None,
        extra: dict[str, Any] | None,
        server: asyncio.AbstractServer | None,
    ) -> LoopbackTransport:
        if sock.type == socket.SOCK_STREAM and sock.family in _INTERNET:
            # asyncio does it only if the socket names its protocol. Nagle's algorithm waits for an
            # acknowledgement, which takes real time.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return LoopbackTransport(self._loopback, self, sock, protocol, waiter, extra, server)

    def _select(self, timeout: float | None = None) -> list[Any]:
        """Poll the sockets; if none is ready and nothing is in flight, let the clock jump.

        ``timeout`` is 0 while callbacks are ready: then the clock does not move in any case.
        """
        if timeout != 0:
            self._loopback.wait_delivered()
            if self._loopback.is_unsent():
                return type(self._selector).select(self._selector, _UNSENT_POLL)
        return self._select_or_jump(timeout)

    def _process_events(self, event_list: list[Any]) -> None:
        # Both asyncio's loop and nest_asyncio's, which replaces _run_once, call this once a turn.
        super()._process_events(event_list)  # type: ignore[misc]
        self.blocked_watch.turn()
        error = self._spin.turn(self._ready)  # type: ignore[attr-defined]
        if error is not None:
            self.on_spin(error)

    def _on_blocked(self, error: SpinError) -> None:
        self.on_spin(error)


def _raise(error: Exception) -> None:
    raise error


def simulate(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main()`` to its end on simulated time and return its result, or raise its exception.

    The loop is a new one: in this thread, or in a new thread if a loop is running here already, as
    in a Jupyter kernel. asyncio is not patched. An interrupt (Ctrl-C) cancels ``main`` and is
    raised once it has cleaned up. Tasks that ``main`` leaves are cancelled; those that have not
    ended after 5 simulated seconds are abandoned.

    Raises:
        SpinError: a task or callback never let the loop idle. ``main`` was cancelled.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main)
    return _run_in_thread(main)


async def sleep_until(second: float) -> None:
    """Sleep until ``second`` of the running loop's clock; return at once if it has passed."""
    await asyncio.sleep(second - asyncio.get_running_loop().time())


async def settle() -> None:
    """Let everything that is due at this moment happen. Simulated time does not pass."""
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


def _run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    spins: list[SpinError] = []
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        try:
            result = runner.run(until_it_spins(main, spins))
        finally:
            runner.get_loop().set_exception_handler(lambda loop, context: None)
            runner.run(end_other_tasks(within=CANCEL_SECONDS))
    if spins:
        raise spins[0]
    return result


async def until_it_spins(main: Callable[[], Coroutine[Any, Any, T]], spins: list[SpinError]) -> T:
    """Run ``main()`` in a new task, to its end or until something spins; add errors to ``spins``.

    After a spin ``main`` is cancelled, and has 60 simulated seconds to clean up. It needs a bound:
    the cleanup may wait for the task that is not run any more.

    Raises:
        SpinError: the first one.
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
        loop.call_later(_CLEANUP_SECONDS, give_up)

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
        running.exception()  # retrieved, so that it is not logged: the spin caused it
    raise spins[0]


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
