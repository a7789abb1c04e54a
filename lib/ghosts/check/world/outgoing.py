"""The outgoing connections of a service: each is led to a stand-in on loopback, and recorded."""

import errno
import ipaddress
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from ghosts.check.confinement.audit import SideEffect
from ghosts.check.confinement.loopback import numeric
from ghosts.check.own import caller_in_words

_FIRST_TOKEN: Final = int(ipaddress.IPv4Address("127.83.0.1"))
"""The address of the first name that a service looks up; each further name has the next one."""
_LOOPBACK: Final = "127.0.0.1"
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)
_WELL_KNOWN: Final = (80, 443)

_sendto: Any = socket.socket.sendto
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class RefusedError(PermissionError):
    """The service tried something that would leave loopback."""


Lead = Callable[[str, int], tuple[str, int] | None]
"""Called with the host and port of a connection; returns the stand-in's address, or None if the
connection is to be refused."""


class Outgoing:
    """Leads every TCP connection of this process to what ``lead`` says, and refuses UDP.

    Names are not looked up: each gets a loopback address of its own, by which a connection is
    recognised. Connections to ``own`` ports, on which this process listens itself, are left alone.
    """

    def __init__(self, lead: Lead, is_own: Callable[[int], bool]) -> None:
        self._lead = lead
        self._is_own = is_own
        self._hosts: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self.refused: dict[SideEffect, None] = {}
        """What was refused here, each once."""

    def getaddrinfo(
        self,
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Return the address that stands for a name, or the address that the name is."""
        name = host.decode() if isinstance(host, bytes) else host
        flags &= ~socket.AI_ADDRCONFIG  # by which a network of loopback alone has no addresses
        if name is None or numeric(name) is not None:
            return _getaddrinfo(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NONAME, "names have IPv4 addresses only here")
        return _getaddrinfo(self._token(name), port, socket.AF_INET, type, proto, flags)

    def _token(self, name: str) -> str:
        name = name.rstrip(".").lower()
        if name == "localhost":
            return _LOOPBACK
        if name not in self._tokens:
            token = str(ipaddress.IPv4Address(_FIRST_TOKEN + len(self._tokens)))
            self._tokens[name], self._hosts[token] = token, name
        return self._tokens[name]

    def led(self, link: socket.socket, address: Any) -> Any:
        """Return the address that a connection is led to.

        Raises:
            ConnectionRefusedError: its stand-in refuses.
            RefusedError: it is UDP, or not a connection of the internet protocols.
        """
        if link.family not in _INTERNET:
            if link.family == socket.AF_UNIX:
                self._refuse(f"connects to the Unix socket {address}")
                raise ConnectionRefusedError(errno.ECONNREFUSED, "ghosts check: not answered")
            return address
        host, port = self._name_of(address)
        if link.type != socket.SOCK_STREAM:
            if host == "localhost":
                return address  # which goes nowhere, see private_network
            self._refuse(f"sends to {host}:{port} (UDP)")
            raise RefusedError(errno.EPERM, f"ghosts check refuses UDP to {host}:{port}")
        if address[0] in (_LOOPBACK, "::1") and self._is_own(port):
            return address
        stand_in = self._lead(host, port)
        if stand_in is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        if link.family == socket.AF_INET6:
            return (f"::ffff:{stand_in[0]}", stand_in[1])
        return stand_in

    def _refuse(self, what: str) -> None:
        self.refused[SideEffect(what, caller_in_words() or None, True)] = None

    def _name_of(self, address: Any) -> tuple[str, int]:
        host, port = address[0], address[1]
        if host and numeric(host) is None:
            host = self._token(host)
        if host in (_LOOPBACK, "::1", "", "0.0.0.0"):
            return "localhost", port
        return self._hosts.get(host, host), port


def name_of(host: str, port: int) -> str:
    """Return the name of a dependency: its host, with its port if that is not HTTP's own."""
    return host if port in _WELL_KNOWN else f"{host}:{port}"


@contextmanager
def led_by(outgoing: Outgoing) -> Iterator[None]:
    """Lead the connections of this process, of all threads."""

    def connect(link: socket.socket, address: Any, /) -> None:
        _connect(link, outgoing.led(link, address))

    def connect_ex(link: socket.socket, address: Any, /) -> int:
        try:
            return _connect_ex(link, outgoing.led(link, address))
        except OSError as error:
            return error.errno or errno.ECONNREFUSED

    def gethostbyname(name: str) -> str:
        return str(outgoing.getaddrinfo(name, 0)[0][4][0])

    def sendto(link: socket.socket, data: Any, *arguments: Any) -> Any:
        return _sendto(link, data, *arguments[:-1], outgoing.led(link, arguments[-1]))

    replaced: Mapping[tuple[Any, str], Any] = {
        (socket.socket, "connect"): connect,
        (socket.socket, "connect_ex"): connect_ex,
        (socket.socket, "sendto"): sendto,
        (socket, "getaddrinfo"): outgoing.getaddrinfo,
        (socket, "gethostbyname"): gethostbyname,
    }
    before = {(owner, name): getattr(owner, name) for owner, name in replaced}
    for (owner, name), function in replaced.items():
        setattr(owner, name, function)
    try:
        yield
    finally:
        for (owner, name), function in before.items():
            setattr(owner, name, function)


def connect_directly(link: socket.socket, address: tuple[str, int]) -> None:
    """Connect as `socket.socket.connect` does, without being led."""
    _connect(link, address)
