"""Waiting until what has been written to loopback sockets can be read at the other end."""

import socket
import struct
import sys
import time
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections.abc import Iterable
from contextlib import suppress
from fcntl import ioctl
from typing import Any, Final, TypeAlias

_Data: TypeAlias = bytes | bytearray | memoryview

_LARGE: Final = 16_384
"""Bytes of a write from which it is looked after: a connection takes four of these at once."""
_UNSENT_SECONDS: Final = 0.5
"""Real seconds that a large write is waited for while none of it is sent: far more than the 40 ms
that an acknowledgement takes in Linux at most. A peer that takes longer does not read."""
_DATAGRAM_SECONDS: Final = 1.0
"""Real seconds that a datagram is waited for: it takes so long only if it has been lost."""
_SIOCOUTQNSD: Final = 0x894B
"""Of Linux, ``linux/sockios.h``: the bytes of a connection that have not been sent even once."""


class Loopback:
    """Tells whether bytes are on their way over loopback. A simulated clock must not overtake them.

    There are two reasons for a byte not to be there as soon as it is written. A large write does
    not fit what the receiver has room for; the rest of it is sent when the receiver says that it
    has read, which it may put off for 40 ms. And on a busy machine the kernel leaves it to a thread
    to deliver what was sent, and that thread waits for a processor like any other.
    """

    def __init__(self) -> None:
        self._large: dict[LoopbackTransport, tuple[int, float]] = {}
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.setblocking(False)
        self._datagrams.bind(("127.0.0.1", 0))
        self._datagrams.connect(self._datagrams.getsockname())

    def look_after(self, sender: "LoopbackTransport") -> None:
        """Note that a large write was made."""
        self._large[sender] = 0, 0.0

    def is_unsent(self) -> bool:
        """Return whether part of a large write waits for its receiver, who may yet read on."""
        for sender, (before, until) in list(self._large.items()):
            unsent, now = sender.unsent_bytes, time.monotonic()
            if not unsent or (unsent == before and now > until):
                del self._large[sender]
            elif unsent != before:
                self._large[sender] = unsent, now + _UNSENT_SECONDS
        return bool(self._large)

    def wait_delivered(self) -> None:
        """Return once all that has been sent can be read; in a few microseconds, if it can already.

        Packets over loopback go through a queue, first in, first out, of the processor on which
        they are sent. So a datagram is sent to ourselves, and once it is here, so is the rest.
        """
        self._datagrams.send(b"\0")
        try:
            self._datagrams.recv(1)
        except BlockingIOError:
            self._datagrams.settimeout(_DATAGRAM_SECONDS)
            with suppress(TimeoutError):
                self._datagrams.recv(1)
            self._datagrams.setblocking(False)

    def close(self) -> None:
        """Close what it has opened. A second call does nothing."""
        self._datagrams.close()


class LoopbackTransport(_SelectorSocketTransport):  # type: ignore[misc]
    """A connection of asyncio's whose large writes are looked after."""

    def __init__(self, loopback: Loopback, *arguments: Any) -> None:
        self._loopback = loopback
        super().__init__(*arguments)

    def write(self, data: _Data) -> None:
        """Write as asyncio does."""
        super().write(data)
        self._look_after(len(data))

    def writelines(self, list_of_data: Iterable[_Data]) -> None:
        """Write as asyncio does, from Python 3.12 on in one system call."""
        data = list(list_of_data)
        super().writelines(data)
        self._look_after(sum(map(len, data)))

    @property
    def unsent_bytes(self) -> int:
        """Bytes that have been written and not been sent even once; 0 where nobody can tell."""
        if self._sock is None or sys.platform != "linux":  # None once the connection is lost
            return 0
        (in_kernel,) = struct.unpack("i", ioctl(self._sock, _SIOCOUTQNSD, bytes(4)))
        unsent: int = self.get_write_buffer_size() + in_kernel
        return unsent

    def _look_after(self, size: int) -> None:
        if size >= _LARGE:
            self._loopback.look_after(self)
