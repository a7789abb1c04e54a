"""Notices that a service blocks its event loop in a call that takes no processor time."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Final

from ghosts.check.own import frame_in_words, own_frame
from ghosts.check.world.threads import sleeps

_EVERY: Final = 0.25
_NOTED: Final = 2
"""In how many looks a line was seen that is noted: about half a second."""


def blocks_the_loop(place: str) -> str:
    """Return that a line of the service blocks the event loop, in words."""
    return f"{place} blocks the event loop"


class Watchdog:
    """A thread that looks at what the main thread does, and says where it is blocked.

    It is blocked if it sleeps in the kernel at a line of the service. While the loop itself waits,
    no line of the service is on its stack. ``on_blocked`` is called if that was seen in every look
    for some ``seconds``, in the same callback of the loop; or in as many looks at the same line,
    which are most of all looks.
    """

    def __init__(self, on_blocked: Callable[[str], object], seconds: float) -> None:
        self._on_blocked = on_blocked
        self._limit = round(seconds / _EVERY)
        self._looks = 0
        self._seen: Counter[str] = Counter()
        self._parent = os.getppid()
        self._native = threading.get_native_id()
        self._main = threading.get_ident()

    def start(self) -> None:
        """Start it. It ends with the process."""
        threading.Thread(target=self._watch, name="ghosts-watchdog", daemon=True).start()

    def notes(self) -> list[str]:
        """Return which lines were seen to block the loop, though not for long."""
        return [blocks_the_loop(place) for place, looks in self._seen.items() if looks >= _NOTED]

    def _watch(self) -> None:
        before, count = None, 0
        never = threading.Event()
        while True:
            never.wait(_EVERY)
            if os.getppid() != self._parent:
                os._exit(1)  # the check was ended, and nobody waits for this cell
            here = self._sleeping_in()
            count = count + 1 if here is not None and here == before else 0
            before = here
            self._looks += 1
            if here is None:
                continue
            self._seen[here[0]] += 1
            again = self._seen[here[0]] > max(self._limit, self._looks / 2)
            if again or count >= self._limit:
                self._on_blocked(blocks_the_loop(here[0]))
                return

    def _sleeping_in(self) -> tuple[str, object] | None:
        """Return the line of the service, and the callback of the loop, in which it sleeps."""
        innermost = sys._current_frames().get(self._main)
        frame = own_frame(innermost)
        if frame is None or not sleeps(self._native):
            return None
        return frame_in_words(frame), _callback_of(innermost)


def _callback_of(frame: FrameType | None) -> object:
    """Return the callback that the loop runs at present: a new one after each turn."""
    while frame is not None and frame.f_code.co_name != "_run_once":
        frame = frame.f_back
    return None if frame is None else frame.f_locals.get("handle")
