"""Sessions that do something once their device has left, and the devices that leave."""

from collections.abc import Awaitable, Callable

from ghosts.pusher import Lifecycle, Session
from ghosts.records.scenario import DeviceGroup, Scenario


def scenario(count: int = 1) -> Scenario:
    """A minute in which so many devices come at once, and leave after 10 s."""
    group = DeviceGroup(name="leaving", count=count, stay=(10, 10))
    return Scenario(name="departures", summary="", seed=1, duration=60, devices=(group,))


def after_disconnect(then: Callable[[Session], Awaitable[object]]) -> Lifecycle:
    """A lifecycle that does this once its device has left."""

    async def lifecycle(session: Session) -> None:
        session.gauge.inc()
        try:
            await session.receive()
            await then(session)
        finally:
            session.gauge.dec()
            await session.close()

    return lifecycle
