"""The service that is checked: what it is, and how it is imported."""

import asyncio
import importlib
import inspect
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ghosts.check.confinement.broker import AllowedServer
from ghosts.check.own import error_in_words
from ghosts.check.world.timing import BY_WALL_CLOCK, SIMULATED, Timing
from ghosts.errors import GhostsError, unknown


class ServiceError(GhostsError):
    """A service cannot be imported, started or checked."""


class InternalError(GhostsError):
    """The check itself has failed. ``trace`` is the traceback, for the one who fixes it."""

    def __init__(self, what: str, trace: str) -> None:
        last = trace.strip().splitlines()[-1] if trace.strip() else "no traceback"
        super().__init__(f"{what} has failed by itself, not by the service: {last}")
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return InternalError._again, (str(self), self.trace)

    @classmethod
    def _again(cls, text: str, trace: str) -> "InternalError":
        again = cls("", trace)
        again.args = (text,)
        return again


class Kind(StrEnum):
    """What an attribute is, and so how it is served."""

    ASGI = "an ASGI application"
    AIOHTTP = "an aiohttp application"
    WEBSOCKETS = "a websockets handler"
    PROGRAM = "a coroutine function that serves"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message that a device sends, ``pause`` seconds after the one before."""

    data: str | bytes
    pause: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is checked, and how its devices talk to it.

    ``target`` is ``MODULE:ATTRIBUTE``, imported from ``app_dir``, or the application itself, which
    can be checked by the process that has it.
    """

    target: Any
    app_dir: str = "."
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = (Frame("ping"),)
    frames_file: str = ""
    """Where the frames were read from; empty for none."""
    devices: int = 5
    stay: float = 20.0
    gauge: str | None = None
    moving: tuple[str, ...] = ()
    """Gauges that have counted sessions while nothing failed, unless ``gauge`` is given."""
    by_wall_clock: bool = False
    """Whether cells run in real time, for a service that simulated time cannot be shown to."""
    stubs: dict[str, str] = field(default_factory=dict)
    """By host, ``MODULE:APP`` of what answers for it: an ASGI application, or a coroutine function
    of a stream reader and a stream writer."""
    allowed: tuple[AllowedServer, ...] = ()
    """Real servers on loopback that the service may reach."""

    @property
    def timing(self) -> Timing:
        """How long everything in a cell takes."""
        return BY_WALL_CLOCK if self.by_wall_clock else SIMULATED

    @property
    def name(self) -> str:
        """How it is called in a report."""
        if isinstance(self.target, str):
            return self.target
        return str(getattr(self.target, "__name__", type(self.target).__name__))


def load(target: Any, app_dir: str) -> Any:
    """Return the attribute that ``MODULE:ATTRIBUTE`` names, or the application if it is one.

    Raises:
        ServiceError: the module or attribute does not exist, or the import failed.
    """
    if not isinstance(target, str):
        return target
    module_name, colon, attribute = target.partition(":")
    if not colon or not module_name or not attribute:
        raise ServiceError(f"{target!r} is no MODULE:ATTRIBUTE, such as app:app")
    folder = str(Path(app_dir).resolve())
    if not Path(folder).is_dir():
        raise ServiceError(f"no folder {app_dir!r}")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found = _imported(module_name, app_dir)
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ServiceError(f"{unknown('attribute', name, _public(found))} in {module_name}")
        found = getattr(found, name)
    return found


def _imported(name: str, app_dir: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ServiceError(f"no module {name!r} in {app_dir!r}; see --app-dir") from None
        raise ServiceError(f"{name} cannot be imported: {error_in_words(error)}") from None
    except SystemExit as error:
        raise ServiceError(
            f"{name} calls sys.exit when it is imported: {error_in_words(error)}"
        ) from None
    except Exception as error:
        raise ServiceError(f"{name} cannot be imported: {error_in_words(error)}") from None


def _public(found: Any) -> list[str]:
    return [name for name in vars(found) if not name.startswith("_")] if vars(found) else []


def kind_of(app: Any) -> Kind:
    """Return what an attribute is.

    Raises:
        ServiceError: it is nothing that can be served.
    """
    aiohttp = sys.modules.get("aiohttp.web")
    if aiohttp is not None and isinstance(app, aiohttp.Application):
        return Kind.AIOHTTP
    if not callable(app):
        raise ServiceError(
            f"{type(app).__name__} is no service: name an ASGI application, an "
            "aiohttp.web.Application or a handler of websockets"
        )
    is_function = inspect.isroutine(app)
    function = app if is_function or inspect.isclass(app) else type(app).__call__
    count = required_arguments(function) - (0 if is_function or inspect.isclass(app) else 1)
    if count == 3 or (count == 1 and inspect.isclass(app)):
        return Kind.ASGI
    if asyncio.iscoroutinefunction(function):
        if count == 0:
            return Kind.PROGRAM
        if count == 1:
            return Kind.WEBSOCKETS
    if count == 0:
        raise ServiceError(f"{app.__name__} is a function without parameters: pass what it returns")
    raise ServiceError(
        f"{getattr(app, '__name__', type(app).__name__)} takes {count} arguments: an ASGI "
        "application takes three, a handler of websockets one and is a coroutine function"
    )


def required_arguments(function: Any) -> int:
    """Return how many positional arguments a function needs; three if it does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 3
    return sum(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in parameters
    )
