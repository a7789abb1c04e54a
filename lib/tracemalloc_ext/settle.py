"""Letting memory come to rest before it is measured."""

import asyncio
import gc


async def settle() -> None:
    """Let the loop turn once, collect garbage, and let it turn once more.

    The first turn runs the callbacks that still hold what has just ended, the second what the
    collection itself scheduled (the closing of async generators). Loop time does not pass.
    Cancellation is raised at once. What a name of the caller's holds stays: in a notebook also
    `Out`, `_` and, after an error, `sys.last_traceback`.
    """
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)


def settle_now() -> None:
    """Collect garbage, in code outside a running loop; otherwise as `settle`."""
    gc.collect()
