"""and audio_bytes, speaker_samples and transcripts have not returned. What follows a departure needs a bound"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, *loops = tasks = session.start()
    try:
        await asyncio.wait([receive])
        session.signals.shutdown.set()
        await asyncio.wait(loops[:1], timeout=60)
        loops[0].cancel()
        await asyncio.wait(loops)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.gauge.dec()
        await session.close()
