"""A hub for chat: what one client sends is passed on to all."""

import asyncio
import json
import logging

from aiohttp import WSCloseCode, WSMsgType, web
from prometheus_client import Gauge, generate_latest

HEARTBEAT_SECONDS = 20

log = logging.getLogger("hub")
connections = Gauge("hub_connections", "Clients that are connected")
clients = []


async def send(ws, text):
    try:
        await ws.send_str(text)
    except ConnectionError:
        log.info("a client left while it was sent a message")


async def broadcast(text):
    for ws in list(clients):
        await send(ws, text)


async def close_all(app):
    for ws in list(clients):
        await ws.close(code=WSCloseCode.GOING_AWAY)


async def heartbeat(ws):
    """Tell the client how many are online; this also keeps proxies from closing the connection."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        if not ws.closed:
            await send(ws, json.dumps({"online": len(clients)}))


async def metrics(request):
    return web.Response(body=generate_latest(), content_type="text/plain")


async def receive(ws):
    while True:
        message = await ws.receive()
        if message.type == WSMsgType.TEXT:
            await broadcast(message.data)
        elif message.type == WSMsgType.CLOSE:
            clients.remove(ws)
            connections.dec()
            return
        elif message.type in (WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            log.info("a connection has ended: %r", ws.exception())
            return


async def hub(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    connections.inc()
    clients.append(ws)
    asyncio.create_task(heartbeat(ws))
    await receive(ws)
    return ws


app = web.Application()
app.add_routes([web.get("/ws", hub), web.get("/metrics", metrics)])
app.on_shutdown.append(close_all)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    web.run_app(app, port=8080)
