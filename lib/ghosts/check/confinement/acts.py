"""What an app does to its network and its machine, read from Python's audit events."""

import os
import shlex
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final

from ghosts.check.confinement.loopback import is_loopback, is_unspecified

SPAWN: Final = "ghosts.check.spawn"
"""The event of a program that `multiprocessing` starts: Python itself has none for it."""
LONGEST_TARGET: Final = 200
RESOURCE_TRACKER: Final = "multiprocessing.resource_tracker"


class Rule(Enum):
    """Where an act is let pass."""

    EVERYWHERE = auto()
    IN_A_PRIVATE_NETWORK = auto()
    NOWHERE = auto()


@dataclass(frozen=True, slots=True)
class Act:
    """Something that an app does."""

    verb: str
    target: str
    rule: Rule
    path: str | bytes | None = None
    """What it changes on disk, unless that is given as a file descriptor."""

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"


ReadAct = Callable[[Sequence[Any]], Act | None]
"""Returns the act of an event with these arguments; ``None`` if it needs no mention."""


def _reaches(verb: str) -> ReadAct:
    """Read an event that sends to an address."""

    def read(arguments: Sequence[Any]) -> Act | None:
        sock, address = arguments
        if address is None:  # a message on a socket that is connected
            return None
        if sock.family in INTERNET:
            host = _text(address[0])
            if is_loopback(host) or is_unspecified(host):
                return None
            return Act(verb, _internet(sock, host, address[1]), Rule.NOWHERE)
        return _beside_the_internet(verb, sock, address)

    return read


def _binds(arguments: Sequence[Any]) -> Act | None:
    sock, address = arguments
    verb = "binds a socket to"
    if sock.family in INTERNET:
        host = _text(address[0])
        if is_loopback(host):
            return None
        rule = Rule.IN_A_PRIVATE_NETWORK
        return Act(verb, _internet(sock, host or "0.0.0.0", address[1]), rule)
    return _beside_the_internet(verb, sock, address)


def _beside_the_internet(verb: str, sock: socket.socket, address: object) -> Act | None:
    if sock.family in KERNEL_ONLY:
        return None
    if sock.family == getattr(socket, "AF_UNIX", None):
        path = _text(address)
        target = f"the Unix socket {path.replace(chr(0), '@')}"
        return Act(verb, target, Rule.EVERYWHERE) if path else None
    family = getattr(sock.family, "name", sock.family)  # a plain number if Python has no name
    return Act(verb, f"an address of {family}", Rule.NOWHERE)


def _internet(sock: socket.socket, host: str, port: int) -> str:
    kind = " (UDP)" if sock.type == socket.SOCK_DGRAM else ""
    return f"[{host}]:{port}{kind}" if ":" in host else f"{host}:{port}{kind}"


def _starts(command: int) -> ReadAct:
    """Read an event whose argument number ``command`` is the command line of a program."""

    def read(arguments: Sequence[Any]) -> Act | None:
        words = arguments[command]
        line = _text(words) if isinstance(words, str | bytes) else shlex.join(map(_text, words))
        if RESOURCE_TRACKER in line:
            return None  # Python's own: deletes what processes share, once they have ended
        return Act("starts the program", line[:LONGEST_TARGET], Rule.IN_A_PRIVATE_NETWORK)

    return read


def _forks(arguments: Sequence[Any]) -> Act:
    return Act("starts a process by", "a fork", Rule.IN_A_PRIVATE_NETWORK)


def _opens(arguments: Sequence[Any]) -> Act | None:
    path, _, flags = arguments
    if not flags & WRITING or isinstance(path, int) or path is None or _text(path) == os.devnull:
        return None
    return _on_disk("writes", path)


def _opens_database(arguments: Sequence[Any]) -> Act | None:
    path = arguments[0]
    return _on_disk("opens the database", path) if path and path != ":memory:" else None


def _changes(verb: str, path: int = 0) -> ReadAct:
    """Read an event whose argument number ``path`` is what is changed on disk."""

    def read(arguments: Sequence[Any]) -> Act:
        return _on_disk(verb, arguments[path])

    return read


def _on_disk(verb: str, path: object) -> Act:
    named = os.fspath(path) if isinstance(path, str | bytes | os.PathLike) else None
    return Act(verb, _text(path)[:LONGEST_TARGET], Rule.EVERYWHERE, named)


def _text(value: Any) -> str:
    if isinstance(value, int):
        return f"file descriptor {value}"
    return os.fsdecode(bytes(value) if isinstance(value, bytearray) else value)


INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})
KERNEL_ONLY: Final = frozenset(
    getattr(socket, name) for name in ("AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
"""Families whose sockets speak with the kernel of this machine."""
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ON_DISK: Final[Mapping[str, ReadAct]] = MappingProxyType(
    {
        "open": _opens,
        "sqlite3.connect": _opens_database,
        "os.remove": _changes("removes"),
        "os.rename": _changes("renames"),
        "os.mkdir": _changes("makes the folder"),
        "os.rmdir": _changes("removes the folder"),
        "os.link": _changes("makes the link", 1),
        "os.symlink": _changes("makes the link", 1),
        "os.truncate": _changes("changes the length of"),
        "os.chmod": _changes("changes the permissions of"),
        "os.chown": _changes("changes the owner of"),
    }
)
ACTS: Final[Mapping[str, ReadAct]] = MappingProxyType(
    {
        "socket.connect": _reaches("connects to"),
        "socket.sendto": _reaches("sends to"),
        "socket.sendmsg": _reaches("sends to"),
        "socket.bind": _binds,
        "subprocess.Popen": _starts(1),
        "os.system": _starts(0),
        "os.posix_spawn": _starts(1),
        "os.exec": _starts(1),
        SPAWN: _starts(1),
        "os.fork": _forks,
        "os.forkpty": _forks,
        **ON_DISK,
    }
)
"""How to read each audit event that matters here."""
