"""a coroutine, which is an async function that was called already"""


async def lifecycle(session):
    session.gauge.inc()


my_lifecycle = lifecycle(None)
