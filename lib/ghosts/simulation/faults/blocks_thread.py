"""The client blocks its thread before the call starts, where no deadline applies."""

import asyncio
from typing import Any

from ghosts.simulation.faults.behaviour import Call, FaultBehaviour


async def _block(call: Call, fault_ended: asyncio.Event) -> Any:
    await fault_ended.wait()
    return await call()


BEHAVIOUR = FaultBehaviour(around_call=_block)
