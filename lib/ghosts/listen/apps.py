"""The fan-out: a transcript is sent to all apps of a user."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from async_tasks import gather_with_logging
from ghosts import config

_log = logging.getLogger("ghosts.listen")
FanOut: TypeAlias = Callable[[Sequence[Coroutine[Any, Any, None]]], Awaitable[None]]
"""Makes these calls, and returns when all have ended or the bound has passed."""


async def all_at_once(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """As published: no bound on concurrency or time, and failures are discarded."""
    await asyncio.gather(*calls, return_exceptions=True)


async def a_few_at_a_time(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Eight at a time, 15 s for each and 20 s for all; failures are counted and logged."""
    try:
        async with asyncio.timeout(config.APPS_DEADLINE):
            await gather_with_logging(
                *calls,
                label="listen_apps",
                max_concurrency=config.APPS_AT_ONCE,
                timeout=config.WEBHOOK_DEADLINE,
            )
    except TimeoutError:
        _log.warning("not all apps were called within %g s", config.APPS_DEADLINE)
