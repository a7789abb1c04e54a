"""Usage: the seconds of listening, for the user's account."""

import asyncio
import logging

from async_tasks import poll
from ghosts import config
from ghosts.clients import BackendError, ListenClients
from ghosts.ws_server import StopSignals

_log = logging.getLogger("ghosts.listen")


async def record_usage(uid: str, signals: StopSignals, clients: ListenClients) -> None:
    """Record usage every 60 s, and the rest at shutdown; return after the disconnect.

    Usage that cannot be recorded is logged, and added to the next record.
    """
    loop = asyncio.get_running_loop()
    recorded_until = loop.time()
    async for _ in poll(signals.shutdown, config.USAGE_POLL_INTERVAL):
        now = loop.time()
        try:
            await clients.record_usage(uid, now - recorded_until)
            recorded_until = now
        except BackendError as error:
            _log.warning("%s: usage not recorded: %s", uid, error)
        if signals.disconnected:
            return
