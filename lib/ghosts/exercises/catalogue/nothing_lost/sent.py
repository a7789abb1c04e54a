"""What was uploaded, compared with the audio that was kept."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ghosts.exercises.catalogue.nothing_lost.case import (
    BY_KEY,
    CONVERSATIONS,
    PIECE,
    RATE,
    Conversation,
)
from ghosts.pusher.spool_file import Key

Range: TypeAlias = tuple[int, int]
"""Bytes of a conversation, from the first up to the second."""
Streams: TypeAlias = Mapping[Key, bytes]
"""The audio of each conversation that ``keep`` was called with."""

_EXACT: Final = 0.05
"""Of a byte: times are numbers of 64 bits."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one upload sends: of which conversation it says to be, since when, and the bytes."""

    key: Key
    started_at: float
    audio: bytes

    def place(self, streams: Streams) -> Range | None:
        """Return which bytes of its conversation it is; None if its bytes are others."""
        if self.key not in streams or not math.isfinite(self.started_at):
            return None
        exact = (self.started_at - BY_KEY[self.key].started_at) * RATE
        start = round(exact)
        end = start + len(self.audio)
        if start < 0 or abs(exact - start) > _EXACT:
            return None
        return (start, end) if streams[self.key][start:end] == self.audio else None


def streams_of(pieces: Iterable[tuple[Conversation, int]]) -> Streams:
    """Return the audio of pieces, given by their conversation and second, in order."""
    parts: dict[Key, list[bytes]] = {each.key: [] for each in CONVERSATIONS}
    for conversation, at in pieces:
        parts[conversation.key].append(conversation.audio(at))
    return {key: b"".join(audio) for key, audio in parts.items()}


def uncovered(ranges: Iterable[Range], size: int) -> list[Range]:
    """Return the ranges of ``size`` bytes that are in none of these."""
    reached, missing = 0, []
    for start, end in sorted([*ranges, (size, size)]):
        if start > reached:
            missing.append((reached, start))
        reached = max(reached, end)
    return missing


def mistake_of(sent: Sent, streams: Streams) -> tuple[str, str] | None:
    """Return ``name`` or ``bytes``, and in words how it differs from what was kept."""
    if not sent.audio or sent.place(streams) is not None:
        return None
    words = _wrong_key(sent, streams) or _wrong_start(sent, streams)
    if words is not None:
        return "name", words
    return "bytes", _wrong_bytes(sent, streams)


def _wrong_key(sent: Sent, streams: Streams) -> str | None:
    uid, conversation = sent.key
    if (conversation, uid) in streams:
        return f"audio of {conversation} was uploaded with uid and conversation_id exchanged"
    owner = _found(sent.audio, streams)
    if sent.key not in streams:
        of = "audio" if owner is None else f"audio of {_words(owner[0])}"
        return f"{of} was uploaded as that of {_words(sent.key)}, which does not exist"
    if owner is None or owner[0] == sent.key or sent.audio in streams[sent.key]:
        return None
    return f"audio of {_words(owner[0])} was uploaded as that of {_words(sent.key)}"


def _wrong_start(sent: Sent, streams: Streams) -> str | None:
    start = streams[sent.key].find(sent.audio)
    if start < 0:
        return None
    true = BY_KEY[sent.key].started_at + start / RATE
    late = sent.started_at - true
    if _is_cut(sent, start):
        return None
    if not math.isfinite(late):
        return f"audio of {_words(sent.key)} was uploaded with started_at={sent.started_at}"
    return (
        f"audio of {_words(sent.key)} was uploaded with a started_at that is {abs(late):,.4g} s "
        f"too {'late' if late > 0 else 'early'}"
    )


def _is_cut(sent: Sent, start: int) -> bool:
    """Return whether it begins at a piece whose first bytes, less than a second, it has not."""
    claimed = (sent.started_at - BY_KEY[sent.key].started_at) * RATE
    return 0 < start - claimed < RATE and abs(claimed / PIECE - round(claimed / PIECE)) < 1e-6


def _wrong_bytes(sent: Sent, streams: Streams) -> str:
    name, audio = _words(sent.key), sent.audio
    claimed = round((sent.started_at - BY_KEY[sent.key].started_at) * RATE)
    expected = streams[sent.key][max(claimed, 0) : claimed + len(audio)]
    if audio[::-1] in streams[sent.key]:
        return f"the bytes of {name} were stored in reverse order"
    start = streams[sent.key].find(audio)
    if start >= 0 and _is_cut(sent, start):
        return f"{_bytes(start - claimed)} at the beginning of an object of {name} are missing"
    if sorted(audio) == sorted(expected):
        return f"the bytes of {name} were stored in another order than they were kept in"
    same = next(
        (n for n, pair in enumerate(zip(audio, expected, strict=False)) if pair[0] != pair[1]), None
    )
    if same is None:
        return f"an object of {name} has {_bytes(len(audio) - len(expected))} more than were kept"
    after = streams[sent.key].find(audio[same : same + 400])
    if not any(audio[same:]):
        return f"from byte {same:,} on, an object of {name} has zeros in place of what was kept"
    if after > claimed + same:
        skipped = after - claimed - same
        return f"an object of {name} leaves out {_bytes(skipped)} after its byte {same:,}"
    return f"from byte {same:,} on, an object of {name} has other bytes than were kept"


def _found(audio: bytes, streams: Streams) -> tuple[Key, int] | None:
    for key, stream in streams.items():
        if audio in stream:
            return key, stream.find(audio)
    return None


def _words(key: Key) -> str:
    return f"{key.uid}, {key.conversation_id}"


def _bytes(number: int) -> str:
    return "1 byte" if number == 1 else f"{number:,} bytes"
