"""The spool: audio not yet uploaded, on disk, where it outlives its session and its process."""

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from ghosts.config import MAX_FRAME_BYTES, SPOOL_DISK_RESERVE
from ghosts.ws_server import NoRoomError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS audio (
    uid TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    id INTEGER NOT NULL,
    started_at REAL NOT NULL,
    pcm BLOB NOT NULL,
    PRIMARY KEY (uid, conversation_id, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
    uid TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    last_id INTEGER NOT NULL,
    PRIMARY KEY (uid, conversation_id)
) WITHOUT ROWID;
"""
# WITHOUT ROWID keeps the pieces of a conversation side by side, so that it needs no index. The
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
    """The id of its last piece."""


class Spool:
    """Audio in one SQLite file, in the order in which it was received. Not thread-safe.

    Audio is appended in a transaction, which :meth:`commit` ends: the frames of one turn of the
    loop share one. Audio survives the death of the process once that has returned: it is in
    SQLite's write-ahead log. A second of audio costs some 150 us of a processor. About one commit
    in 100 finds that the log has grown to 4 MB, and waits for the disk: up to 30 ms. (Measured:
    ``data/bench/spool.json``.) No call waits for a lock: one process has the file to itself, and
    the next one finds what it left.

    When the machine dies, audio since the last such wait may be lost, 250 seconds of one device at
    most, and deliveries since then may be uploaded a second time under another id. An id never
    refers to other audio.

    Args:
        path: The file. It is created if it does not exist; its folder has to exist.
        max_bytes: How many bytes of audio it holds at most.

    Raises:
        SpoolError: the file is open in another process, is not a spool, or cannot be written.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._errors = _AsSpoolError(path.name)
        self._disk_room = _DiskRoom(path.parent)
        # New for each process: a machine that dies may lose the last pieces, and their ids are then
        # used again. Delivery ids must not be
        # (test_an_id_is_not_given_again_though_a_machine_that_died_took_the_last_writes_with_it).
        self._name = uuid.uuid4().hex
        with self._errors:
            self._database, self._size, last_id = _open(path)
        self._uncommitted = 0
        self._ids = count(last_id + 1)

    def __repr__(self) -> str:
        return f"<Spool {self._path.name}: {self._size:,} of {self._max_bytes:,} B>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes of audio in the spool, committed or not."""
        return self._size

    @property
    def full(self) -> bool:
        """Whether a frame of the largest size would not fit, in the spool or on its disk.

        Raises:
            SpoolError: the disk cannot be asked.
        """
        with self._errors:
            self._disk_room.ask()
        return not self._has_room_for(MAX_FRAME_BYTES)

    def append(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Append audio to a conversation; :meth:`commit` puts it on disk.

        Args:
            key: The conversation.
            started_at: Unix time in seconds of the first sample.
            pcm: The audio.

        Raises:
            SpoolFullError: it does not fit. What is in the spool stays.
            SpoolError: it cannot be written. All that was appended since the last commit is lost.
        """
        if not self._has_room_for(len(pcm)):
            raise SpoolFullError(
                f"the spool or its disk is full: {self._size:,} bytes of audio are unsent"
            )
        piece = (*key, next(self._ids), started_at, pcm)
        with self._errors:
            if not self._database.in_transaction:
                self._database.execute("BEGIN")
            self._or_nothing("INSERT INTO audio VALUES (?, ?, ?, ?, ?)", piece)
        self._size += len(pcm)
        self._uncommitted += len(pcm)
        self._disk_room.take(len(pcm))

    def commit(self) -> None:
        """Put what was appended on disk: when this returns, it survives the process.

        Raises:
            SpoolError: it cannot be written. All that was appended since the last commit is lost.
        """
        with self._errors:
            if self._database.in_transaction:
                self._or_nothing("COMMIT")
        self._uncommitted = 0

    def conversations(self) -> dict[Key, int]:
        """Return the bytes of audio of each conversation, that with the oldest audio first.

        Raises:
            SpoolError: the file cannot be read.
        """
        with self._errors:
            rows = self._database.execute(
                "SELECT uid, conversation_id, sum(length(pcm)) FROM audio"
                " GROUP BY uid, conversation_id ORDER BY min(id)"
            )
            return {Key(uid, conversation_id): size for uid, conversation_id, size in rows}

    def next_delivery(self, key: Key, most_bytes: int) -> Delivery | None:
        """Return the oldest audio of a conversation; None if it has none.

        A delivery keeps its id and content across appends and restarts, until it was
        :meth:`delivered`. What was appended is committed first.

        Args:
            key: The conversation.
            most_bytes: A new delivery has as many whole pieces as fit into this, and at least one.

        Raises:
            SpoolError: the file cannot be read or written.
        """
        self.commit()
        with self._errors:
            begun = self._database.execute(
                "SELECT id, last_id FROM delivery WHERE uid = ? AND conversation_id = ?", key
            ).fetchone()
            delivery_id, last_id = begun or (None, None)
            pieces = list(self._oldest(key, last_id, most_bytes))
            if not pieces:
                return None
            first, last = pieces[0], pieces[-1]
            if delivery_id is None:
                delivery_id = f"{self._name}-{first.id}"
                self._database.execute(
                    "INSERT INTO delivery VALUES (?, ?, ?, ?)", (*key, delivery_id, last.id)
                )
        audio = b"".join(piece.pcm for piece in pieces)
        return Delivery(delivery_id, key, first.started_at, audio, last.id)

    def delivered(self, delivery: Delivery) -> None:
        """Delete a delivery, which storage has. A second call does nothing.

        What was appended is committed first.

        Raises:
            SpoolError: the file cannot be written. The delivery stays.
        """
        self.commit()
        with self._errors, self._database:
            self._database.execute("BEGIN")
            self._database.execute(
                "DELETE FROM delivery WHERE uid = ? AND conversation_id = ? AND last_id <= ?",
                (*delivery.key, delivery.last_id),
            )
            forgotten = self._database.execute(
                "DELETE FROM audio WHERE uid = ? AND conversation_id = ? AND id <= ?",
                (*delivery.key, delivery.last_id),
            )
        if forgotten.rowcount:
            self._size -= len(delivery.audio)

    def close(self) -> None:
        """Close the file. What was committed stays.

        Methods that need the file then raise SpoolError.
        """
        self._database.close()

    def _or_nothing(self, statement: str, values: tuple[object, ...] = ()) -> None:
        """Execute a statement; if it fails, undo all that was appended since the last commit.

        SQLite undoes a transaction by itself after some errors, such as a full disk, and not after
        others. So that one rule holds, each error undoes it.
        """
        try:
            self._database.execute(statement, values)
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            self._size -= self._uncommitted
            self._uncommitted = 0
            raise

    def _has_room_for(self, size: int) -> bool:
        if size > self._max_bytes - self._size:
            return False
        with self._errors:
            return self._disk_room.has(size)

    def _oldest(self, key: Key, last_id: int | None, most_bytes: int) -> Iterator["_Piece"]:
        """Yield the pieces of the delivery that ends with ``last_id``, or of a new one."""
        size = 0
        rows = self._database.execute(
            "SELECT id, started_at, pcm FROM audio"
            " WHERE uid = ? AND conversation_id = ? ORDER BY id",
            key,
        )
        for number, piece in enumerate(map(_Piece._make, rows)):
            size += len(piece.pcm)
            if last_id is not None:
                belongs = piece.id <= last_id
            else:
                belongs = number == 0 or size <= most_bytes
            if not belongs:
                return
            yield piece


class _Piece(NamedTuple):
    id: int
    started_at: float
    pcm: bytes


class _DiskRoom:
    """The bytes that are free on the disk of a folder, but for the reserve.

    The disk is asked again after each megabyte that was taken, and before it is called full: asking
    it takes a quarter as long as to append a frame.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = 0
        self._until_asked = 0

    def ask(self) -> None:
        self._room = shutil.disk_usage(self._folder).free - SPOOL_DISK_RESERVE
        self._until_asked = MAX_FRAME_BYTES

    def has(self, size: int) -> bool:
        if size > min(self._room, self._until_asked):
            self.ask()
        return size <= self._room

    def take(self, size: int) -> None:
        self._room -= size
        self._until_asked -= size


class _AsSpoolError:
    """Raises an error of SQLite or of the system as a SpoolError that names the file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.Error | OSError):
            raise SpoolError(f"{self._name}: {error}") from None


def _open(path: Path) -> tuple[sqlite3.Connection, int, int]:
    """Return the opened file, the bytes of audio in it, and the last id in it."""
    # Each statement is a transaction (no isolation level). The exclusive lock is taken by the first
    # one, without waiting, so a file that another process has open is refused here and not later.
    database = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        # Some builds of SQLite write zeros over what is deleted, which doubles the cost of a
        # delivery. Here other audio is soon written over it.
        database.execute("PRAGMA secure_delete = OFF")
        database.executescript(_SCHEMA)
        size, last_id = database.execute(
            "SELECT coalesce(sum(length(pcm)), 0), coalesce(max(id), 0) FROM audio"
        ).fetchone()
    except BaseException:
        database.close()
        raise
    return database, size, last_id
