"""How the loops of one session learn that there is work, and that the session ends."""

import asyncio


class Lifetime:
    """Two signals, as in the incident: the flag that was there, and the event that the fix added.

    ``disconnected`` is a flag: a loop sees it when it next looks. ``shutdown`` is an event: it ends
    every pause at once. A lifecycle that never sets it leaves the loops to their ticks.
    """

    def __init__(self) -> None:
        self.disconnected = False
        self.shutdown = asyncio.Event()
        self._works: list[asyncio.Event] = []

    def __repr__(self) -> str:
        state = "shutdown" if self.shutdown.is_set() else "disconnected" * self.disconnected
        return f"<Lifetime {state or 'connected'}>"

    @property
    def over(self) -> bool:
        """Whether a loop should finish its work and return."""
        return self.disconnected or self.shutdown.is_set()

    def work(self) -> asyncio.Event:
        """Return an event that says there is work for one loop: to look at the flag is work."""
        work = asyncio.Event()
        self._works.append(work)
        return work

    def disconnect(self) -> None:
        """Raise the flag: the device is gone."""
        self.disconnected = True
        for work in self._works:
            work.set()
