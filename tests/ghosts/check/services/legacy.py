"""A program that serves by the old server of websockets."""

from saying import hold
from websockets.legacy.server import serve


async def handler(websocket, path):
    try:
        async for message in websocket:
            await websocket.send(message)
    finally:
        if path == "/?hold":
            await hold()


async def main():
    async with serve(handler, "localhost", 8765) as server:
        await server.serve_forever()
