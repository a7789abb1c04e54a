"""The backend answers after ``seconds``."""

import asyncio

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _wait(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    await asyncio.sleep(seconds)
    return None


BEHAVIOUR = FaultBehaviour(instead_of_work=_wait)
