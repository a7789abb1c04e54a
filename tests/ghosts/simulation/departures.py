"""Sessions that do something once their device has left, and the devices that leave."""

from collections.abc import Awaitable, Callable

from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.scenario import Scenario
from ghosts.variants import INCIDENT, Variant


def scenario(count: int = 1) -> Scenario:
    """A minute in which so many devices come at once, and leave after 10 s."""
    group = DeviceGroup(name="leaving", count=count, stay=(10, 10))
    return Scenario(name="departures", summary="", seed=1, duration=60, devices=(group,))


def after_disconnect(then: Callable[[PusherSession], Awaitable[object]]) -> Variant:
    """A variant whose lifecycle calls ``then`` once its device has left."""

    async def lifecycle(session: PusherSession) -> None:
        session.gauge.inc()
        try:
            await session.receive()
            await then(session)
        finally:
            session.gauge.dec()
            await session.close()

    return INCIDENT.with_lifecycle(lifecycle, name="after_disconnect")
