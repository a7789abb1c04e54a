"""A service of Quart."""

from quart import Quart, websocket
from saying import hold, say

app = Quart(__name__)


@app.before_serving
async def startup():
    say("startup")


@app.after_serving
async def shutdown():
    say("shutdown")


@app.websocket("/ws")
async def ws():
    try:
        while True:
            await websocket.send(await websocket.receive())
    finally:
        if websocket.query_string == b"hold":
            await hold()
