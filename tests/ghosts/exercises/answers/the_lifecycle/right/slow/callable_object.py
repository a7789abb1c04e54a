"""An object whose call is async, with its bound as an attribute."""

import asyncio


class Lifecycle:
    def __init__(self, bound):
        self.bound = bound

    async def __call__(self, session):
        session.gauge.inc()
        tasks = session.start()
        try:
            await self.drained(session, tasks)
        finally:
            await self.cancelled(tasks)
            session.gauge.dec()
            await session.close()

    async def drained(self, session, tasks):
        await asyncio.wait(tasks[:1])
        session.signals.shutdown.set()
        await asyncio.wait(tasks, timeout=self.bound)

    async def cancelled(self, tasks):
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


my_lifecycle = Lifecycle(30)
