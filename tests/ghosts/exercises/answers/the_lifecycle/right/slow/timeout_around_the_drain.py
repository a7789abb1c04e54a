"""asyncio.timeout around what follows the departure."""

import asyncio


async def my_lifecycle(session):
    with session.gauge.track_inprogress():
        tasks = session.start()
        try:
            await asyncio.wait(tasks[:1])
            session.signals.shutdown.set()
            try:
                async with asyncio.timeout(30):
                    await asyncio.gather(*tasks, return_exceptions=True)
            except TimeoutError:
                pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await session.close()
