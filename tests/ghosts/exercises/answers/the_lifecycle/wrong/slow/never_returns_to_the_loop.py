"""does not return to the loop, so simulated time does not pass; it is in my_lifecycle, line 7: while not tasks[0].done():"""


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    while not tasks[0].done():
        pass
    session.gauge.dec()
