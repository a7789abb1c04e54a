"""Signals to the loops of a session: there is work, flush, the session ends."""

import asyncio
from types import TracebackType
from typing import Self


class StopSignals:
    """The signals of one session: the flag that the incident had, and those that the fix added.

    ``disconnected`` is a flag: a loop reads it at its next poll. A flush request is another flag:
    what is queued until it has reached an age is sent at the next poll. ``shutdown`` is an event:
    it means both, and ends every sleep at once. A lifecycle that never sets it leaves the loops to
    the flags, and so to their polls.
    """

    def __init__(self) -> None:
        self.disconnected = False
        self._flush_requested = False
        self.shutdown = asyncio.Event()
        self._work_events: list[asyncio.Event] = []

    def __repr__(self) -> str:
        state = "shutdown" if self.shutdown.is_set() else "disconnected" * self.disconnected
        return f"<StopSignals {state or 'connected'}>"

    @property
    def ending(self) -> bool:
        """Whether a loop should finish its work and return."""
        return self.disconnected or self.shutdown.is_set()

    @property
    def flushing(self) -> bool:
        """Whether a loop should send at its next poll what it would otherwise keep queued."""
        return self._flush_requested or self.shutdown.is_set()

    def work_event(self) -> asyncio.Event:
        """Return a new event for one loop; it is set when the loop has work, or a flag to read.

        An idle loop does not wake to poll, so a flag has to wake it: it counts as work. The owner
        of the loop sets the event when it queues something.
        """
        event = asyncio.Event()
        self._work_events.append(event)
        return event

    def disconnect(self) -> None:
        """Set the flag: the peer has disconnected."""
        self.disconnected = True
        self._wake_loops()

    def request_flush(self) -> None:
        """Set the other flag: what is queued is sent, whatever its age."""
        self._flush_requested = True
        self._wake_loops()

    def _wake_loops(self) -> None:
        for event in self._work_events:
            event.set()


class GracefulStop:
    """An async context manager whose block ends with TimeoutError once a stop is requested.

    The block is interrupted only where it awaits, so a frame that was read is handled. It is a
    timeout, and not a cancellation, because the task goes on after the block: it has to prepare the
    end of its session.
    """

    def __init__(self) -> None:
        self.requested = False
        self._timeout = asyncio.timeout(None)
        self._entered = False

    def request(self) -> None:
        """Request the stop. A request before the block is entered ends it at its first await."""
        self.requested = True
        if self._entered:
            self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._entered = True
        if self.requested:
            self.request()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered = False
        await self._timeout.__aexit__(kind, error, traceback)
