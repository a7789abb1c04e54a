"""A scope that owns the tasks, the gauge and the bound."""

from async_tasks import SessionScope


async def my_lifecycle(session):
    async with SessionScope(
        session.name,
        label="pusher",
        gauge=session.gauge,
        shutdown=session.signals.shutdown,
        timeout=30,
        cancel_timeout=5,
    ) as scope:
        scope.receive(session.receive(300))
        for name, loop in session.loops().items():
            scope.lifetime(loop, name=name)
        scope.close_last(session.close)
        await scope.supervise()
