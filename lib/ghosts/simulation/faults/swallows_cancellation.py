"""The client suppresses cancellations, and continues to wait for the answer."""

import asyncio
from contextlib import suppress
from typing import Any

from ghosts.simulation.faults.behaviour import Call, FaultBehaviour


async def _ignore_cancellation(call: Call, fault_ended: asyncio.Event) -> Any:
    running = asyncio.ensure_future(call())
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    return running.result()


BEHAVIOUR = FaultBehaviour(around_call=_ignore_cancellation)
