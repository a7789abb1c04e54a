"""The fan-out to a user's apps: all of them are told what was heard."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from async_tasks import gather_with_logging
from ghosts import settings

_log = logging.getLogger("ghosts.listen")
FanOut: TypeAlias = Callable[[Sequence[Coroutine[Any, Any, None]]], Awaitable[None]]
"""Makes these calls, and returns when all have ended."""


async def all_at_once(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """As published: no bound on how many, nor on how long, and failures are seen by nobody."""
    await asyncio.gather(*calls, return_exceptions=True)


async def a_few_at_a_time(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Eight at a time, each for 15 s at most and all for 20; failures are counted and logged."""
    try:
        async with asyncio.timeout(settings.APPS_DEADLINE):
            await gather_with_logging(
                *calls,
                label="listen_apps",
                max_concurrency=settings.APPS_AT_ONCE,
                timeout=settings.WEBHOOK_DEADLINE,
            )
    except TimeoutError:
        _log.warning("not all apps were told within %g s", settings.APPS_DEADLINE)
