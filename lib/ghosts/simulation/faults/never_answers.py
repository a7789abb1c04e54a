"""The backend receives the request and never answers it, not even after the fault has ended."""

import asyncio

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _never_answer(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    await asyncio.get_running_loop().create_future()
    return None


BEHAVIOUR = FaultBehaviour(instead_of_work=_never_answer)
