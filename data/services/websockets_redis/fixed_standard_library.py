"""Chat rooms over several processes: messages are passed on through Redis. The path is the room."""

import asyncio
import logging
import signal

import redis.asyncio as redis
from prometheus_client import Gauge
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

log = logging.getLogger("rooms")
connections = Gauge("room_connections", "Clients that are connected")
client = redis.Redis(host="localhost", port=6379, decode_responses=True)
CALL_SECONDS = 5


async def receive(websocket, room):
    """Publish what the client sends, until it leaves."""
    async for text in websocket:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await client.publish(room, text)
        except Exception as error:
            log.warning("%s: a message was not published: %r", room, error)


async def listen(websocket, room):
    """Send the client what is published in its room, by this process or another."""
    async with client.pubsub() as pubsub:
        async with asyncio.timeout(CALL_SECONDS):
            await pubsub.subscribe(room)
        async for message in pubsub.listen():
            if message["type"] == "message":
                try:
                    async with asyncio.timeout(CALL_SECONDS):
                        await websocket.send(message["data"])
                except TimeoutError:  # pings are queued behind the message
                    log.warning("%s: a client is dropped that does not read", room)
                    websocket.transport.abort()


async def keep_listening(websocket, room):
    while True:
        try:
            await listen(websocket, room)
        except (redis.RedisError, OSError, ValueError) as error:
            log.warning("%s: subscribing again: %r", room, error)
            await asyncio.sleep(1)


async def handler(websocket):
    room = websocket.request.path
    with connections.track_inprogress():
        try:
            async with asyncio.TaskGroup() as group:
                listener = group.create_task(keep_listening(websocket, room))
                await receive(websocket, room)
                listener.cancel()
        except* ConnectionClosed:
            log.info("%s: a connection was lost", room)


async def main():
    async with serve(handler, "", 8765) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
