"""The client raises a cancellation that was not requested."""

import asyncio
from typing import Any

from ghosts.simulation.faults.behaviour import Call, FaultBehaviour


async def _cancel(call: Call, fault_ended: asyncio.Event) -> Any:
    raise asyncio.CancelledError


BEHAVIOUR = FaultBehaviour(around_call=_cancel)
