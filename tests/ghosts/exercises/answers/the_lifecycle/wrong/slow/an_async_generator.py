"""and it is an async generator function"""


async def my_lifecycle(session):
    session.gauge.inc()
    yield
    session.gauge.dec()
