"""One cell: a service, devices that leave, and perhaps a dependency that fails; then a look."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from ghosts.check.autopsy import find_symptoms
from ghosts.check.confinement.audit import Guard
from ghosts.check.confinement.broker import Link
from ghosts.check.harm_to_devices import harm_to_witness, refusal
from ghosts.check.own import error_in_words
from ghosts.check.plan import Cell, Departure, Dependency, Phase, Protocol
from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.check.service import Service, ServiceError, kind_of
from ghosts.check.world.checked_loop import CheckedLoop
from ghosts.check.world.devices import Device, arrive, leave
from ghosts.check.world.gauges import gauge_values, moving
from ghosts.check.world.serving import Served, serve
from ghosts.check.world.sessions import Sessions
from ghosts.check.world.trust import Certificates
from ghosts.check.world.world import World
from ghosts.simulation import real_time
from ghosts.simulation.clock import sleep_until
from ghosts.simulation.spin import SpinError

_ARRIVAL: Final = 1.0
_BETWEEN_ARRIVALS: Final = 0.1
_KERNEL_EVERY: Final = 1.0
_LATE_SECONDS: Final = 35.0
"""In which a device that comes at the end is let in or refused."""


def run_cell(
    service: Service,
    app: Any,
    cell: Cell,
    dependencies: Sequence[Dependency],
    certificates: Certificates,
    link: Link | None,
    guard: Guard,
) -> CellResult:
    """Run one cell in this process, which is of no use for anything else afterwards.

    Raises:
        ServiceError: the service did not start.
    """
    began = real_time.monotonic()
    random.seed(0)
    world = World(service, cell, certificates, link)
    result = CellResult(cell=cell)
    with world.around():
        spun: asyncio.Future[SpinError] = world.loop.create_future()

        def on_spin(error: SpinError) -> None:
            if not spun.done():
                spun.set_result(error)

        if isinstance(world.loop, CheckedLoop):
            world.loop.on_spin = on_spin
        running = world.loop.create_task(_run(world, app, dependencies, result), name="cell")
        try:
            world.loop.run_until_complete(
                asyncio.wait((running, spun), return_when=asyncio.FIRST_COMPLETED)
            )
        except SystemExit as error:
            result.symptoms.append(Symptom(harm=Harm.EXITS, detail=error_in_words(error)))
        else:
            if spun.done():
                result.symptoms.append(Symptom(harm=Harm.SPINS, detail=str(spun.result())))
            else:
                running.result()
    result.exceptions = list(dict.fromkeys(world.exceptions))
    result.notes = list(dict.fromkeys([*world.notes, *result.notes]))
    result.side_effects = [*guard.side_effects(), *world.outgoing.refused]
    result.simulated_seconds = world.loop.time() - world.started_at
    result.real_seconds = real_time.monotonic() - began
    return result


async def _run(
    world: World, app: Any, dependencies: Sequence[Dependency], result: CellResult
) -> None:
    service, loop = world.service, world.loop
    target = next((one for one in dependencies if one.name == world.cell.dependency), None)
    served = await _served(world, app)
    world.own_ports.add(served.port)
    world.ours.append(served.running)
    watching = loop.create_task(_watch_connections(world.sessions), name="kernel")
    before = gauge_values()
    at_arrival = loop.time() + _ARRIVAL
    leaves_at = at_arrival + world.stay
    faults_at = _fault_time(target, at_arrival, leaves_at, world.timing.fault_before)
    failing = loop.create_task(_fail_at(world, faults_at), name="fault")
    for number in range(service.devices):
        await sleep_until(at_arrival + number * _BETWEEN_ARRIVALS)
        world.devices.append(await arrive(number, service, served.port, world.sessions))
    await sleep_until(min(leaves_at, faults_at) - 0.5)
    connected = gauge_values()
    inside = sum(device.connected for device in world.devices)
    await sleep_until(leaves_at)
    await failing
    world.departed_at = loop.time()
    for device in world.devices:
        device.received_by_departure = device.received
    await _depart(world, served)
    watching.cancel()
    result.devices, result.sessions = len(world.devices), len(world.sessions.all())
    result.unread = sum(one.asked == 1 for one in world.sessions.all())
    result.connected = sum(one.is_open and one.is_connected for one in world.sessions.all())
    result.left = sum(device.left_at is not None for device in world.devices)
    after = gauge_values()
    moved = moving(before, connected, inside)
    names = _gauges(service.gauge, after) if service.gauge else [*service.moving, *moved]
    result.known_gauges = tuple(dict.fromkeys(each.partition("{")[0] for each in after))
    result.gauges = {
        name: (before.get(name, 0.0), connected.get(name, 0.0), after.get(name, 0.0))
        for name in names
        if name in after
    }
    result.dependencies = _dependencies(world, at_arrival)
    find_symptoms(world, served, result)
    if world.cell.departure is not Departure.STOP:
        late = await asyncio.wait_for(
            arrive(service.devices, service, served.port, world.sessions), _LATE_SECONDS
        )
        if late.refused:
            result.symptoms.append(refusal(world, late))
        if result.count(Harm.GHOST) and not world.timing.ends_early:
            result.symptoms += await _stop_beside_ghosts(served, world.timing.observed)


def _gauges(name: str, values: dict[str, float]) -> list[str]:
    """Return which values are those of a gauge: one for each of its labels."""
    return [each for each in values if each.partition("{")[0] == name or each == name]


async def _served(world: World, app: Any) -> Served:
    try:
        return await serve(app, kind_of(app), world.loop, world.sessions, world.timing.ping)
    except ServiceError as error:
        names = [
            name
            for name, each in world.stand_ins.items()
            if each.connected_at and each.protocol is Protocol.UNKNOWN
        ]
        if not names:
            raise
        hint = f"{' and '.join(names)} not answered, see --stub and --allow"
        raise ServiceError(f"{error}; {hint}") from None


def _fault_time(target: Dependency | None, arrival: float, leaves: float, before: float) -> float:
    """Return when the fault begins: so that the last call before the departure meets it.

    A dependency that is called only while a device connects fails from before the arrival.
    """
    if target is None:
        return leaves
    if set(target.phases) <= {Phase.STARTUP, Phase.CONNECT}:
        return arrival - 0.5
    return max(arrival + 2.0, leaves - max(before, target.longest_gap + 1.0))


async def _fail_at(world: World, second: float) -> None:
    await sleep_until(second)
    world.begin_fault()


async def _watch_connections(sessions: Sessions) -> None:
    while True:
        sessions.check_connections()
        await asyncio.sleep(_KERNEL_EVERY)


async def _depart(world: World, served: Served) -> None:
    """Let all devices leave, the last one later, or stop the service; then let time pass."""
    if world.cell.departure is Departure.STOP:
        served.stop()
        await _observe(world, lambda: served.stopped_at is not None)
        return
    *going, witness = world.devices
    await asyncio.gather(*(leave(device, world.cell.departure) for device in going))
    if going:
        await _stay_as_witness(world, witness)
    world.harmed = list(harm_to_witness(world, witness))
    await leave(witness, world.cell.departure)
    await _observe(world, lambda: True)


async def _stop_beside_ghosts(served: Served, seconds: float) -> list[Symptom]:
    """Stop a service that has ghosts; return whether it is still running some seconds later."""
    served.stop()
    await asyncio.wait([served.running], timeout=seconds)
    stopped = served.stopped_at is not None
    return [] if stopped else [Symptom(harm=Harm.NEVER_STOPS, seconds=seconds)]


async def _stay_as_witness(world: World, witness: Device) -> None:
    leaves = world.departed_at + world.timing.witness
    await sleep_until(leaves - world.timing.starved_after)
    before = witness.received
    await sleep_until(leaves)
    witness.received_late = witness.received - before


async def _observe(world: World, is_over: Callable[[], bool]) -> None:
    """Let time pass until the look; by the wall clock no longer than there is something to end."""
    until = world.loop.time() + world.timing.observed
    while world.loop.time() < until:
        await asyncio.sleep(_KERNEL_EVERY if world.timing.ends_early else world.timing.observed)
        tasks = world.sessions.tasks(world.loop)
        if world.timing.ends_early and is_over() and not any(tasks.values()):
            return


def _dependencies(world: World, at_arrival: float) -> list[Dependency]:
    def dependency(name: str, protocol: Protocol, calls: list[float], place: str) -> Dependency:
        before = [at for at in calls if at < world.departed_at]
        return Dependency(
            name=name,
            protocol=protocol,
            phases=tuple(dict.fromkeys(_phase(at, world, at_arrival) for at in calls)),
            calls=len(calls),
            longest_gap=max((later - at for at, later in pairwise(before)), default=0.0),
            place=place,
        )

    found = [
        replace(
            dependency(
                each.name, each.protocol, each.requested_at or each.connected_at, each.place
            ),
            accepted=each.accepted,
        )
        for each in world.stand_ins.values()
        if each.connected_at
    ]
    for name in dict.fromkeys(name for name, _, _ in world.threads.calls):
        calls = [(place, at) for each, place, at in world.threads.calls if each == name]
        place = calls[0][0]
        found.append(
            replace(
                dependency(name, Protocol.THREAD, [at for _, at in calls], place),
                waits=name in world.threads.waited,
                connects=name in world.threads.connecting,
            )
        )
    return found


def _phase(at: float, world: World, at_arrival: float) -> Phase:
    """Return the phase of a second; devices arrive together, and so connect together."""
    if at < at_arrival:
        return Phase.STARTUP
    if at < at_arrival + world.service.devices * _BETWEEN_ARRIVALS + 0.5:
        return Phase.CONNECT
    return Phase.SESSION if at < world.departed_at else Phase.DEPARTURE
