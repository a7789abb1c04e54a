"""The case of exercise 5: who sends which audio, when storage fails, and when the pod ends.

Seconds are those of the simulated clock. No value repeats with a period that a buffer, a counter
or a limit could be tuned to, and each conversation ends in another way.
"""

import re
from array import array
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
"""Seconds of audio in each piece."""
PIECE: Final = STEP * RATE
ROOM: Final = 2**27
"""Bytes of audio that there is room for at least: 11 hours of eight conversations."""
ROOM_IN_WORDS: Final = f"{ROOM:,} ({ROOM >> 20} MiB)"
_MARK: Final = 0xF3F2F1F0
_MIDDLE: Final = PIECE // 8
"""The word of a piece that is its mark, followed by a word that no other piece has."""

OUTAGE: Final = (120, 720)
SLOW: Final = (1000, 1300)
SLOW_SECONDS: Final = 20.0
FAULTS: Final = (
    (OUTAGE, FaultMode.NEVER_ANSWERS),
    (SLOW, FaultMode.SLOW),
    ((1300, 1380), FaultMode.ANSWER_LOST),
)
DISK_FULL: Final = (1502, 1580)
LONG_OUTAGE: Final = (2060, 2060 + 6 * 3600)
"""Uploads fail at once, later at the deadline: see :mod:`storage_client`."""
CAUGHT_UP: Final = 1200
"""Seconds after an outage in which all is stored that was kept."""
END: Final = LONG_OUTAGE[1] + CAUGHT_UP


@dataclass(frozen=True, slots=True)
class Conversation:
    """The audio of one conversation; ``over`` is whether its session ends before its process."""

    number: int
    key: Key
    first: int
    """The second of its first sample."""
    last: int
    over: bool = True
    silent: bool = False

    @property
    def started_at(self) -> float:
        """The Unix time of its first sample."""
        return EPOCH + self.first

    def audio(self, at: int) -> bytes:
        """Return the piece that begins at second ``at``: silence, or bytes that occur once."""
        if self.silent:
            return bytes(PIECE)
        first = self.mark(at) - _MIDDLE - 1
        words = array("I", range(first, first + PIECE // 4))
        words[_MIDDLE] = _MARK
        return words.tobytes()

    def mark(self, at: int) -> int:
        """Return the number by which :func:`marks_in` finds the piece that begins at ``at``."""
        return (self.number + 1 << 20) + (at - self.first) * RATE // 4 + _MIDDLE + 1


def marks_in(content: bytes) -> set[int]:
    """Return the marks of the pieces of which the middle is somewhere in ``content``."""
    found = re.findall(re.escape(_MARK.to_bytes(4, byteorder)) + b"(.{4})", content, re.DOTALL)
    return {int.from_bytes(each, byteorder) for each in found}


CONVERSATIONS: Final = (
    Conversation(0, Key("device-0", "conversation-1"), 0, 600),
    Conversation(1, Key("device-1", "conversation-1"), 10, 610, silent=True),
    Conversation(2, Key("device-2", "conversation-1"), 2, 602),
    Conversation(3, Key("device-0", "conversation-2"), 622, 1702, over=False),
    Conversation(4, Key("device-3", "conversation-1"), 4, 1704, over=False),
    Conversation(5, Key("device-4", "conversation-1"), 14, 1704, over=False, silent=True),
    Conversation(6, Key("device-5", "conversation-2"), 24, 1704, over=False),
    Conversation(7, Key("device-6", "conversation-1"), 34, 2084),
)
BY_KEY: Final = {each.key: each for each in CONVERSATIONS}


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the pod. It is killed at second ``end``, or stopped: then it has 10 s."""

    number: int
    begin: int
    end: int
    killed: bool


_ENDS: Final = (
    (0, True),
    (405, False),  # in the outage, with uploads that are not answered
    (654, True),  # in the outage, after three sessions
    (1344, True),  # with deliveries that storage has, and has not confirmed
    (1502, False),
    (1544, True),  # with a disk that is full
    (1704, True),  # four devices leave at that moment, too
    (1834, True),
    (1974, True),
    (END, False),
)
PROCESSES: Final = tuple(
    Process(number, begin, end, killed)
    for number, ((begin, _), (end, killed)) in enumerate(pairwise(_ENDS))
)


EMPTIED: Final = (Process(0, 0, 205, killed=True), Process(1, 205, 760, killed=True))
"""Between these two the folder is emptied. The first is killed in the outage, like a disk that
fails: what it had not uploaded is lost, if it was only in the folder."""


def moments(begin: int, end: int) -> Iterator[tuple[int, list[Conversation]]]:
    """Yield the seconds after ``begin``, up to ``end``, at which pieces are complete, and whose."""
    for second in range(begin + 1, min(end, max(each.last for each in CONVERSATIONS)) + 1):
        senders = [
            each
            for each in CONVERSATIONS
            if each.first < second <= each.last and (second - each.first) % STEP == 0
        ]
        if senders:
            yield second, senders
