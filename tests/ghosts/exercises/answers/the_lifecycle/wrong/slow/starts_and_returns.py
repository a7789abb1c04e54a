"""the lifecycle returned at once"""


async def my_lifecycle(session):
    session.gauge.inc()
    session.start()
    session.gauge.dec()
