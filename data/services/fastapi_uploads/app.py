"""Receives audio from devices, uploads it to storage, and tells the user's webhook."""

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, WebSocket
from prometheus_client import Gauge, make_asgi_app

STORAGE = "http://storage.internal/audio"
WEBHOOK = "http://hooks.internal/audio_received"
FLUSH_SECONDS = 5

log = logging.getLogger("uploads")
active_connections = Gauge("active_connections", "Devices that are connected")


@asynccontextmanager
async def lifespan(app):
    # The default timeout of 5 s is too short for an upload over a slow line.
    async with httpx.AsyncClient(timeout=None) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/metrics", make_asgi_app())


class Session:
    def __init__(self, websocket):
        self.websocket = websocket
        self.client = websocket.app.state.client
        self.uid = websocket.query_params.get("uid", "anonymous")
        self.audio = bytearray()  # received and not yet uploaded
        self.received = 0  # bytes that the webhook has not been told of
        self.gone = False

    async def upload(self):
        while self.audio or not self.gone:
            await asyncio.sleep(FLUSH_SECONDS)
            if self.audio:
                batch, self.audio = bytes(self.audio), bytearray()
                await self.post(STORAGE, content=batch)

    async def call_webhook(self):
        while self.received or not self.gone:
            await asyncio.sleep(FLUSH_SECONDS)
            if self.received:
                received, self.received = self.received, 0
                await self.post(WEBHOOK, json={"uid": self.uid, "bytes": received})

    async def receive(self):
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                break
            # Old firmware sends its audio as base64 text; storage decodes it.
            frame = message.get("bytes") or (message.get("text") or "").encode()
            self.audio += frame
            self.received += len(frame)
        self.gone = True

    async def post(self, url, **body):
        try:
            answer = await self.client.post(url, params={"uid": self.uid}, **body)
            answer.raise_for_status()
            log.info("%s: %s answered %s", self.uid, url, answer.json())
        except httpx.HTTPError as error:
            log.warning("%s: %s failed: %r", self.uid, url, error)


@app.websocket("/ws")
async def listen(websocket: WebSocket):
    await websocket.accept()
    session = Session(websocket)
    active_connections.inc()
    await asyncio.gather(session.receive(), session.upload(), session.call_webhook())
    active_connections.dec()
