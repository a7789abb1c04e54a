"""The backend answers 500 at once."""

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _fail(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    return web.Response(status=500)


BEHAVIOUR = FaultBehaviour(instead_of_work=_fail)
