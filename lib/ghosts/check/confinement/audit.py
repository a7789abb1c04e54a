"""A guard that refuses what would leave loopback, and records what an app does to its machine."""

import multiprocessing.util
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EPERM
from types import FrameType
from typing import Any, Final

from ghosts.check.confinement.acts import ACTS, ON_DISK, SPAWN, Act, Rule
from ghosts.check.confinement.private_files import Copies
from ghosts.check.own import frame_in_words

MOST_TARGETS: Final = 5
"""Targets recorded for the same verb at the same place, such as the files that one line writes."""
MOST_PLACES: Final = 1000
OTHERS: Final = f"others than the first {MOST_TARGETS}"
REASONS: Final = {
    Rule.NOWHERE: "ghosts check allows loopback only",
    Rule.IN_A_PRIVATE_NETWORK: (
        "ghosts check allows loopback only, and this system offers no private network for it"
    ),
}


@dataclass(frozen=True, slots=True)
class SideEffect:
    """What the app did outside of the experiment, and where in its code."""

    what: str
    """In plain words, for instance ``writes /tmp/cache.json``."""
    place: str | None
    """``file:line in function`` of the app's own code; ``None`` if a library did it by itself."""
    refused: bool


class Guard:
    """Refuses what would leave loopback; records this, and what the app does to its machine.

    An audit hook cannot be removed: `install` is for the process that is started to check an app
    and its forks, never for the process of the user. A fork has the findings up to then, and
    records its own.

    It sees what goes through Python, in any thread. What a C library does by itself is confined by
    a private network only.

    Args:
        is_own: Whether a file, by the name in its code objects, is the app's own code.
        private: The process is in a private network: programs that it starts, and sockets that are
            bound to every interface, reach nothing outside. They are recorded, not refused.
        copies: The copies of folders that the process has: what it writes to them is called a copy.
    """

    def __init__(
        self, is_own: Callable[[str], bool], *, private: bool, copies: Copies | None = None
    ) -> None:
        self._is_own = is_own
        self._private = private
        self._copies = copies or Copies()
        self._thread = threading.local()
        self._refused: dict[tuple[str, str | None], dict[str, bool]] = {}
        """By verb and place: the targets, and whether each was refused."""

    def install(self) -> None:
        """Guard this process, and its forks, until they end."""
        _audit_multiprocessing()
        known = ACTS.get
        thread = self._thread

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            read = known(event)  # first of all: most events, and there are many, are of no interest
            if read is None or getattr(thread, "suspended", False):
                return
            frame = sys._getframe().f_back
            if event in ON_DISK and _is_import(frame):
                return
            if act := read(arguments):
                self._judge(act, frame)

        sys.addaudithook(hook)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Ignore what this thread does inside the block: the acts of the check itself.

        The block must not await: it would cover the tasks that run meanwhile.
        """
        before = getattr(self._thread, "suspended", False)
        self._thread.suspended = True
        try:
            yield
        finally:
            self._thread.suspended = before

    def resume(self) -> None:
        """Guard this thread again: a fork that was made inside of ``suspended``."""
        self._thread.suspended = False

    def side_effects(self) -> list[SideEffect]:
        """Return each different finding once, by the first occurrence of its verb and place.

        At most five targets are named for the same verb and place, then that there were others.
        After a thousand of these pairs nothing more is recorded; refusals go on.
        """
        return [
            SideEffect(f"{verb} {target}", place, refused)
            for (verb, place), targets in list(self._refused.items())
            for target, refused in list(targets.items())
        ]

    def _judge(self, act: Act, frame: FrameType | None) -> None:
        refused = act.rule is Rule.NOWHERE or (
            act.rule is Rule.IN_A_PRIVATE_NETWORK and not self._private
        )
        self._record(act, self._place(frame), refused)
        if refused:
            raise PermissionError(EPERM, f"the app {act}: {REASONS[act.rule]}")

    def _record(self, act: Act, place: str | None, refused: bool) -> None:
        key = act.verb, place
        if key not in self._refused and len(self._refused) == MOST_PLACES:
            return
        # no lock: the app may fork while another of its threads is here
        targets = self._refused.setdefault(key, {})
        copied = act.path is not None and self._copies.include(act.path)
        target = f"{act.target} (a copy)" if copied else act.target
        full = target not in targets and len(targets) >= MOST_TARGETS
        targets.setdefault(OTHERS if full else target, refused)

    def _place(self, frame: FrameType | None) -> str | None:
        while frame is not None:
            if self._is_own(frame.f_code.co_filename):
                return frame_in_words(frame)
            frame = frame.f_back
        return None


def _is_import(frame: FrameType | None) -> bool:
    """Return whether this is an import, which stores the modules that it compiles."""
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")


def _audit_multiprocessing() -> None:
    """Make an event of the programs that `multiprocessing` starts, for instance as workers."""
    spawn = multiprocessing.util.spawnv_passfds

    def audited(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        sys.audit(SPAWN, path, args)
        return spawn(path, args, passfds)

    multiprocessing.util.spawnv_passfds = audited
