"""One file of the spool: consecutive audio of one conversation, which is uploaded as one object."""

import errno
import json
import logging
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from ghosts.ws_server import NoRoomError

_log = logging.getLogger("ghosts.pusher")

_HEADER: Final = struct.Struct("<12sI")
"""The first bytes of a file: a mark, and the bytes of the conversation's key, which follows."""
_HEADER_MARK: Final = b"ghosts spool"
_PIECE: Final = struct.Struct("<4sdI")
"""Before each piece of audio: a mark, the Unix time of its first sample, and its bytes."""
_PIECE_MARK: Final = b"pcm "


class SpoolError(NoRoomError):
    """The spool cannot be used. Its text says why."""


class NothingWholeError(Exception):
    """A file has no piece of audio that was written as a whole."""


class Key(NamedTuple):
    """One conversation of one user. Its audio is uploaded in order."""

    uid: str
    conversation_id: str


@dataclass(slots=True, kw_only=True)
class SpoolFile:
    """A file of a spool, on disk from its first piece on.

    Attributes:
        folder: The descriptor of the spool's folder.
        name: Its name, which is the id of its delivery, too.
        key: The conversation.
        size: Bytes of audio in it.
        length: Bytes of the file.
        sealed: Whether nothing more may be appended: its delivery has begun, or its process is not
            this one.
    """

    folder: int
    name: str
    key: Key
    size: int = 0
    length: int = 0
    sealed: bool = False

    @classmethod
    def found(cls, folder: int, name: str) -> Self:
        """Return a file that another process has left, sealed.

        A piece at its end that was not written as a whole is cut off: it was not acknowledged, or
        the machine died.

        Raises:
            NothingWholeError: there is no other piece.
            SpoolError: it is no file of a spool, or damaged.
            OSError: it cannot be read, or cut.
        """
        with opened(name, os.O_RDWR, folder) as file:
            end = os.fstat(file).st_size
            one = cls(folder=folder, name=name, key=_read_key(file, name), sealed=True)
            one.length = _HEADER.size + len(_key_in_bytes(one.key))
            for piece in _pieces(lambda at: os.pread(file, _PIECE.size, at), one.length, end):
                one.length = piece.end
                one.size += piece.end - piece.start
            if one.length < end:
                _check_that_it_is_torn(os.pread(file, end - one.length, one.length), name)
                _log.warning(
                    "spool: %s: %d bytes at the end were not written as a whole, and are cut off",
                    name,
                    end - one.length,
                )
                os.ftruncate(file, one.length)
        if not one.size:
            raise NothingWholeError
        return one

    def append(self, started_at: float, pcm: bytes) -> None:
        """Append a piece of audio: as a whole, or not at all.

        Raises:
            OSError: it cannot be written.
        """
        parts = [_PIECE.pack(_PIECE_MARK, started_at, len(pcm)), pcm]
        new = os.O_CREAT | os.O_EXCL if not self.length else 0
        if new:
            key = _key_in_bytes(self.key)
            parts = [_HEADER.pack(_HEADER_MARK, len(key)), key, *parts]
        length = sum(map(len, parts))
        with opened(self.name, os.O_WRONLY | os.O_APPEND | new, self.folder) as file:
            try:
                if os.writev(file, parts) != length:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                os.ftruncate(file, self.length)
                if new:
                    os.unlink(self.name, dir_fd=self.folder)
                raise
        self.length += length
        self.size += len(pcm)

    def read(self) -> tuple[float, bytes]:
        """Return the Unix time of the first sample, and the audio.

        Raises:
            SpoolError: the file is damaged.
            OSError: it cannot be read.
        """
        with opened(self.name, os.O_RDONLY, self.folder) as file:
            content = memoryview(os.pread(file, self.length, 0))
        first = _HEADER.size + len(_key_in_bytes(self.key))
        pieces = list(_pieces(lambda at: content[at : at + _PIECE.size], first, len(content)))
        end = pieces[-1].end if pieces else first
        if end != self.length:
            raise SpoolError(f"{self.name} is damaged at byte {end:,}")
        audio = b"".join(content[piece.start : piece.end] for piece in pieces)
        return pieces[0].started_at, audio

    def delete(self) -> None:
        """Delete the file.

        Raises:
            OSError: it cannot be deleted.
        """
        os.unlink(self.name, dir_fd=self.folder)


@contextmanager
def opened(name: str, flags: int, folder: int) -> Iterator[int]:
    """Open a file of a folder, and close it on the way out; both are descriptors.

    Raises:
        OSError: it cannot be opened.
    """
    file = os.open(name, flags | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        yield file
    finally:
        os.close(file)


def _key_in_bytes(key: Key) -> bytes:
    return json.dumps(key).encode()


def _read_key(file: int, name: str) -> Key:
    head = os.pread(file, _HEADER.size, 0)
    # A machine that dies leaves a file empty, or full of zeros, whose content it had not written.
    if not head.strip(b"\0") or (len(head) < _HEADER.size and _HEADER_MARK.startswith(head[:12])):
        raise NothingWholeError
    mark, length = _HEADER.unpack(head) if len(head) == _HEADER.size else (b"", 0)
    if mark != _HEADER_MARK:
        raise SpoolError(f"{name} is no file of a spool")
    try:
        uid, conversation_id = json.loads(os.pread(file, length, _HEADER.size))
    except ValueError:
        raise NothingWholeError from None
    return Key(uid, conversation_id)


class _Piece(NamedTuple):
    started_at: float
    start: int
    """The offset of its audio in the file."""
    end: int


def _pieces(head_at: Callable[[int], bytes | memoryview], at: int, end: int) -> Iterator[_Piece]:
    """Yield the pieces from an offset on, up to the first that is not whole or the end."""
    while len(head := head_at(at)) == _PIECE.size:
        mark, started_at, size = _PIECE.unpack(head)
        start = at + _PIECE.size
        at = start + size
        if mark != _PIECE_MARK or at > end:
            return
        yield _Piece(started_at, start, at)


def _check_that_it_is_torn(rest: bytes, name: str) -> None:
    """Raise SpoolError unless what follows the last whole piece is the beginning of another."""
    if rest.strip(b"\0") and not rest.startswith(_PIECE_MARK[: len(rest)]):
        raise SpoolError(f"{name} is damaged")
