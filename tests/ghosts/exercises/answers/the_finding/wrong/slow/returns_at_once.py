"""Every device is cut off although it stays: the handler returns"""


async def my_record(session):
    session.gauge.inc()
    session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
