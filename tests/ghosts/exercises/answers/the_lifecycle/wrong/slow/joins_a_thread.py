"""the event loop is blocked in my_lifecycle, line 9: threading.Event().wait()"""

import threading


async def my_lifecycle(session):
    session.gauge.inc()
    session.start()
    threading.Event().wait()
    session.gauge.dec()
