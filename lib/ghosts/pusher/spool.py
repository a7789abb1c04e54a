"""The spool: audio not yet uploaded, on disk, where it outlives its session and its process."""

import fcntl
import os
import re
import shutil
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Self

from ghosts.config import MAX_FRAME_BYTES, SPOOL_BATCH_BYTES, SPOOL_DISK_RESERVE
from ghosts.pusher.spool_file import Key, NothingWholeError, SpoolError, SpoolFile, opened

_LOCK: Final = "lock"
_PROBE: Final = "probe"
_NAME: Final = re.compile(r"\d{12}-[0-9a-f]{32}")


class SpoolFullError(SpoolError):
    """Audio does not fit; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The oldest audio of a conversation, to be uploaded as one object."""

    id: str
    """Makes the upload idempotent: the same id is always the same audio."""
    key: Key
    started_at: float
    """Unix time in seconds of its first sample."""
    audio: bytes


class Spool:
    """A folder of files, each with the audio of one delivery, in the order in which it came.

    Audio survives the death of the process once :meth:`append` has returned: the kernel has it. A
    second of audio costs some 20 us of a processor (measured: ``data/bench/spool.json``), and no
    call waits for the disk or for a lock: one process has the folder to itself, and the next one
    finds what it left. Not thread-safe.

    When the machine dies, audio is lost that the kernel has not yet written: under Linux's defaults
    that of the last 35 s (``vm.dirty_expire_centisecs`` and ``vm.dirty_writeback_centisecs``). What
    was delivered since then may be uploaded a second time, under the same id.

    Args:
        path: The folder. It is created if it does not exist; its parent has to exist.
        max_bytes: How many bytes of audio it holds at most.
        batch_bytes: A delivery has as many whole pieces as fit into this, and at least one.

    Raises:
        SpoolError: another process has the spool, it is damaged, or it cannot be written.
    """

    def __init__(self, path: Path, max_bytes: int, *, batch_bytes: int = SPOOL_BATCH_BYTES) -> None:
        self._name = path.name
        self._max_bytes = max_bytes
        self._batch_bytes = batch_bytes
        self._disk_room = _DiskRoom(path.parent)
        # New for each process: a machine that dies may lose the last files, and their numbers are
        # then used again. Delivery ids must not be
        # (test_an_id_is_not_given_again_though_a_machine_that_died_took_the_last_writes_with_it).
        self._process = uuid.uuid4().hex
        self._queues: dict[Key, deque[SpoolFile]] = {}
        self._size = 0
        self._closed = False
        last = 0
        with self._in_use(), ExitStack() as stack:
            self._folder = _Folder(path)
            stack.callback(self._folder.close)
            for one in self._left_by_others():
                self._queues.setdefault(one.key, deque()).append(one)
                self._size += one.size
                last = int(one.name.partition("-")[0])
            stack.pop_all()
        self._numbers = count(last + 1)

    def __repr__(self) -> str:
        return f"<Spool {self._name}: {self._size:,} of {self._max_bytes:,} B>"

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
        with self._in_use():
            self._disk_room.ask()
        return not self._has_room_for(MAX_FRAME_BYTES)

    def append(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Append audio to a conversation; when this returns, it survives the process.

        Args:
            key: The conversation.
            started_at: Unix time in seconds of the first sample.
            pcm: The audio.

        Raises:
            SpoolFullError: it does not fit.
            SpoolError: it cannot be written. In both cases what is in the spool stays.
        """
        if not self._has_room_for(len(pcm)):
            raise SpoolFullError(
                f"the spool or its disk is full: {self._size:,} bytes of audio are unsent"
            )
        queue = self._queues.get(key, ())
        file = queue[-1] if queue else None
        if file is None or file.sealed or file.size + len(pcm) > self._batch_bytes:
            file = self._new_file(key)
        with self._in_use():
            file.append(started_at, pcm)
        if not queue or queue[-1] is not file:
            self._queues.setdefault(key, deque()).append(file)
        self._size += len(pcm)
        self._disk_room.take(len(pcm))

    def conversations(self) -> dict[Key, int]:
        """Return the bytes of audio of each conversation, that with the oldest audio first."""
        by_age = sorted(self._queues.items(), key=lambda item: item[1][0].name)
        return {key: sum(file.size for file in queue) for key, queue in by_age}

    def next_delivery(self, key: Key) -> Delivery | None:
        """Return the oldest audio of a conversation; None if it has none.

        A delivery keeps its id and content across appends and restarts, until it was
        :meth:`delivered`.

        Raises:
            SpoolError: the file cannot be read, or is damaged.
        """
        if key not in self._queues:
            return None
        oldest = self._queues[key][0]
        oldest.sealed = True
        with self._in_use():
            started_at, audio = oldest.read()
        return Delivery(oldest.name, key, started_at, audio)

    def delivered(self, delivery: Delivery) -> None:
        """Delete a delivery, which storage has. A second call does nothing.

        Raises:
            SpoolError: the file cannot be deleted. The delivery stays.
        """
        queue = self._queues.get(delivery.key)
        if queue is None or queue[0].name != delivery.id:
            return
        with self._in_use():
            queue[0].delete()
        self._size -= queue.popleft().size
        if not queue:
            del self._queues[delivery.key]

    def close(self) -> None:
        """Give the folder up; what is in it stays. Methods that need it then raise SpoolError."""
        self._closed = True
        self._folder.close()

    def _new_file(self, key: Key) -> SpoolFile:
        name = f"{next(self._numbers):012d}-{self._process}"
        return SpoolFile(folder=self._folder.descriptor, name=name, key=key)

    def _left_by_others(self) -> Iterator[SpoolFile]:
        """Yield the files of processes that had the spool before, by age."""
        folder = self._folder.descriptor
        for name in sorted({*os.listdir(folder)} - {_LOCK, _PROBE}):
            if not _NAME.fullmatch(name):
                raise SpoolError(f"{name} is no file of a spool")
            try:
                yield SpoolFile.found(folder, name)
            except NothingWholeError:
                os.unlink(name, dir_fd=folder)

    def _has_room_for(self, size: int) -> bool:
        if size > self._max_bytes - self._size:
            return False
        with self._in_use():
            return self._disk_room.has(size)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Raise what goes wrong as a SpoolError that names the spool."""
        if self._closed:  # its descriptor may be that of another file by now
            raise SpoolError(f"{self._name}: the spool is closed")
        try:
            yield
        except SpoolError as error:
            raise SpoolError(f"{self._name}: {error}") from None
        except OSError as error:
            raise SpoolError(f"{self._name}: {error.strerror or error}") from None


class _DiskRoom:
    """The bytes that are free on the disk of a folder, but for the reserve.

    The disk is asked again after each megabyte that was taken, and before it is called full: asking
    it takes as long as to append a frame.
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


class _Folder:
    """An open folder that no other process has, and in which files can be created.

    Raises:
        SpoolError: another process has it.
        OSError: it cannot be opened, or written to.
    """

    def __init__(self, path: Path) -> None:
        with suppress(FileExistsError):
            path.mkdir()
        with ExitStack() as stack:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, self.descriptor)
            lock = stack.enter_context(opened(_LOCK, os.O_RDWR | os.O_CREAT, self.descriptor))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SpoolError("another process has it") from None
            self._probe()
            self._opened = stack.pop_all()

    def close(self) -> None:
        self._opened.close()

    def _probe(self) -> None:
        """Create a file, write to it, delete it: an error comes here, and not with audio."""
        with opened(_PROBE, os.O_WRONLY | os.O_CREAT, self.descriptor) as probe:
            try:
                os.write(probe, b"x")
            finally:
                os.unlink(_PROBE, dir_fd=self.descriptor)
