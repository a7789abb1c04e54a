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


@dataclass(frozen=True, slots=True)
class Mistake:
    """How an upload differs from what was kept: in its bytes, or in what it says of them."""

    of_bytes: bool
    words: str


def first_mistake(uploads: Iterable[Sent], streams: Streams) -> Mistake | None:
    """Return the first mistake; one in silence, which is alike everywhere, if there is no other."""
    wrong = [each for each in uploads if each.audio and each.place(streams) is None]
    if not wrong:
        return None
    sent = next((each for each in wrong if any(each.audio)), wrong[0])
    words = _wrong_key(sent, streams) or _wrong_start(sent, streams)
    return Mistake(words is None, words or _wrong_bytes(sent, streams))


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
    if not math.isfinite(late):
        return f"audio of {_words(sent.key)} was uploaded with a started_at that is no number"
    if _is_cut(sent, start):
        return None
    return (
        f"audio of {_words(sent.key)} was uploaded with a started_at that is {abs(late):,.4g} s "
        f"too {'late' if late > 0 else 'early'}"
    )


def _is_cut(sent: Sent, start: int) -> bool:
    """Return whether it begins at a piece whose first bytes, less than a second, it has not."""
    claimed = _claimed(sent)
    return 0 < start - claimed < RATE and claimed % PIECE == 0


def _claimed(sent: Sent) -> float:
    """Return the byte of its conversation at which it says to begin."""
    exact = (sent.started_at - BY_KEY[sent.key].started_at) * RATE
    return round(exact) if abs(exact - round(exact)) < _EXACT else exact


def _wrong_bytes(sent: Sent, streams: Streams) -> str:
    name, audio, stream = _words(sent.key), sent.audio, streams[sent.key]
    claimed = _claimed(sent)
    if audio[::-1] in stream:
        return f"the bytes of {name} were uploaded in reverse order"
    if audio in stream:
        lacking = stream.find(audio) - round(claimed)
        return f"an upload of {name} lacks {_bytes(lacking)} at its beginning"
    expected = stream[max(0, round(claimed)) :][: len(audio)]
    if sorted(audio) == sorted(expected):
        return f"the bytes of {name} were uploaded in another order than they were kept in"
    same = next((n for n, byte in enumerate(expected) if audio[n] != byte), len(expected))
    rest = audio[same : same + PIECE // 2]
    if not any(rest):
        return f"an upload of {name} has zeros from byte {same:,} on, and other bytes were kept"
    owner = _found(rest, streams)
    if owner is None:
        return f"an upload of {name} has other bytes than were kept, from byte {same:,} on"
    if owner[0] != sent.key:
        return f"an upload of {name} has audio of {_words(owner[0])} from byte {same:,} on"
    skipped = owner[1] - round(claimed) - same
    if skipped > 0:
        return f"an upload of {name} leaves out {_bytes(skipped)} after its byte {same:,}"
    return f"an upload of {name} has the same audio twice: from byte {same:,} on it is repeated"


def _found(audio: bytes, streams: Streams) -> tuple[Key, int] | None:
    for key, stream in streams.items():
        if audio in stream:
            return key, stream.find(audio)
    return None


def _words(key: Key) -> str:
    return f"{key.uid}, {key.conversation_id}"


def _bytes(number: int) -> str:
    return "1 byte" if number == 1 else f"{number:,} bytes"
