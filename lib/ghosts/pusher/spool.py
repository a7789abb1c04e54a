"""The spool: audio that storage has not taken yet, on disk, where it outlives its session."""

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from ghosts.settings import MAX_FRAME_BYTES, SPOOL_DISK_RESERVE

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS audio (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    started_at REAL NOT NULL,
    delivery_id TEXT,
    last_id INTEGER,
    pcm BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_conversation ON audio (uid, conversation_id, id);
"""
# The first piece of a delivery that was begun says what the delivery is: its id, its last piece.
# The audio comes last in a row, so that nothing else of the row lies behind it.


class SpoolError(Exception):
    """The spool cannot be used. Its text says why."""


class SpoolFullError(SpoolError):
    """There is no room for that audio, and nothing of it was kept."""


class Key(NamedTuple):
    """What is delivered in order: one conversation of one user."""

    uid: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The oldest audio of a conversation. The same id is always the same audio."""

    id: str
    key: Key
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes
    last_id: int
    """The spool's number of its last piece."""


class Spool:
    """Audio in one SQLite file, at most ``max_bytes`` of it, in the order in which it came.

    What :meth:`append` has returned from survives the death of the process, at whatever moment it
    comes: SQLite's write-ahead log holds it. A second's takes some 30 us; one in 125 or so finds
    the log grown to 4 MB and waits for the disk: 5 ms for a local one that is idle, 30 have been
    seen on a busy one. None waits for a lock. One process has the file to itself; the next one
    finds what is left.

    The machine's death may take with it what came since the last such wait, and have deliveries of
    that time made once more, with another id. Never does an id stand for other audio.

    Raises:
        SpoolError: the file is another process's, is no spool, or cannot be written.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        # Not the file's for good: a machine that dies may take the last numbers with it, and they
        # are then given again. An id must not be.
        self._name = uuid.uuid4().hex
        with self._in_our_words():
            self._database, self._size = _open(path)

    def __repr__(self) -> str:
        return f"<Spool {self._path.name}: {self._size:,} of {self._max_bytes:,} B>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes of audio in it."""
        return self._size

    @property
    def full(self) -> bool:
        """Whether there is no room for another frame, in it or on its disk."""
        return self._room < MAX_FRAME_BYTES

    def append(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Keep this audio, from Unix time ``started_at`` on.

        Raises:
            SpoolFullError: it does not fit; what is there stays.
            SpoolError: the disk does not work.
        """
        if len(pcm) > self._room:
            raise SpoolFullError(
                f"the spool or its disk is full: {self._size:,} bytes of audio are unsent"
            )
        with self._in_our_words():
            self._database.execute(
                "INSERT INTO audio (uid, conversation_id, started_at, pcm) VALUES (?, ?, ?, ?)",
                (*key, started_at, pcm),
            )
        self._size += len(pcm)

    def conversations(self) -> dict[Key, int]:
        """Return the conversations that have audio here, and how many bytes of it."""
        with self._in_our_words():
            rows = self._database.execute(
                "SELECT uid, conversation_id, sum(length(pcm)) FROM audio"
                " GROUP BY uid, conversation_id ORDER BY min(id)"
            )
            return {Key(uid, conversation_id): size for uid, conversation_id, size in rows}

    def next_delivery(self, key: Key, most_bytes: int) -> Delivery | None:
        """Return the oldest audio of a conversation, in order; None when it has none.

        It is as many whole pieces as ``most_bytes`` hold, one at least. What it was once it stays,
        whatever is appended and whoever dies, until it has been :meth:`delivered`.
        """
        with self._in_our_words():
            pieces = list(self._oldest(key, most_bytes))
            if not pieces:
                return None
            first, last = pieces[0], pieces[-1]
            delivery_id = first.delivery_id
            if delivery_id is None:
                delivery_id = f"{self._name}-{first.id}"
                self._database.execute(
                    "UPDATE audio SET delivery_id = ?, last_id = ? WHERE id = ?",
                    (delivery_id, last.id, first.id),
                )
        audio = b"".join(piece.pcm for piece in pieces)
        return Delivery(delivery_id, key, first.started_at, audio, last.id)

    def delivered(self, delivery: Delivery) -> None:
        """Forget a delivery: storage has it. One that is forgotten already stays so."""
        with self._in_our_words():
            forgotten = self._database.execute(
                "DELETE FROM audio WHERE uid = ? AND conversation_id = ? AND id <= ?",
                (*delivery.key, delivery.last_id),
            )
        if forgotten.rowcount:
            self._size -= len(delivery.audio)

    def close(self) -> None:
        """Close the file. What is in it stays."""
        self._database.close()

    @property
    def _room(self) -> int:
        """Bytes of audio that still fit."""
        with self._in_our_words():
            free = shutil.disk_usage(self._path.parent).free
        return min(self._max_bytes - self._size, free - SPOOL_DISK_RESERVE)

    def _oldest(self, key: Key, most_bytes: int) -> Iterator["_Piece"]:
        """Yield the pieces of the delivery that was begun, or those of a new one."""
        size = 0
        first: _Piece | None = None
        rows = self._database.execute(
            "SELECT id, started_at, delivery_id, last_id, pcm FROM audio"
            " WHERE uid = ? AND conversation_id = ? ORDER BY id",
            key,
        )
        for piece in map(_Piece._make, rows):
            first = first or piece
            size += len(piece.pcm)
            if first.last_id is not None:
                belongs = piece.id <= first.last_id
            else:
                belongs = piece is first or size <= most_bytes
            if not belongs:
                return
            yield piece

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"{self._path.name}: {error}") from None


class _Piece(NamedTuple):
    id: int
    started_at: float
    delivery_id: str | None
    last_id: int | None
    pcm: bytes


def _open(path: Path) -> tuple[sqlite3.Connection, int]:
    """Return the open file, and how many bytes of audio are in it."""
    # A statement is a transaction. The lock is held from the first one on, so a file that is
    # another process's is refused here and now.
    database = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        [size] = database.execute("SELECT coalesce(sum(length(pcm)), 0) FROM audio").fetchone()
    except BaseException:
        database.close()
        raise
    return database, size
