"""How the loops of one session learn that there is work, and that the session ends."""

import asyncio


class Lifetime:
    """Three signals: the flag that the incident had, and what the fix added, in this order.

    ``disconnected`` is a flag: a loop sees it when it next looks. ``hurried`` is another: what
    waits for its age need not wait any more. ``shutdown`` is an event: it says the same, and ends
    every pause at once. A lifecycle that never sets it leaves the loops to their ticks.
    """

    def __init__(self) -> None:
        self.disconnected = False
        self._hurried = False
        self.shutdown = asyncio.Event()
        self._works: list[asyncio.Event] = []

    def __repr__(self) -> str:
        state = "shutdown" if self.shutdown.is_set() else "disconnected" * self.disconnected
        return f"<Lifetime {state or 'connected'}>"

    @property
    def over(self) -> bool:
        """Whether a loop should finish its work and return."""
        return self.disconnected or self.shutdown.is_set()

    @property
    def hurried(self) -> bool:
        """Whether a loop should do at its next look what it would otherwise do later."""
        return self._hurried or self.shutdown.is_set()

    def work(self) -> asyncio.Event:
        """Return an event that says there is work for one loop: to look at the flag is work."""
        work = asyncio.Event()
        self._works.append(work)
        return work

    def disconnect(self) -> None:
        """Raise the flag: the device is gone."""
        self.disconnected = True
        self._make_them_look()

    def hurry(self) -> None:
        """Raise the other flag: nothing is to wait for its age."""
        self._hurried = True
        self._make_them_look()

    def _make_them_look(self) -> None:
        for work in self._works:
            work.set()
