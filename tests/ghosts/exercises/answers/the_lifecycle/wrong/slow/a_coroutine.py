"""a coroutine, which is an async function that was called already"""


async def lifecycle(session):
    session.gauge.inc()


my_lifecycle = lifecycle(None)
my_lifecycle.close()  # or it would warn that nobody awaits it
