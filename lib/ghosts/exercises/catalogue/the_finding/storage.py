"""The storage and the webhook of the recorder, which record what they are sent."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

HOOKS: Final = "hooks.internal"
UPLOAD_SECONDS: Final = 3.0


@dataclass(slots=True)
class Received:
    """What both have received since the process began.

    ``uploads`` are uploads that storage has answered, each with its second. While ``hangs`` is set
    storage answers nothing.
    """

    uploads: list[tuple[float, bytes]] = field(default_factory=list)
    begun: list[tuple[float, bytes]] = field(default_factory=list)
    """Uploads that have arrived, each with its second."""
    told: int = 0
    """Bytes that the webhook was told of."""
    hangs: bool = False


RECEIVED: Final = Received()
"""Of this process: each cell runs in a fork of its own."""


async def storage(scope: Any, receive: Any, send: Any) -> None:
    """Answer one upload after three seconds, an ASGI application."""
    body, loop = await _body(receive), asyncio.get_running_loop()
    RECEIVED.begun.append((loop.time(), body))
    await asyncio.sleep(UPLOAD_SECONDS)
    if RECEIVED.hangs:
        await asyncio.Event().wait()
    RECEIVED.uploads.append((loop.time(), body))
    await _answer(send)


async def webhook(scope: Any, receive: Any, send: Any) -> None:
    """Answer one call at once, an ASGI application."""
    with suppress(ValueError, TypeError, KeyError):  # of a service that calls it in another way
        RECEIVED.told += int(json.loads(await _body(receive))["bytes"])
    await _answer(send)


async def _body(receive: Any) -> bytes:
    return bytes((await receive()).get("body", b""))


async def _answer(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
