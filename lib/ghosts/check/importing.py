"""The import of a service: with no way out, and with a note of what a fork will not have."""

import asyncio
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from aiohttp import web

from ghosts.check.own import caller_in_words, error_in_words
from ghosts.check.service import Service, ServiceError, kind_of, load, required_arguments
from ghosts.check.world.outgoing import Outgoing, led_by
from ghosts.check.world.stubs import load_stubs

_start = threading.Thread.start


def import_service(service: Service) -> tuple[Any, list[str]]:
    """Return the imported application, and notes on what the import has done.

    Connections that the import opens are refused: no cell has begun.

    Raises:
        ServiceError: it cannot be imported, or cannot be served.
    """
    outgoing = Outgoing(lambda host, port: None, lambda port: False)
    with led_by(outgoing), _threads_recorded() as threads, _without_serving() as served:
        app = load(service.target, service.app_dir)
        if _is_factory(app):
            app = _made_by(app)
        load_stubs(service)
    kind_of(app)
    notes = [
        f"the import starts a thread, {thread}: it does not run in the cells, which are forks"
        for thread in threads
    ]
    notes += [
        f"the import serves, at {place}: that was left out; put it below if __name__ == '__main__'"
        for place in served
    ]
    policy = type(asyncio.get_event_loop_policy())
    if policy.__module__.partition(".")[0] == "uvloop":
        notes.append("the import installs uvloop: the cells run on asyncio's own loop")
        asyncio.set_event_loop_policy(None)
    return app, notes


def _made_by(factory: Any) -> Any:
    def run_forever(loop: asyncio.AbstractEventLoop) -> None:
        raise ServiceError(
            f"{factory.__name__} runs an event loop itself: name the application that it serves, "
            "or a coroutine function"
        )

    original = asyncio.BaseEventLoop.run_forever
    asyncio.BaseEventLoop.run_forever = run_forever  # type: ignore[method-assign, assignment]
    try:
        made = factory()
    except (Exception, SystemExit) as error:
        if isinstance(error, ServiceError):
            raise
        raise ServiceError(f"{factory.__name__} fails: {error_in_words(error)}") from None
    finally:
        asyncio.BaseEventLoop.run_forever = original  # type: ignore[method-assign]
    if made is None:
        raise ServiceError(
            f"{factory.__name__} returns nothing: name the application that it serves, or a "
            "coroutine function"
        )
    return made


def _is_factory(app: Any) -> bool:
    """Return whether it is a plain function without arguments, which returns the application."""
    return (
        inspect.isfunction(app)
        and not inspect.iscoroutinefunction(app)
        and not required_arguments(app)
    )


class _Serves(BaseException):
    """Raised where an import begins to listen, and caught where it runs the loop that would."""


@contextmanager
def _without_serving() -> Iterator[list[str]]:
    """Let a module run a loop when it is imported, but not serve; yield the places where it would.

    Examples often end with ``asyncio.run(main())`` or ``run_app(app)``. The import goes on after
    it, so that what it has defined can be served by the cells.
    """
    found: list[str] = []
    loops: Any = asyncio.BaseEventLoop
    before = loops.create_server, loops.run_until_complete, uvicorn.run, web.run_app

    async def create_server(loop: object, *arguments: Any, **options: Any) -> None:
        raise _Serves

    def run_until_complete(loop: object, future: Any) -> Any:
        try:
            return before[1](loop, future)
        except _Serves:
            found.append(caller_in_words())
            return None

    def run(*arguments: Any, **options: Any) -> None:
        found.append(caller_in_words())

    loops.create_server, loops.run_until_complete = create_server, run_until_complete
    # These two would have begun with the application before the loop is stopped.
    uvicorn.run = web.run_app = run
    try:
        yield found
    finally:
        loops.create_server, loops.run_until_complete, uvicorn.run, web.run_app = before


@contextmanager
def _threads_recorded() -> Iterator[list[str]]:
    """Yield a list of the threads that are started in this block, with their places."""
    found: list[str] = []

    def start(thread: threading.Thread) -> None:
        place = caller_in_words()
        found.append(f"{thread.name}{f' at {place}' if place else ''}")
        _start(thread)

    threading.Thread.start = start  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        threading.Thread.start = _start  # type: ignore[method-assign]
