"""Serves what is checked, by the server that would serve it in production."""

import asyncio
import functools
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from ghosts.check.own import error_in_words
from ghosts.check.service import Kind, ServiceError, kind_of
from ghosts.check.world.app_time import replace_everywhere
from ghosts.check.world.service_loop import ServiceLoop
from ghosts.check.world.sessions import Sessions, current_session

_LOOPBACK: Final = "127.0.0.1"
_START_SECONDS: Final = 120.0
"""Simulated seconds that a service may take to start."""


class Served:
    """A service that listens, and can be told to stop."""

    def __init__(self, port: int, running: asyncio.Task[Any], stop: Callable[[], object]) -> None:
        self.port = port
        self._running = running
        self._stop = stop
        self.stopped_at: float | None = None
        running.add_done_callback(self._note_end)

    def _note_end(self, running: asyncio.Task[Any]) -> None:
        self.stopped_at = running.get_loop().time()
        if not running.cancelled():
            running.exception()

    def stop(self) -> None:
        """Tell it to stop, as SIGTERM does; it may take as long as it likes."""
        self._stop()

    @property
    def running(self) -> asyncio.Task[Any]:
        """The task that serves."""
        return self._running


async def serve(
    app: Any, kind: Kind, loop: ServiceLoop, sessions: Sessions, ping: float | None
) -> Served:
    """Serve an application on a free port of loopback, and return once it listens.

    Raises:
        ServiceError: it did not start.
    """
    listener = socket.create_server((_LOOPBACK, 0), backlog=512)
    start = {
        Kind.ASGI: _asgi,
        Kind.AIOHTTP: _aiohttp,
        Kind.WEBSOCKETS: _websockets,
        Kind.PROGRAM: _program,
    }[kind]
    return await start(app, loop, sessions, listener, ping)


async def _started(running: asyncio.Task[Any], ready: asyncio.Future[Any]) -> None:
    """Return once a service is ready.

    Raises:
        ServiceError: it ended before, or takes too long.
    """
    await asyncio.wait(
        (running, ready), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    if ready.done():
        return
    if not running.done():
        raise ServiceError(f"the service did not start within {_START_SECONDS:g} simulated seconds")
    error = None if running.cancelled() else running.exception()
    raise ServiceError(f"the service did not start: {_in_words(error)}")


def _in_words(error: BaseException | None) -> str:
    if error is None:
        return "it returned at once"
    return str(error) if isinstance(error, ServiceError) else error_in_words(error)


async def _asgi(
    app: Any, loop: ServiceLoop, sessions: Sessions, listener: socket.socket, ping: float | None
) -> Served:
    import uvicorn

    port = listener.getsockname()[1]
    failures = _Failures()
    config = uvicorn.Config(app, log_config=None, log_level="error", access_log=False)
    if ping is not None:
        config.ws_ping_interval = config.ws_ping_timeout = ping
    config.load()
    config.loaded_app = _recorded_asgi(config.loaded_app, sessions)
    server = uvicorn.Server(config)
    logging.getLogger("uvicorn.error").addHandler(failures)
    ready = loop.create_future()

    async def tell() -> None:
        while not server.started:  # noqa: ASYNC110 # uvicorn has no event for it
            await asyncio.sleep(0.05)
        ready.set_result(None)

    async def run() -> None:
        try:
            await server._serve([listener])
        except SystemExit:
            raise ServiceError(failures.in_words() or "its lifespan failed") from None

    # As uvicorn does before the lifespan begins, which may put a handler of its own in its place.
    signal.signal(signal.SIGTERM, server.handle_exit)
    running = loop.create_task(run(), name="uvicorn")
    telling = loop.create_task(tell(), name="uvicorn-started")
    try:
        await _started(running, ready)
    finally:
        telling.cancel()
    return Served(port, running, _stopping(loop, running))


def _recorded_asgi(app: Any, sessions: Sessions) -> Any:
    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await app(scope, receive, send)
            return

        session = current_session()

        # New for each connection: what keeps the session's WebSocket keeps these. They are no
        # coroutine functions, so that no line of theirs is on the way to where the service waits.
        def receive_here() -> Any:
            if session is not None:
                session.asked += 1
            return receive()

        def send_here(message: Any) -> Any:
            return send(message)

        await sessions.handle(lambda: app(scope, receive_here, send_here), receive_here, send_here)

    return recorded


class _Failures(logging.Handler):
    """Keeps the last line that a server has logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        lines = [line for line in record.getMessage().strip().splitlines() if line.strip()]
        if lines and not lines[-1].startswith("Application startup failed"):
            self._last = lines[-1].strip()

    def in_words(self) -> str:
        return self._last


async def _aiohttp(
    app: Any, loop: ServiceLoop, sessions: Sessions, listener: socket.socket, ping: float | None
) -> Served:
    from aiohttp import web

    port = listener.getsockname()[1]
    runner = web.AppRunner(app, handle_signals=False)
    told, ready = asyncio.Event(), loop.create_future()

    async def run() -> None:
        await runner.setup()
        assert runner.server is not None
        runner.server.request_handler = _recorded_aiohttp(runner.server.request_handler, sessions)
        await web.SockSite(runner, listener).start()
        ready.set_result(None)
        await told.wait()
        await runner.cleanup()

    running = loop.create_task(run(), name="aiohttp")
    await _started(running, ready)
    return Served(port, running, told.set)


def _recorded_aiohttp(handler: Any, sessions: Sessions) -> Any:
    async def recorded(request: Any) -> Any:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await handler(request)
        return await sessions.handle(lambda: handler(request), request)

    return recorded


async def _websockets(
    app: Any, loop: ServiceLoop, sessions: Sessions, listener: socket.socket, ping: float | None
) -> Served:
    from websockets.asyncio.server import serve as serve_websockets

    port = listener.getsockname()[1]
    told, ready = asyncio.Event(), loop.create_future()
    handler = _recorded_websockets(app, sessions)
    pings: dict[str, Any] = {} if ping is None else {"ping_interval": ping, "ping_timeout": ping}

    async def run() -> None:
        async with serve_websockets(handler, sock=listener, **pings) as server:
            ready.set_result(None)
            await told.wait()
            server.close()
            await server.wait_closed()

    running = loop.create_task(run(), name="websockets")
    await _started(running, ready)
    return Served(port, running, told.set)


def _recorded_websockets(handler: Any, sessions: Sessions) -> Any:
    @functools.wraps(handler)  # its parameters tell websockets how to call it
    async def recorded(connection: Any, *path: Any) -> None:
        returned = await sessions.handle(lambda: handler(connection, *path), connection)
        session = current_session()
        if returned is not None and session is not None:
            session.error = (
                f"it was served as a handler of websockets, and returned {type(returned).__name__}:"
                " what returns a service has no parameters"
            )

    return recorded


def _record_handlers(sessions: Sessions) -> None:
    """Record the handlers of every server that this process will make, for the rest of its life."""
    import uvicorn
    from aiohttp import web
    from websockets.asyncio import server as websockets_server

    serve_websockets = websockets_server.serve

    def serve_recorded(handler: Any, *arguments: Any, **options: Any) -> Any:
        return serve_websockets(_recorded_websockets(handler, sessions), *arguments, **options)

    replace_everywhere({serve_websockets: serve_recorded})
    if legacy := sys.modules.get("websockets.legacy.server"):
        begin = legacy.Serve.__init__

        def begin_recorded(self: Any, handler: Any, *arguments: Any, **options: Any) -> None:
            begin(self, _recorded_websockets(handler, sessions), *arguments, **options)

        legacy.Serve.__init__ = begin_recorded
    initialise = web.Server.__init__

    def initialise_recorded(self: web.Server, handler: Any, **options: Any) -> None:
        initialise(self, _recorded_aiohttp(handler, sessions), **options)

    web.Server.__init__ = initialise_recorded  # type: ignore[method-assign]
    load = uvicorn.Config.load

    def load_recorded(config: uvicorn.Config) -> None:
        load(config)
        config.loaded_app = _recorded_asgi(config.loaded_app, sessions)

    uvicorn.Config.load = load_recorded  # type: ignore[method-assign, assignment]


def _default_handler(number: int, frame: object) -> None:
    """Do nothing: a server that raises a signal again once it has stopped ends nothing here."""


async def _program(
    app: Any, loop: ServiceLoop, sessions: Sessions, listener: socket.socket, ping: float | None
) -> Served:
    listener.close()
    ready: asyncio.Future[int] = loop.create_future()

    def on_listening(port: int) -> None:
        if not ready.done():
            ready.set_result(port)

    loop.on_listening = on_listening
    _record_handlers(sessions)
    if signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, signal.SIG_IGN):
        signal.signal(signal.SIGTERM, _default_handler)
    running = loop.create_task(app(), name="program")
    ends = running, ready
    await asyncio.wait(ends, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if running.done() and not running.cancelled() and not running.exception():
        made = running.result()
        if made is not None:  # it has made the application, and not served it
            return await serve(made, kind_of(made), loop, sessions, ping)
    await _started(running, ready)
    return Served(ready.result(), running, _stopping(loop, running))


def _stopping(loop: ServiceLoop, running: asyncio.Task[Any]) -> Callable[[], object]:
    """Return what calls the handler of SIGTERM that the service, or its server, has installed."""

    def stop() -> None:
        handler = loop.signal_handlers.get(signal.SIGTERM)
        of_signal = signal.getsignal(signal.SIGTERM)
        if handler is not None:
            handler()
        elif callable(of_signal) and of_signal is not _default_handler:
            loop.call_soon(of_signal, signal.SIGTERM, None)
        else:
            running.cancel()  # what asyncio.run does at the end of a process

    return stop
