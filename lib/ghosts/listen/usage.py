"""Usage: how long a device was listened to, for the user's account."""

import asyncio
import logging

from async_tasks import ticks
from ghosts import settings
from ghosts.backends import BackendError, ListenClients
from ghosts.service import Lifetime

_log = logging.getLogger("ghosts.listen")


async def record_usage(uid: str, lifetime: Lifetime, clients: ListenClients) -> None:
    """Record it every 60 s, and what is left at the end; what could not be, with the next."""
    loop = asyncio.get_running_loop()
    recorded_until = loop.time()
    async for _ in ticks(lifetime.shutdown, settings.USAGE_TICK):
        now = loop.time()
        try:
            await clients.record_usage(uid, now - recorded_until)
            recorded_until = now
        except BackendError as error:
            _log.warning("%s: usage not recorded: %s", uid, error)
        if lifetime.disconnected:
            return
