"""The storage of the recorder: it answers an upload after three seconds."""

import asyncio
from typing import Any, Final

UPLOAD_SECONDS: Final = 3.0


async def storage(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request, an ASGI application."""
    await receive()
    await asyncio.sleep(UPLOAD_SECONDS)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
