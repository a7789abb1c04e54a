"""Waits until bytes written to loopback sockets can be read at the other end."""

import socket
import struct
import sys
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from fcntl import ioctl
from typing import Any, Final

from ghosts.simulation import real_time
from ghosts.simulation.receive_buffer import Data, ReceiveBuffer

_LARGE: Final = 16_384
"""Bytes from which a write is watched: a connection takes four times as much at once."""
_UNSENT_SECONDS: Final = 0.5
"""Real seconds without progress after which a large write is no longer waited for. Linux delays an
acknowledgement by 40 ms at most, so a peer that takes this long does not read."""
_DATAGRAM_SECONDS: Final = 1.0
"""Real seconds to wait for a datagram: one that takes longer was lost."""
_SIOCOUTQNSD: Final = 0x894B
"""``SIOCOUTQNSD`` of ``linux/sockios.h``: the bytes of a connection that were never sent."""


class Loopback:
    """Detects bytes in flight over loopback, which a simulated clock must not overtake.

    There are two reasons why a byte cannot be read as soon as it is written. A large write exceeds
    the receiver's window; the rest is sent once the receiver has acknowledged, which may take
    40 ms. And on a busy machine the kernel delivers packets in a thread, which has to wait for a
    processor like any other.
    """

    def __init__(self) -> None:
        self._large: dict[LoopbackTransport, tuple[int, float]] = {}
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.setblocking(False)
        self._datagrams.bind(("127.0.0.1", 0))
        self._datagrams.connect(self._datagrams.getsockname())
        self.receive_buffers: dict[object, ReceiveBuffer] = {}
        """By the address of their device; a device that is not in it reads all at once."""

    def watch(self, sender: "LoopbackTransport") -> None:
        """Watch a connection on which a large write was made."""
        self._large[sender] = 0, 0.0

    def is_unsent(self) -> bool:
        """Return whether part of a large write is unsent, and its receiver may still read it."""
        for sender, (before, until) in list(self._large.items()):
            unsent, now = sender.unsent_bytes, real_time.monotonic()
            if not unsent or (unsent == before and now > until):
                del self._large[sender]
            elif unsent != before:
                self._large[sender] = unsent, now + _UNSENT_SECONDS
        return bool(self._large)

    def wait_delivered(self) -> None:
        """Return once everything that was sent can be read; takes microseconds if it can already.

        Packets over loopback go through a first-in, first-out queue of the processor on which they
        are sent. So a datagram is sent to this process, and once it has arrived, so have all
        packets before it.
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
        """Close its socket. A second call does nothing."""
        self._datagrams.close()


class LoopbackTransport(_SelectorSocketTransport):  # type: ignore[misc]
    """A socket transport of asyncio whose large writes are watched.

    What the receive buffer of its peer has no room for, if that has one, stays in the write buffer.
    """

    def __init__(self, loopback: Loopback, *arguments: Any) -> None:
        self._loopback = loopback
        self._held_back: deque[Data] = deque()
        self._eof_held_back = False
        super().__init__(*arguments)
        self._receiver = loopback.receive_buffers.get(self.get_extra_info("peername"))
        if self._receiver is not None:
            self._receiver.on_room = self._send_held_back

    def write(self, data: Data) -> None:
        """Write as asyncio does."""
        if self._receiver is None:
            super().write(data)
            self._watch(len(data))
            return
        self._held_back.append(data)
        self._send_held_back()
        self._maybe_pause_protocol()

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """Write as asyncio does; from Python 3.12 on, in one system call."""
        data = list(list_of_data)
        if self._receiver is None:
            super().writelines(data)
            self._watch(sum(map(len, data)))
            return
        for each in data:
            self.write(each)

    def write_eof(self) -> None:
        """Close the sending half of the connection once all has been sent."""
        if self._held_back and not self.is_closing():
            self._eof_held_back = True
        else:
            super().write_eof()

    def get_write_buffer_size(self) -> int:
        """Return the bytes that were written and not handed to the kernel."""
        in_asyncio: int = super().get_write_buffer_size()
        return in_asyncio + (0 if self.is_closing() else sum(map(len, self._held_back)))

    @property
    def unsent_bytes(self) -> int:
        """Bytes that were written and never sent; 0 if the system is not Linux."""
        if self._sock is None or sys.platform != "linux":  # None once the connection is lost
            return 0
        if self._sock.family == socket.AF_UNIX:  # which has no windows, and no such request
            return 0
        (in_kernel,) = struct.unpack("i", ioctl(self._sock, _SIOCOUTQNSD, bytes(4)))
        unsent: int = super().get_write_buffer_size() + in_kernel
        return unsent

    def _send_held_back(self) -> None:
        """Send the frames that there is room for; none once the connection is lost or aborted."""
        assert self._receiver is not None
        if self.is_closing():
            self._held_back.clear()
            return
        while self._held_back and self._receiver.has_room:
            frame = self._held_back.popleft()
            self._receiver.add(frame)
            super().write(frame)
        if self._eof_held_back and not self._held_back:
            super().write_eof()
        self._maybe_resume_protocol()

    def _watch(self, size: int) -> None:
        if size >= _LARGE:
            self._loopback.watch(self)
