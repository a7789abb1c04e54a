"""How a connection is closed within a bound."""

import asyncio

from websockets.asyncio.connection import Connection

from ghosts.settings import WS_CLOSE_TIMEOUT


async def close_within(connection: Connection, code: int = 1000) -> None:
    """Close a connection; one whose peer does not read, or answer, within 3 s is cut."""
    try:
        async with asyncio.timeout(WS_CLOSE_TIMEOUT):
            await connection.close(code)
    except TimeoutError:
        connection.transport.abort()
