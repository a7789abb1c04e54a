"""SystemExit was raised, which ends the whole program"""


async def my_lifecycle(session):
    session.gauge.inc()
    await session.start()[0]
    raise SystemExit
