from async_tasks import SessionScope


async def my_record(session):
    async with SessionScope("recorder", label="recorder", gauge=session.gauge) as scope:
        scope.receive(session.receive())
        scope.finite(session.upload(), name="upload")
        scope.finite(session.notify(), name="notify")
        await scope.supervise()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
