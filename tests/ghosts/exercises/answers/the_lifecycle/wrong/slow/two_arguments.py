"""it cannot be called with that: missing a required argument: 'tasks'"""


async def my_lifecycle(session, tasks):
    session.gauge.inc()
