"""Connections to real servers on loopback, made from outside of the private network.

A process in a private network does not reach the loopback of the machine. The process that started
it does: for the servers of ``--allow HOST:PORT`` it opens the connection and hands it over.
"""

import errno
import os
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from select import POLLOUT, poll
from types import TracebackType
from typing import Final

from ghosts.check.confinement.loopback import LOCALHOST, is_loopback, numeric
from ghosts.errors import GhostsError

LONGEST_MESSAGE: Final = 256


class BrokerEndedError(GhostsError):
    """The process that opens connections has ended, or has no file descriptor left."""


@dataclass(frozen=True, slots=True)
class AllowedServer:
    """A server on loopback that the checked service may connect to."""

    host: str
    """As it was given, in lower case."""
    port: int
    addresses: tuple[str, ...]
    """The numeric addresses of the host, all on loopback."""


@dataclass(frozen=True, slots=True)
class Link:
    """The checked service's end of a broker; forked processes share it.

    It can be an argument of a process that is started by `multiprocessing`.
    """

    socket: socket.socket
    servers: tuple[AllowedServer, ...]

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the numeric addresses to try, in order; empty if the server is not allowed."""
        address = str(numeric(host) or "")
        for server in self.servers:
            if server.port == port and host.lower() == server.host:
                return server.addresses
            if server.port == port and address in server.addresses:
                return (address,)
        return ()


def allowed_server(text: str) -> AllowedServer:
    """Return the server that ``--allow HOST:PORT`` names.

    A name other than ``localhost`` is looked up, once.

    Raises:
        GhostsError: it is not HOST:PORT, there is no such host, or it is not on loopback.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]").lower()
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise GhostsError(f"--allow {text}: expected HOST:PORT, for instance localhost:6379")
    addresses = LOCALHOST if host == "localhost" else _looked_up(host, text)
    if outside := [each for each in addresses if not is_loopback(each)]:
        raise GhostsError(
            f"--allow {text}: {outside[0]} is not on loopback; "
            "allowed are localhost, 127.0.0.0/8, ::1 and names of these"
        )
    return AllowedServer(host, int(port), addresses)


def _looked_up(host: str, text: str) -> tuple[str, ...]:
    if address := numeric(host):
        return (str(address),)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise GhostsError(f"--allow {text}: there is no host {host!r}") from None
    return tuple(dict.fromkeys(str(numeric(str(address[0]))) for *_, address in found))


class Broker:
    """Opens connections to the allowed servers for the processes that have its `link`.

    It answers in a thread of this process, inside a ``with`` block. It does not wait for a server:
    it starts to connect, and the process that asked waits.
    """

    def __init__(self, servers: Iterable[AllowedServer]) -> None:
        self._servers = tuple(servers)
        self._allowed = {
            f"{address} {server.port}".encode(): (address, server.port)
            for server in self._servers
            for address in server.addresses
        }
        self._requests, asking = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.link = Link(asking, self._servers)
        self._thread = threading.Thread(target=self._answer_all, name="broker", daemon=True)

    def __enter__(self) -> "Broker":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._requests.shutdown(socket.SHUT_RDWR)  # ends the thread's wait
        self._thread.join()
        self._requests.close()
        self.link.socket.close()

    def _answer_all(self) -> None:
        while True:
            request, descriptors, _, _ = socket.recv_fds(self._requests, LONGEST_MESSAGE, 1)
            if not request:
                return
            for descriptor in descriptors:
                with socket.socket(fileno=descriptor) as reply, suppress(OSError):
                    self._answer(request, reply)

    def _answer(self, request: bytes, reply: socket.socket) -> None:
        address = self._allowed.get(request)
        if address is None:
            reply.send(b"%d" % errno.EACCES)
            return
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as server:
                server.setblocking(False)
                started = server.connect_ex(address)
                if started in (0, errno.EINPROGRESS):
                    socket.send_fds(reply, [b"0"], [server.fileno()])
                else:
                    reply.send(b"%d" % started)
        except OSError as error:
            reply.send(b"%d" % (error.errno or errno.EIO))


def connect_through(link: Link, address: tuple[str, int]) -> socket.socket:
    """Return a blocking TCP socket that is connected to an allowed server outside.

    Blocks this thread until the kernel has connected it or has given up, after about two minutes
    at most. Threads and forked processes may call it at the same time.

    Raises:
        PermissionError: the server is not allowed.
        OSError: what connecting to the real server raised, such as ConnectionRefusedError.
        BrokerEndedError: the broker has ended, or is out of file descriptors.
    """
    host, port = address
    failure = OSError(errno.EACCES, f"{host}:{port} is not a server of --allow HOST:PORT")
    for each in link.addresses(host, port):
        try:
            return _connected(_requested(link, f"{each} {port}"))
        except OSError as error:
            failure = error
    raise failure


def _requested(link: Link, request: str) -> socket.socket:
    """Each request brings a socket of its own for the reply, so that replies cannot mix."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                socket.send_fds(link.socket, [request.encode()], [theirs.fileno()])
            except OSError:
                raise BrokerEndedError("the process that connects to servers has ended") from None
        answer, descriptors, _, _ = socket.recv_fds(ours, LONGEST_MESSAGE, 1)
    if not answer:
        raise BrokerEndedError("the process that connects to servers does not answer")
    if not descriptors:
        raise _error(int(answer))
    os.set_inheritable(descriptors[0], False)
    return socket.socket(fileno=descriptors[0])


def _connected(connecting: socket.socket) -> socket.socket:
    ready = poll()
    ready.register(connecting, POLLOUT)
    ready.poll()
    if number := connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        connecting.close()
        raise _error(number)
    connecting.setblocking(True)
    return connecting


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
