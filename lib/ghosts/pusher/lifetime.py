"""How the loops of one session learn that there is work, and that the session ends."""

import asyncio
import math

from async_tasks import sleep_until_shutdown

_ROUNDING = 1e-6


class Lifetime:
    """Two signals, as in the incident: the flag that was there, and the event that the fix added.

    ``disconnected`` is a flag: a loop sees it when it next looks. ``shutdown`` is an event: it ends
    every pause at once. A lifecycle that never sets it leaves the loops to their ticks.
    """

    def __init__(self) -> None:
        self.disconnected = False
        self.shutdown = asyncio.Event()
        self._wakes: list[asyncio.Event] = []

    def __repr__(self) -> str:
        state = "shutdown" if self.shutdown.is_set() else "disconnected" * self.disconnected
        return f"<Lifetime {state or 'connected'}>"

    @property
    def over(self) -> bool:
        """Whether a loop should finish its work and return."""
        return self.disconnected or self.shutdown.is_set()

    def work(self) -> asyncio.Event:
        """Return an event for one loop's work. The end of the session sets it too."""
        wake = asyncio.Event()
        self._wakes.append(wake)
        return wake

    def disconnect(self) -> None:
        """Raise the flag: the device is gone."""
        self.disconnected = True
        self._wake_all()

    def shut_down(self) -> None:
        """Set the event: finish now."""
        self.shutdown.set()
        self._wake_all()

    async def next_look(
        self, work: asyncio.Event, *, every: float, due_in: float | None = None
    ) -> None:
        """Sleep as a poller does that looks ``every`` so many seconds, but skip the idle looks.

        Returns at the first look after ``work`` was set or ``due_in`` seconds have passed, and at
        shutdown at once. What a loop does, and when, is the same as if it looked every time; an
        idle session costs nothing.
        """
        now = asyncio.get_running_loop().time
        began = now()
        if due_in is None:
            await work.wait()
        elif due_in > 0:
            await sleep_until_shutdown(work, due_in)
        looks = max(1, math.ceil((now() - began - _ROUNDING) / every))
        await sleep_until_shutdown(self.shutdown, began + looks * every - now())

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.set()
