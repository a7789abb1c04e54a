"""The options of ``ghosts check`` as a service and its cells, each checked before anything runs."""

import argparse
import math
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from ghosts.check.confinement.broker import AllowedServer, allowed_server
from ghosts.check.confinement.loopback import LOCALHOST
from ghosts.check.frames_file import read_frames
from ghosts.check.plan import Cell, parse_cell
from ghosts.check.service import Frame, Service
from ghosts.cli.checks import CommandError, check_writable

_MOST_DEVICES: Final = 500
_BETWEEN_ARRIVALS: Final = 0.1
_MOST_SECONDS: Final = 86_400.0
_SMALL_TEXT: Final = (Frame("ping"),)


def service_of(arguments: argparse.Namespace) -> Service:
    """Return the service that the options describe.

    Raises:
        GhostsError: an option is wrong; the message is one line that says what to write.
    """
    module, colon, attribute = arguments.target.partition(":")
    if not (module and colon and attribute):
        raise CommandError(f"{arguments.target!r}: write MODULE:ATTRIBUTE, such as app:app")
    _check_numbers(arguments)
    files = [path for path in (arguments.json, arguments.html) if path is not None]
    if len({path.absolute() for path in files}) < len(files):
        raise CommandError("--html and --json name the same file: write two names")
    check_writable(*files)
    return Service(
        target=arguments.target,
        app_dir=arguments.app_dir,
        path=_path(arguments.path, arguments.query),
        headers=tuple(_header(text) for text in arguments.header),
        subprotocols=tuple(arguments.subprotocol),
        frames=_SMALL_TEXT if arguments.send is None else read_frames(arguments.send),
        frames_file="" if arguments.send is None else str(arguments.send),
        devices=arguments.devices,
        stay=arguments.stay,
        gauge=arguments.gauge,
        by_wall_clock=arguments.real_time,
        stubs=_stubs(arguments.stub),
        allowed=tuple(dict.fromkeys(_allowed(text) for text in arguments.allow)),
    )


def cells_of(arguments: argparse.Namespace) -> list[Cell]:
    """Return the cells of ``--only``, each once.

    Raises:
        PlanError: one of them does not exist.
    """
    return list(dict.fromkeys(parse_cell(text) for text in arguments.only))


def _check_numbers(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.devices <= _MOST_DEVICES:
        raise CommandError(f"--devices {arguments.devices}: write 1 to {_MOST_DEVICES}")
    for option, value in (("--stay", arguments.stay), ("--seconds", arguments.seconds)):
        if not 0 < value <= _MOST_SECONDS:  # also if it is not a number
            raise CommandError(f"{option} {value:g}: write seconds, more than 0 and at most 86400")
    arriving = math.ceil(arguments.devices * _BETWEEN_ARRIVALS)
    if arguments.stay < arriving:
        raise CommandError(
            f"--stay {arguments.stay:g}: {arguments.devices} devices take {arriving} s to connect; "
            f"write --stay {arriving} or more"
        )


def _path(path: str, query: list[str]) -> str:
    if urlsplit(path).scheme:
        raise CommandError(f"--path {path!r}: write the path alone, such as /ws")
    path = quote(path if path.startswith("/") else f"/{path}", safe="/?&=%:@!$'()*+,;~-._")
    pairs = [_pair(each, "=", "--query") for each in query]
    return f"{path}{'&' if '?' in path else '?'}{urlencode(pairs)}" if pairs else path


def _header(text: str) -> tuple[str, str]:
    name, value = _pair(text, ":", "--header")
    if any(each in "\r\n" for each in name + value) or not (name + value).isascii():
        raise CommandError(f"--header {text!r}: write one line of ASCII")
    return name, value


def _stubs(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        host, equals, app = text.partition("=")
        module, colon, attribute = app.partition(":")
        if not (host and equals and module and colon and attribute):
            raise CommandError(
                f"--stub {text!r}: write HOST=MODULE:APP, such as storage.internal=stubs:storage"
            )
        host = host.lower().rstrip(".")
        if found.setdefault(host, app) != app:
            raise CommandError(f"--stub {text!r}: {host} is answered by {found[host]} already")
    return found


def _allowed(text: str) -> AllowedServer:
    """Return an allowed server; the addresses of ``localhost`` get its name, as dependencies do."""
    server = allowed_server(text)
    return replace(server, host="localhost") if server.host in LOCALHOST else server


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise CommandError(f"{option} {text!r}: write NAME{separator}VALUE")
    return name.strip(), value.strip()
