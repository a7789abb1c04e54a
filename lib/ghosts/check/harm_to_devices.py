"""What a cell has done to its devices: refused, cut off, or starved by others that do not read."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ghosts.check.plan import Departure
from ghosts.check.result import Harm, Place, Symptom
from ghosts.check.waits import held_at, held_below, in_order
from ghosts.check.world.devices import Device

if TYPE_CHECKING:
    from ghosts.check.world.world import World

_STARVED: Final = 0.5
"""The part of what a device used to get by each other device; with less than that it is starved."""
_STEADY: Final = 5
"""Messages before the departure that make a device one that gets some."""
RETURNED: Final = "the handler returned"
"""Why a device was cut off whose session the service has ended itself."""


def refused_or_cut_off(world: "World") -> Iterator[Symptom]:
    """Yield the devices that were not let in, or were cut off while they did nothing but stay."""
    for device in world.devices:
        if device.refused:
            yield refusal(world, device)
        elif device.cut_off_at is not None and world.cell.departure is not Departure.STOP:
            session = world.sessions.of_device(device.number)
            reason = device.cut_off
            if session is not None:
                reason = session.error or (RETURNED if session.returned else reason)
            yield Symptom(
                harm=Harm.CUT_OFF,
                device=device.number,
                detail=reason,
                seconds=max(0.0, device.cut_off_at - world.departed_at),
            )


def refusal(world: "World", device: Device) -> Symptom:
    """Return that a device was not let in, with the line that its handler is held at, if it is."""
    session = world.sessions.of_device(device.number)
    handler = session.handler() if session and session.is_open and session.handler else None
    held = None if handler is None else held_below(handler, ())
    return Symptom(
        harm=Harm.REFUSED,
        device=device.number,
        chain=held.places if held else (),
        waits_for=held.in_words(world.unanswered()) if held else "",
        detail=device.refused,
    )


def harm_to_witness(world: "World", witness: Device) -> Iterator[Symptom]:
    """Yield that the last device gets next to nothing any more, now that the others have left.

    What it gets may be about the others, so a task that waits in a call to send is needed as well.
    """
    per_sender = witness.received_by_departure / world.stay / len(world.devices)
    usual = per_sender * world.timing.starved_after
    is_starved = (
        witness.received_by_departure >= _STEADY and witness.received_late < usual * _STARVED
    )
    if witness.connected and is_starved and (chain := _sending(world)):
        yield Symptom(harm=Harm.STARVED, device=witness.number, chain=chain)


def _sending(world: "World") -> tuple[Place, ...]:
    """Return the line of the service that waits for a peer to take what was sent."""
    for task in in_order(asyncio.all_tasks(world.loop)):
        held = held_at(task)
        if held.is_sending:
            return held.places
    return ()
