"""tasks outlived their session: speaker_samples"""

import asyncio


async def my_lifecycle(session):
    session.gauge.inc()
    receive, upload, *others = session.start()
    try:
        await receive
        await asyncio.wait([upload], timeout=30)
    finally:
        session.signals.disconnected = False
        upload.cancel()
        await asyncio.gather(upload, return_exceptions=True)
        session.gauge.dec()
        await session.close()
