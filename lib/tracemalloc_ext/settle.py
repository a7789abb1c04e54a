"""Free what is unreachable, before memory is measured."""

import asyncio
import gc


async def settle() -> None:
    """Run one turn of the loop, collect garbage, and run another turn.

    No time passes on the loop's clock. A cancellation is raised at once. An object to which a
    variable of the caller refers stays, and in a notebook those to which `Out`, `_` and, after an
    error, `sys.last_traceback` refer.
    """
    # The first turn runs callbacks that are scheduled and refer to what has just ended. The second
    # runs what the collection scheduled: the closing of async generators.
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)


def settle_now() -> None:
    """Collect garbage. For code outside a running loop; otherwise use `settle`."""
    gc.collect()
