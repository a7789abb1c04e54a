"""The command that runs one cell of a check again."""

import re
import shlex
from dataclasses import fields
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ghosts.check.plan import Cell
from ghosts.check.service import Service

_SECRET: Final = re.compile(r"auth|cookie|token|key|secret|password|session", re.IGNORECASE)
_HIDDEN: Final = "***"
_DEFAULTS: Final = {each.name: each.default for each in fields(Service)}


def replay_command(service: Service, cell: Cell) -> str:
    """Return the command that runs a cell alone, with the options that the service was given.

    Values of headers and query parameters that may be secret are replaced by ``***``. For a service
    that a test has passed as an object it is the call in the test, with its arguments.
    """
    if not isinstance(service.target, str):
        return f'ghost_check(..., only=["{cell.name}"])'
    words = ["ghosts", "check", service.name, *_options(service), "--only", cell.name]
    return shlex.join(words)


def shown_path(path: str) -> str:
    """Return a path with the values of its query that may be secret hidden."""
    parts = urlsplit(path)
    pairs = [_without_secret(*pair.partition("=")) for pair in parts.query.split("&")]
    return urlunsplit(parts._replace(query="&".join(pairs)))


def _without_secret(name: str, separator: str, value: str) -> str:
    return f"{name}{separator}{_HIDDEN if value and _SECRET.search(name) else value}"


def _options(service: Service) -> list[str]:
    found: list[str] = []
    for option, name in (
        ("--app-dir", "app_dir"),
        ("--path", "path"),
        ("--send", "frames_file"),
        ("--devices", "devices"),
        ("--stay", "stay"),
        ("--gauge", "gauge"),
    ):
        value = getattr(service, name)
        if value != _DEFAULTS[name]:
            shown = shown_path(value) if name == "path" else value
            found += [option, f"{shown:g}" if isinstance(shown, float) else str(shown)]
    for name, value in service.headers:
        found += ["--header", _without_secret(name, ":", value)]
    for name in service.subprotocols:
        found += ["--subprotocol", name]
    for host, stub in service.stubs.items():
        found += ["--stub", f"{host}={stub}"]
    for server in service.allowed:
        found += ["--allow", f"{server.host}:{server.port}"]
    return [*found, "--real-time"] if service.by_wall_clock else found
