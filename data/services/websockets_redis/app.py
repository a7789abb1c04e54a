"""Chat rooms over several processes: messages are passed on through Redis. The path is the room."""

import asyncio
import logging
import signal

import redis.asyncio as redis
from prometheus_client import Gauge
from websockets.asyncio.server import serve

log = logging.getLogger("rooms")
connections = Gauge("room_connections", "Clients that are connected")
client = redis.Redis(host="localhost", port=6379, decode_responses=True)


async def receive(websocket, room):
    """Publish what the client sends, until it leaves."""
    async for text in websocket:
        await client.publish(room, text)


async def listen(websocket, room):
    """Send the client what is published in its room, by this process or another."""
    async with client.pubsub() as pubsub:
        await pubsub.subscribe(room)
        async for message in pubsub.listen():
            if message["type"] == "message":
                await websocket.send(message["data"])


async def handler(websocket):
    room = websocket.request.path
    with connections.track_inprogress():
        await asyncio.gather(receive(websocket, room), listen(websocket, room))


async def main():
    async with serve(handler, "", 8765) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
