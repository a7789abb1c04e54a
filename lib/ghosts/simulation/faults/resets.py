"""The backend resets the connection on every request."""

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour
from ghosts.simulation.ports import reset_request


async def _reset(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    return reset_request(request)


BEHAVIOUR = FaultBehaviour(instead_of_work=_reset)
