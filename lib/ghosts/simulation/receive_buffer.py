"""The receive buffer of a device that reads slowly or not at all."""

from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Data: TypeAlias = bytes | bytearray | memoryview

_CONTROL: Final = 0x08
"""A bit in the first byte of a close, ping or pong frame, and of the answer to a handshake."""


class ReceiveBuffer:
    """The room for what was sent to a device and its application has not read, in whole frames.

    It stands for all buffers on the way: of the device's WebSocket library and of both kernels. It
    has room while it holds fewer bytes than ``capacity``, so the last frame may exceed that. A
    frame that it has no room for, and all frames after that one, stay in the write buffer of the
    sender. Counted in frames and not by the kernel, it is the same on every machine.

    Pings take no room: the library answers them as they arrive. A ping behind a frame that does not
    fit does not arrive.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._unread: deque[int] = deque()
        self._bytes = 0
        self._discards = False
        self.on_room: Callable[[], object] = lambda: None
        """Called when there is room again: the sender's."""

    @property
    def has_room(self) -> bool:
        """Whether another frame fits."""
        return self._bytes < self._capacity

    def add(self, frame: Data) -> None:
        """Take up a frame that is being sent."""
        if not frame[0] & _CONTROL and not self._discards:
            self._unread.append(len(frame))
            self._bytes += len(frame)

    def remove_oldest(self) -> None:
        """Make room: the application has read a frame. Without a frame, nothing happens."""
        if self._unread:
            self._bytes -= self._unread.popleft()
            self.on_room()

    def discard(self) -> None:
        """Make room for all frames from now on, as a library does that closes its connection."""
        self._discards = True
        self._unread.clear()
        self._bytes = 0
        self.on_room()
