"""A network of its own for this process, in which loopback is the only interface."""

import fcntl
import socket
import struct
from typing import Final

from ghosts.check.confinement import namespaces
from ghosts.check.confinement.namespaces import Kind

SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
IFF_UP: Final = 1
CAP_NET_BIND_SERVICE: Final = 10
INTERFACE: Final = struct.Struct("16sH22x")
"""C's ``struct ifreq``: the name of an interface, and its flags."""


def enter() -> bool:
    """Move this process into a private network; return whether the kernel allows it.

    Its only interface is loopback, and it is not the loopback of the machine: the process, and
    every process that it starts from now on, reaches their own servers only, whether through
    Python, a C library or a program. Low ports can be bound. The user and the permissions on files
    stay as they are.

    Out of reach for the network, and so unchanged: sockets that are open already, and Unix sockets
    that have a path.

    Where the kernel does not allow it, as in most containers and on macOS, nothing is changed.

    Raises:
        RuntimeError: the process has more than one thread; the others would stay outside.
    """
    if not namespaces.is_allowed(Kind.NETWORK, _bring_loopback_up):
        return False
    namespaces.enter(Kind.NETWORK, _bring_loopback_up, keep=[CAP_NET_BIND_SERVICE])
    return True


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, INTERFACE.pack(b"lo", 0))
        name, flags = INTERFACE.unpack(answer)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, INTERFACE.pack(name, flags | IFF_UP))
