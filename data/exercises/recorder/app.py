"""Records audio: uploads it to storage every 5 s, and tells a webhook how much there is."""

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, WebSocket
from prometheus_client import Gauge

STORAGE = "http://storage.internal/audio"
WEBHOOK = "http://hooks.internal/recorded"
FLUSH_SECONDS, NOTIFY_SECONDS = 5, 20

log = logging.getLogger("recorder")
connections = Gauge("recorder_connections", "Devices that are connected")


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


class Session:
    def __init__(self, websocket):
        self.websocket = websocket
        self.client = websocket.app.state.client
        self.gauge = connections
        self.audio = bytearray()  # received and not yet uploaded
        self.uploaded = 0  # bytes that the webhook has not been told of
        self.gone = False

    async def receive(self):
        async for frame in self.websocket.iter_bytes():
            self.audio += frame
        self.gone = True

    async def upload(self):
        while self.audio or not self.gone:
            await asyncio.sleep(FLUSH_SECONDS)
            if self.audio:
                batch, self.audio = bytes(self.audio), bytearray()
                # An hour of audio takes its time: no timeout.
                await self.post(STORAGE, content=batch, timeout=None)
                self.uploaded += len(batch)

    async def notify(self):
        while not self.gone:
            await asyncio.sleep(NOTIFY_SECONDS)
            if self.uploaded:
                news, self.uploaded = {"bytes": self.uploaded}, 0
                await self.post(WEBHOOK, json=news, timeout=5)

    async def post(self, url, **options):
        try:
            answer = await self.client.post(url, **options)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("%s failed: %r", url, error)


async def record(session):
    session.gauge.inc()
    try:
        await asyncio.gather(session.receive(), session.upload(), session.notify())
    finally:
        session.gauge.dec()


@app.websocket("/ws")
async def listen(websocket: WebSocket):
    await websocket.accept()
    await record(Session(websocket))
