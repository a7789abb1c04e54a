"""21 tasks outlived their session: private_cloud, speaker_samples, transcripts. The lifecycle ended by
cancellation"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown.set()
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    session.gauge.dec()
    await session.close()
