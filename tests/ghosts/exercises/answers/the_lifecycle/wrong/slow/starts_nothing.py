"""no audio was received: the receive loop never ran"""


async def my_lifecycle(session):
    session.gauge.inc()
    await session.connection.wait_closed()
    session.gauge.dec()
    await session.close()
