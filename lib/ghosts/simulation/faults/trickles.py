"""The backend answers at once, with one byte every ``seconds``, and never ends."""

import asyncio
from contextlib import suppress

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _trickle(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):  # the connection was closed at this moment
        while True:
            await response.write(b" ")
            await asyncio.sleep(seconds)
    return response


BEHAVIOUR = FaultBehaviour(instead_of_work=_trickle)
