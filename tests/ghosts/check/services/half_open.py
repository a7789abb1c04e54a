"""A service that notices devices that vanish only if it sends pings."""

from aiohttp import web


def app(heartbeat):
    async def handler(request):
        socket = web.WebSocketResponse(heartbeat=heartbeat)
        await socket.prepare(request)
        async for _ in socket:  # GUILTY
            pass
        return socket

    app = web.Application()
    app.router.add_get("/", handler)
    return app


faulty, sound = app(None), app(15)
