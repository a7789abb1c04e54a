"""3 tasks outlived their session: private_cloud, speaker_samples, transcripts"""

import asyncio

from ghosts.pusher import PusherSession


async def my_lifecycle(session: PusherSession) -> None:
    """Wait for the device without a limit, for everything after it with one."""
    session.gauge.inc()
    tasks = session.start()
    await asyncio.sleep(0.1)
    receive, *loops = tasks
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops, timeout=30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
