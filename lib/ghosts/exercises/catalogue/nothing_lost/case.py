"""The case of exercise 5: who sends which audio, when storage fails, and when the pod ends.

Seconds are those of the simulated clock. No value repeats with a period that a buffer, a counter
or a limit could be tuned to, and each conversation ends in another way.
"""

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from sys import byteorder
from typing import Final

from ghosts.pusher.spool_file import Key
from ghosts.records.fault import FaultMode

EPOCH: Final = 1_780_000_000.5
"""The Unix time at second 0."""
RATE: Final = 400
"""Bytes of audio per second of each device."""
STEP: Final = 10
"""Seconds of audio in a piece, unless its conversation has others."""
PIECE: Final = STEP * RATE
ROOM: Final = 2**27
"""Bytes of audio that there is room for at least: 11 hours of eight conversations."""
ROOM_IN_WORDS: Final = f"{ROOM:,} ({ROOM >> 20} MiB)"
_MARK: Final = 0xF3F2F1F0
"""The word in the middle of a piece, followed by one that no other piece has."""
_EDGES: Final = b"\n\n", b"  ", bytes(2), b"\r\n", b"\xff\xff"
"""What pieces begin and end with, in turn: none of it may be taken for a separator or padding."""
_REPEATED: Final = 5, 41
"""The numbers of the pieces that are equal to the one before, as a tone is."""

OUTAGE: Final = (120, 720)
SLOW: Final = (1000, 1300)
SLOW_SECONDS: Final = 20.0
FAULTS: Final = (
    (OUTAGE, FaultMode.NEVER_ANSWERS),
    (SLOW, FaultMode.SLOW),
    ((1300, 1380), FaultMode.ANSWER_LOST),
)
NOT_FOUND: Final = (1440, 1520)
"""Uploads fail at once with status 404."""
FORBIDDEN: Final = (1520, 1620)
"""Uploads fail at once with status 403. So the folder has audio when its disk is full."""
DISK_FULL: Final = (1502, 1580)
LONG_OUTAGE: Final = (2060, 2060 + 6 * 3600)
"""Uploads fail at once, later at the deadline: see :mod:`storage_client`."""
CAUGHT_UP: Final = 1200
"""Seconds after an outage in which all is stored that was kept."""
END: Final = LONG_OUTAGE[1] + CAUGHT_UP + 0.37


@dataclass(frozen=True, slots=True)
class Conversation:
    """The audio of one conversation; ``over`` is whether its session ends before its process."""

    number: int
    key: Key
    first: int
    """The second of its first sample."""
    last: float
    """The second at which it ends; its last piece is shorter than the others, or as long."""
    over: bool = True
    silent: bool = False
    step: int = STEP

    @property
    def started_at(self) -> float:
        """The Unix time of its first sample."""
        return EPOCH + self.first

    def pieces(self) -> range:
        """Return the second of the first sample of each piece."""
        return range(self.first, math.ceil(self.last), self.step)

    def complete(self, at: int) -> float:
        """Return the second at which the piece is complete that begins at ``at``."""
        return min(at + self.step, self.last)

    def size(self, at: int) -> int:
        """Return the bytes of a piece."""
        return round((self.complete(at) - at) * RATE)

    def is_like_others(self, at: int) -> bool:
        """Return whether a piece has no bytes by which it could be found."""
        return self.silent or self._number(at) in _REPEATED

    def audio(self, at: int) -> bytes:
        """Return a piece: silence, or bytes that occur once unless they are repeated at once."""
        size, number = self.size(at), self._number(at)
        if self.silent:
            return bytes(size)
        if number in _REPEATED:
            return self.audio(at - self.step)
        first = self.mark(at) - size // 8 - 1
        words = array("I", range(first, first + size // 4 + 1))
        words[size // 8] = _MARK
        edge = _EDGES[number % len(_EDGES)]
        return edge + words.tobytes()[2 : size - 2] + edge

    def mark(self, at: int) -> int:
        """Return the number by which :func:`marks_in` finds the piece that begins at ``at``."""
        return (self.number + 1 << 20) + (at - self.first) * RATE // 4 + self.size(at) // 8 + 1

    def _number(self, at: int) -> int:
        return (at - self.first) // self.step


def marks_in(content: bytes) -> set[int]:
    """Return the marks of the pieces of which the middle is somewhere in ``content``."""
    found = re.findall(re.escape(_MARK.to_bytes(4, byteorder)) + b"(.{4})", content, re.DOTALL)
    return {int.from_bytes(each, byteorder) for each in found}


CONVERSATIONS: Final = (
    Conversation(0, Key("device-0", "conversation-1"), 0, 600),
    Conversation(1, Key("device-1", "conversation-1"), 10, 610, silent=True),
    Conversation(2, Key("device-2", "conversation-1"), 2, 602.175),  # its last piece has 70 bytes
    Conversation(3, Key("device-0", "conversation-2"), 622, 1702, over=False),
    Conversation(4, Key("device-3", "conversation-1"), 4, 1704, over=False),
    Conversation(5, Key("device-4", "conversation-1"), 14, 1704, over=False, silent=True),
    Conversation(6, Key("device-5", "conversation-2"), 24, 1704, over=False),
    Conversation(7, Key("device-6", "conversation-1"), 34, 1744),
    # It was recorded without a network: one piece of about a megabyte.
    Conversation(8, Key("device-7", "conversation-1"), -2520, 80, over=False, step=2600),
    Conversation(9, Key("device-6", "conversation-2"), 1864, 2064),
    Conversation(10, Key("device-3", "conversation-2"), 1994, 2064, over=False),
    Conversation(11, Key("device-5", "conversation-3"), 22_004, 22_034, over=False),
)
ANSWER_LOST_FOR: Final = CONVERSATIONS[10].key
"""Its first uploads in the long outage are stored, and not answered: repeated for hours."""
BY_KEY: Final = {each.key: each for each in CONVERSATIONS}


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the pod. It is killed at second ``end``, or stopped: then it has 10 s."""

    number: int
    begin: float
    end: float
    killed: bool


# A kill comes right after a piece. A stop does not: ``asyncio.wait_for`` of Python 3.11 loses a
# cancellation that comes at the moment at which what it waits for is done.
_ENDS: Final = (
    (0, True),
    (405.37, False),  # in the outage, with uploads that are not answered
    (654, True),  # in the outage, after three sessions
    (1194, True),  # while storage is slow: some of a round is confirmed
    (1264, True),
    (1344, True),  # with deliveries that storage has, and has not confirmed
    (1507.37, False),  # with a disk that is full
    (1544, True),  # with a disk that is full, and audio in the folder
    (1704, True),  # four devices leave at that moment, too
    (1834, True),  # with an empty folder, unless a pause is long
    (1974, True),
    (21_064, True),  # with audio that is five hours old
    (END, False),
)
PROCESSES: Final = tuple(
    Process(number, begin, end, killed)
    for number, ((begin, _), (end, killed)) in enumerate(pairwise(_ENDS))
)


EMPTIED: Final = (Process(0, 0, 205, killed=True), Process(1, 205, 760, killed=True))
"""Between these two the folder is emptied. The first is killed in the outage, like a disk that
fails: what it had not uploaded is lost, if it was only in the folder."""


def moments(begin: float, end: float) -> Iterator[tuple[float, list[tuple[Conversation, int]]]]:
    """Yield the seconds after ``begin``, up to ``end``, at which pieces are complete, and these."""
    complete: dict[float, list[tuple[Conversation, int]]] = defaultdict(list)
    for each in CONVERSATIONS:
        for at in each.pieces():
            complete[each.complete(at)].append((each, at))
    for second in sorted(complete):
        if begin < second <= end:
            yield second, complete[second]
