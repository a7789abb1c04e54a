"""The backend answers 200 with content type JSON and a body that is not JSON."""

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _send_garbage(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    return web.Response(text="{", content_type="application/json")


BEHAVIOUR = FaultBehaviour(instead_of_work=_send_garbage)
