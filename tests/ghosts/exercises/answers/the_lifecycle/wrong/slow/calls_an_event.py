"""raised TypeError: 'Event' object is not callable, after its device had left; in my_lifecycle, line 8: session.signals.shutdown()"""


async def my_lifecycle(session):
    session.gauge.inc()
    tasks = session.start()
    await tasks[0]
    session.signals.shutdown()
    session.gauge.dec()
