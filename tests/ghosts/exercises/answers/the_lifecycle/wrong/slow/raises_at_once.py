"""raised NameError: name 'sesion' is not defined, while its device was connected; in my_lifecycle, line 5: sesion.gauge.inc()"""


async def my_lifecycle(session):
    sesion.gauge.inc()
    await session.close()
