"""The spool: audio not yet uploaded, on disk, where it outlives its session and its process."""

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from ghosts.config import MAX_FRAME_BYTES, SPOOL_DISK_RESERVE
from ghosts.ws_server import NoRoomError

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
# The first piece of a delivery that was begun has the id and the last piece of that delivery. The
# audio is the last column: SQLite reads a column without reading what comes after it.


class SpoolError(NoRoomError):
    """The spool cannot be used. Its text says why."""


class SpoolFullError(SpoolError):
    """Audio does not fit; nothing of it was kept."""


class Key(NamedTuple):
    """One conversation of one user. Its audio is uploaded in order."""

    uid: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The oldest audio of a conversation, to be uploaded as one object."""

    id: str
    """Makes the upload idempotent: the same id is always the same audio."""
    key: Key
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes
    last_id: int
    """The row id of its last piece."""


class Spool:
    """Audio in one SQLite file, in the order in which it was received. Not thread-safe.

    Audio survives the death of the process once :meth:`append` has returned: it is in SQLite's
    write-ahead log. Appending a second of audio takes about 30 us. About one call in 125 finds that
    the log has grown to 4 MB, and waits for the disk: 5 ms on an idle local disk, 30 ms were
    measured on a busy one. No call waits for a lock: one process has the file to itself, and the
    next one finds what it left.

    When the machine dies, audio since the last such wait may be lost, and deliveries since then may
    be uploaded a second time under another id. An id never refers to other audio.

    Args:
        path: The file. It is created if it does not exist; its folder has to exist.
        max_bytes: How many bytes of audio it holds at most.

    Raises:
        SpoolError: the file is open in another process, is not a spool, or cannot be written.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        # New for each process: a machine that dies may lose the last rows, and their row ids are
        # then used again. Delivery ids must not be
        # (test_an_id_is_not_given_again_though_a_machine_that_died_took_the_last_writes_with_it).
        self._name = uuid.uuid4().hex
        with self._as_spool_error():
            self._database, self._size = _open(path)

    def __repr__(self) -> str:
        return f"<Spool {self._path.name}: {self._size:,} of {self._max_bytes:,} B>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes of audio in the spool."""
        return self._size

    @property
    def full(self) -> bool:
        """Whether a frame of the largest size would not fit, in the spool or on its disk.

        Raises:
            SpoolError: the disk cannot be asked.
        """
        return self._room < MAX_FRAME_BYTES

    def append(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Append audio to a conversation.

        Args:
            key: The conversation.
            started_at: Unix time in seconds of the first sample.
            pcm: The audio.

        Raises:
            SpoolFullError: it does not fit. What is in the spool stays.
            SpoolError: it cannot be written.
        """
        if len(pcm) > self._room:
            raise SpoolFullError(
                f"the spool or its disk is full: {self._size:,} bytes of audio are unsent"
            )
        with self._as_spool_error():
            self._database.execute(
                "INSERT INTO audio (uid, conversation_id, started_at, pcm) VALUES (?, ?, ?, ?)",
                (*key, started_at, pcm),
            )
        self._size += len(pcm)

    def conversations(self) -> dict[Key, int]:
        """Return the bytes of audio of each conversation, that with the oldest audio first.

        Raises:
            SpoolError: the file cannot be read.
        """
        with self._as_spool_error():
            rows = self._database.execute(
                "SELECT uid, conversation_id, sum(length(pcm)) FROM audio"
                " GROUP BY uid, conversation_id ORDER BY min(id)"
            )
            return {Key(uid, conversation_id): size for uid, conversation_id, size in rows}

    def next_delivery(self, key: Key, most_bytes: int) -> Delivery | None:
        """Return the oldest audio of a conversation; None if it has none.

        A delivery keeps its id and content across appends and restarts, until it was
        :meth:`delivered`.

        Args:
            key: The conversation.
            most_bytes: A new delivery has as many whole pieces as fit into this, and at least one.

        Raises:
            SpoolError: the file cannot be read or written.
        """
        with self._as_spool_error():
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
        """Delete a delivery, which storage has. A second call does nothing.

        Raises:
            SpoolError: the file cannot be written. The delivery stays.
        """
        with self._as_spool_error():
            forgotten = self._database.execute(
                "DELETE FROM audio WHERE uid = ? AND conversation_id = ? AND id <= ?",
                (*delivery.key, delivery.last_id),
            )
        if forgotten.rowcount:
            self._size -= len(delivery.audio)

    def close(self) -> None:
        """Close the file. Its content stays. Methods that need the file then raise SpoolError."""
        self._database.close()

    @property
    def _room(self) -> int:
        """Bytes of audio that still fit."""
        with self._as_spool_error():
            free = shutil.disk_usage(self._path.parent).free
        return min(self._max_bytes - self._size, free - SPOOL_DISK_RESERVE)

    def _oldest(self, key: Key, most_bytes: int) -> Iterator["_Piece"]:
        """Yield the pieces of the delivery that was begun, or of a new one."""
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
    def _as_spool_error(self) -> Iterator[None]:
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
    """Return the opened file, and the bytes of audio in it."""
    # Each statement is a transaction (no isolation level). The exclusive lock is taken by the first
    # one, without waiting, so a file that another process has open is refused here and not later.
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
