"""What was observed of an answer, and which pieces of audio storage does not have."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from ghosts.exercises.catalogue.nothing_lost.case import (
    BY_KEY,
    PROCESSES,
    RATE,
    STEP,
    Conversation,
    marks_in,
)
from ghosts.exercises.catalogue.nothing_lost.sent import (
    Range,
    Sent,
    Streams,
    streams_of,
    uncovered,
)
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload
from ghosts.pusher.spool_file import Key


@dataclass(frozen=True, slots=True)
class Failed:
    """An exception of the reader's code."""

    method: str
    words: str
    line: str
    at: float
    ends_process: bool
    """Whether it is none that an ``except Exception`` catches."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of audio for which ``keep`` has returned."""

    conversation: Conversation
    at: int
    """The second of its first sample."""
    process: int
    did_not_fit: bool
    """Whether SpoolFullError was raised for it, and ``keep`` returned nevertheless."""

    @property
    def range(self) -> Range:
        """Its bytes of its conversation."""
        start = (self.at - self.conversation.first) * RATE
        return start, start + self.size

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.conversation.size(self.at)

    @property
    def complete(self) -> float:
        """The second at which the device had all of it."""
        return self.conversation.complete(self.at)

    @property
    def is_like_others(self) -> bool:
        """Whether it has no bytes by which it could be found."""
        return self.conversation.is_like_others(self.at)


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece that storage does not have, or of which it has a part."""

    piece: Piece
    bytes: int
    tries: list[Upload]
    """The attempts to upload it."""
    on_disk: list[int]
    """The processes at whose end its bytes were in a file of the folder."""


@dataclass(slots=True)
class Observed:
    """What was observed."""

    uploads: list[Upload]
    pieces: list[Piece] = field(default_factory=list)
    stored: list[Sent] = field(default_factory=list)
    failed: Failed | None = None
    returned_at: float | None = None
    """When ``deliver`` returned, which nobody had asked for."""
    went_on: tuple[float, str] | None = None
    """When ``deliver`` was cancelled and did not end, and where it was suspended then."""
    writes_at_once: bool = True
    """Whether the first pieces were in a file of the folder when ``keep`` had returned."""
    removed_with_session: set[Piece] = field(default_factory=set)
    """Those that were in the folder before ``session_ended`` was called, and not after it."""
    removed_at_stop: set[Piece] = field(default_factory=set)
    """Those that were in the folder before ``deliver`` was cancelled, and not after it."""
    removed_when_full: set[Piece] = field(default_factory=set)
    """Those that were in the folder before ``keep`` was called with a full disk, and not after."""
    refused: set[tuple[Key, float]] = field(default_factory=set)
    """The conversation and start of the pieces for which ``keep`` raised with a full disk."""
    elsewhere: set[str] = field(default_factory=set)
    """The names of spools that are not in the folder that was given."""
    sizes: list[int] = field(default_factory=list)
    """The ``max_bytes`` of the spools that were made."""
    ended_early: bool = False
    """Whether the case did not come to its end: what it had shown by then was enough."""
    folder_used: bool = True
    """Whether a file was in the folder when the process was killed in the outage."""
    missing: list[Missing] = field(default_factory=list)
    lost: int = 0
    """Bytes that storage does not have."""
    twice: int = 0
    """Bytes stored more than once (each extra copy counts)."""
    streams: Streams = field(default_factory=dict)
    tries: dict[tuple[Key, int], list[Upload]] = field(default_factory=dict)
    """The attempts to upload each piece, by its conversation and first byte."""

    @property
    def received(self) -> int:
        """Bytes for which ``keep`` has returned."""
        return sum(each.size for each in self.pieces)

    def find_missing(self, disks: Path) -> None:
        """Compare what is stored with what was kept; ``disks`` has a copy for each process."""
        self.streams = streams_of((each.conversation, each.at) for each in self.pieces)
        ranges: dict[Key, list[Range]] = defaultdict(list)
        for each in self.stored:
            place = each.place(self.streams)
            if place is not None:
                ranges[each.key].append(place)
        holes = {key: uncovered(ranges[key], len(stream)) for key, stream in self.streams.items()}
        self.lost = sum(end - start for each in holes.values() for start, end in each)
        sizes = sum(end - start for each in ranges.values() for start, end in each)
        self.twice = sizes - (self.received - self.lost)
        self.folder_used = any(each.is_file() for each in (disks / "1").rglob("*"))
        lost = [
            (piece, size)
            for piece in self.pieces
            if (size := _overlap(piece.range, holes[piece.conversation.key]))
        ]
        self.tries = self._tries()
        if lost:
            found = _on_disks(disks, [piece for piece, _ in lost])
            self.missing = [
                Missing(
                    piece, size, self.tries[piece.conversation.key, piece.range[0]], found[piece]
                )
                for piece, size in lost
            ]

    def _tries(self) -> dict[tuple[Key, int], list[Upload]]:
        """Return the attempts to upload each piece, by its conversation and first byte."""
        tries: dict[tuple[Key, int], list[Upload]] = defaultdict(list)
        places: dict[Sent, Range | None] = {}
        for upload in self.uploads:
            sent = upload.sent
            if sent not in places:
                places[sent] = sent.place(self.streams)
            start, end = places[sent] or (0, 0)
            size = RATE * (BY_KEY[sent.key].step if end else STEP)
            for first in range(start - start % size, end, size):
                tries[sent.key, first].append(upload)
        return tries


def _overlap(of: Range, holes: list[Range]) -> int:
    return sum(max(0, min(of[1], end) - max(of[0], start)) for start, end in holes)


def _on_disks(disks: Path, pieces: list[Piece]) -> dict[Piece, list[int]]:
    """Return for each piece the numbers of the copies in which its bytes are."""
    found: dict[Piece, list[int]] = {each: [] for each in pieces}
    for process in PROCESSES:
        for piece in found_on(disks / f"{process.number}", pieces):
            found[piece].append(process.number)
    return found


def found_on(disk: Path, pieces: list[Piece]) -> list[Piece]:
    """Return the pieces whose bytes are in a file of a folder, but for those like others."""
    files = [each for each in disk.rglob("*") if each.is_file()]
    marks = {mark for each in files for mark in marks_in(each.read_bytes())}
    return [
        piece
        for piece in pieces
        if not piece.is_like_others and piece.conversation.mark(piece.at) in marks
    ]
