"""The loop that a service runs on: it knows whose each connection is, and waits for threads."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from ghosts.check.world.service_loop import ServiceLoop
from ghosts.check.world.threads import ThreadCalls, another_thread_runs
from ghosts.simulation import real_time
from ghosts.simulation.clock import SimulatedLoop

_SLICE: Final = 0.002
"""Real seconds between two checks of whether a thread of the service still works."""
_IDLE_CHECKS: Final = 8
"""Checks in a row in which all threads sleep, after which only the loop can wake them."""
_REPLY_SECONDS: Final = 0.25
"""Real seconds in which a real server that was sent something is waited for."""
_MORE_SECONDS: Final = 0.008
"""Real seconds in which more may come once it has answered."""


class CheckedLoop(ServiceLoop, SimulatedLoop):
    """A simulated loop for a service.

    The clock does not jump while a thread of the service works, nor while the answer of a real
    server may still come.
    """

    def __init__(
        self, threads: ThreadCalls, owner_of: Callable[[socket.socket], object | None]
    ) -> None:
        super().__init__()
        self.follow(owner_of)
        self.on_time: Callable[[float], object] = lambda seconds: None
        self._threads = threads
        self._told = -1.0
        self._reply_until = 0.0
        self._last_step_at: float | None = None
        self._slept = 0.0

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return super().time() + self._slept

    def sleep(self, seconds: float) -> None:
        """Let time pass in which nothing else runs: the service sleeps in this thread."""
        self._slept += seconds
        self.on_time(self.time())

    def expect_reply(self, has_replied: bool) -> None:
        """Wait for a real server before the clock jumps: long for an answer, briefly for more."""
        wait = _MORE_SECONDS if has_replied else _REPLY_SECONDS
        self._reply_until = real_time.monotonic() + wait

    def thread_wait(self) -> tuple[Callable[[], None], Callable[[], None]]:
        """Return what begins and what ends a wait of the calling thread for simulated time."""
        return self._threads.wait()

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Run a function in a thread, as asyncio does."""
        # looptime's would let simulated time pass as slowly as real time until it returns.
        return asyncio.BaseEventLoop.run_in_executor(self, executor, func, *args)

    def _select(self, timeout: float | None = None) -> list[Any]:
        if timeout != 0:
            ready = self._wait_for_others(timeout)
            if ready:
                return ready
        ready = super()._select(timeout)
        if self.time() != self._told:
            self._told = self.time()
            self.on_time(self._told)
        return ready

    def _wait_for_others(self, timeout: float | None) -> list[Any]:
        """Return the sockets that become ready while threads work or a real server may answer."""
        idle = 0
        while (working := self._threads.any_working()) or self._reply_until > real_time.monotonic():
            self._loopback.wait_delivered()
            ready = type(self._selector).select(self._selector, _SLICE)
            if ready:
                return ready
            if not working:
                continue
            idle = 0 if another_thread_runs() else idle + 1
            if idle < _IDLE_CHECKS:
                continue
            rate = self._threads.rate()
            if not rate:
                self._threads.found_asleep()
                self._last_step_at = None
                break
            step = self._real_seconds_since_last() * rate
            if timeout is not None and step >= timeout:
                break
            super()._select(step)
            timeout = None if timeout is None else timeout - step
            self.on_time(self.time())
        if not working:
            self._last_step_at = None
        return []

    def _real_seconds_since_last(self) -> float:
        """Return the real time since the last step, busy time included; 0 at the first."""
        now, before = real_time.monotonic(), self._last_step_at
        self._last_step_at = now
        return 0.0 if before is None else now - before
