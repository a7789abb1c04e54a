"""Runs the script of `visits` on the recorder: real sockets, simulated time."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import httpx

from ghosts.check.check import DISCOVERY
from ghosts.check.plan import Departure
from ghosts.check.service import Kind, Service
from ghosts.check.world.checked_loop import CheckedLoop
from ghosts.check.world.devices import Device, arrive, leave
from ghosts.check.world.serving import Served, serve
from ghosts.check.world.sessions import current_session
from ghosts.check.world.trust import Certificates
from ghosts.check.world.world import World
from ghosts.exercises.catalogue.the_finding.observer import Observer
from ghosts.exercises.catalogue.the_finding.storage import HOOKS, RECEIVED
from ghosts.exercises.catalogue.the_finding.visits import (
    AFTER_A_DAY,
    CLOSING_SECONDS,
    FRAME,
    FRAME_EVERY,
    HEALTHY_UNTIL,
    HUNG_SECONDS,
    QUIET_STAYS_HUNG,
    SETTLED_SECONDS,
    STEP_SECONDS,
    STEPS,
    WHILE_HEALTHY,
    WHILE_HUNG,
    Leaving,
    Visit,
    Visited,
    Visits,
)
from ghosts.records.fault import FaultMode
from ghosts.simulation.clock import sleep_until
from ghosts.simulation.spin import SpinError

_BETWEEN_STEPS: Final = 0.03
_DEPARTURES: Final = {Leaving.RESET: Departure.RESET}


def run_script(service: Service, app: Any, gauge: str) -> Visits:
    """Run the script in this process, which is of no use for anything else afterwards."""
    service = replace(service, frames=())
    world = World(service, DISCOVERY, Certificates(), None)
    assert isinstance(world.loop, CheckedLoop)
    spun: asyncio.Future[SpinError] = world.loop.create_future()

    def on_spin(error: SpinError) -> None:
        if not spun.done():
            spun.set_result(error)

    world.loop.on_spin = on_spin
    gc.freeze()  # what the process has by now is not searched for sessions
    script = _Script(world, gauge)
    with world.around(), _calls_of_httpx(script.on_call):
        running = world.loop.create_task(script.run(app), name="script")
        world.loop.run_until_complete(
            asyncio.wait((running, spun), return_when=asyncio.FIRST_COMPLETED)
        )
        if running.done():
            running.result()
    return script.visits(str(spun.result()) if spun.done() else "")


@contextmanager
def _calls_of_httpx(on_call: Callable[[str], None]) -> Iterator[None]:
    """Report the host of each call. A cancelled one takes up to a second to close."""
    send: Callable[..., Any] = httpx.AsyncClient.send

    async def slow(client: Any, request: Any, **options: Any) -> Any:
        on_call(request.url.host)
        try:
            return await send(client, request, **options)
        except asyncio.CancelledError:
            # They differ, so that who awaits only the first one to end is found.
            await asyncio.sleep(CLOSING_SECONDS / (2 if request.url.host == HOOKS else 1))
            raise

    httpx.AsyncClient.send = slow  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        httpx.AsyncClient.send = send  # type: ignore[method-assign]


class _Script:
    """The devices of one run."""

    def __init__(self, world: World, gauge: str) -> None:
        self._world = world
        self._observer = Observer(world, gauge)
        self._told = 0
        self._served: Served

    def visits(self, spun: str) -> Visits:
        """Return what the run has shown."""
        return self._observer.visits(self._told, spun)

    def on_call(self, host: str) -> None:
        """Record that a session calls the webhook."""
        session = current_session()
        if session is not None and host == HOOKS:
            self._observer.note_call(session.device)

    async def run(self, app: Any) -> None:
        """Serve the recorder, and let every device visit it."""
        world = self._world
        self._served = await serve(app, Kind.ASGI, world.loop, world.sessions, None)
        world.own_ports.add(self._served.port)
        world.ours.append(self._served.running)
        self._observer.start()
        first = len(WHILE_HEALTHY)
        quiet, talks_later = [
            await self._arrive(self._new(first + number, Leaving.CLOSE, hung=False))
            for number in range(2)
        ]
        await asyncio.gather(
            *(self._visit(number, visit, hung=False) for number, visit in enumerate(WHILE_HEALTHY))
        )
        await sleep_until(HEALTHY_UNTIL)
        self._told = RECEIVED.told
        await self._pass_a_day()
        began = self._observer.hung_at = world.loop.time() + SETTLED_SECONDS
        await self._send(quiet, first, FRAME_EVERY)
        then = [replace(visit, arrives=began + visit.arrives) for visit in WHILE_HUNG]
        await asyncio.gather(
            self._leave_after_a_day(talks_later, first + 1),
            self._hang(began, quiet, first),
            *(
                self._visit(number, visit, hung=True)
                for number, visit in enumerate(then, first + 2)
            ),
        )
        await sleep_until(began + HUNG_SECONDS)

    def _new(self, number: int, leaving: Leaving, *, hung: bool) -> int:
        now = self._world.loop.time()
        self._observer.visited[number] = Visited(leaving=leaving, hung=hung, arrived_at=now)
        return number

    async def _arrive(self, number: int) -> Device:
        world = self._world
        device = await arrive(number, world.service, self._served.port, world.sessions)
        self._observer.devices[number] = device
        return device

    async def _visit(self, number: int, visit: Visit, *, hung: bool) -> None:
        await sleep_until(visit.arrives)
        device = await self._arrive(self._new(number, visit.leaving, hung=hung))
        await asyncio.sleep(visit.silent)
        await self._send(device, number, visit.talks)
        await sleep_until(visit.arrives + visit.stays)
        await self._end(device, number, visit.leaving, visit.drains)

    async def _send(self, device: Device, number: int, seconds: float) -> None:
        """Send a frame each second; each byte of it is the number of the device."""
        loop, visited = self._world.loop, self._observer.visited[number]
        until = loop.time() + seconds
        while loop.time() + FRAME_EVERY <= until and device.connected and device.connection:
            await asyncio.sleep(FRAME_EVERY)
            with contextlib.suppress(Exception):  # it was cut off
                await device.connection.send(bytes([number]) * FRAME)
                visited.sent += 0 if RECEIVED.hangs or visited.hung else FRAME

    async def _leave_after_a_day(self, device: Device, number: int) -> None:
        until = self._world.loop.time() + AFTER_A_DAY
        await self._send(device, number, AFTER_A_DAY)
        await sleep_until(until)
        await self._end(device, number, Leaving.CLOSE)

    async def _end(
        self, device: Device, number: int, leaving: Leaving, drains: float = 0.0
    ) -> None:
        self._observer.visited[number].left_at = self._world.loop.time()
        session = self._world.sessions.of_device(number)
        handler = session.handler() if session and session.handler else None
        if not device.connected:
            return
        match leaving:
            case Leaving.TEXT if device.connection:
                device.left_at = self._world.loop.time()  # what ends it is of its own doing
                await device.connection.send("text")
            case Leaving.CANCEL if handler:
                device.left_at = self._world.loop.time()
                handler.cancel()
            case Leaving.CANCEL_DRAIN if handler:
                await leave(device, Departure.CLOSE)
                await asyncio.sleep(drains)
                self._observer.visited[number].left_at = self._world.loop.time()
                handler.cancel()
            case _:
                await leave(device, _DEPARTURES.get(leaving, Departure.CLOSE))

    async def _pass_a_day(self) -> None:
        """Let the clock jump, and all timers run that are due then: so a day takes no time."""
        assert isinstance(self._world.loop, CheckedLoop)
        for _ in range(STEPS):
            self._world.loop.sleep(STEP_SECONDS)
            await asyncio.sleep(_BETWEEN_STEPS)

    async def _hang(self, began: float, quiet: Device, number: int) -> None:
        """Let storage hang and the webhook trickle from then on; the quiet device leaves later."""
        await sleep_until(began)
        self._observer.read_storage()
        RECEIVED.hangs = True
        if HOOKS in self._world.stand_ins:
            self._world.stand_ins[HOOKS].fail(FaultMode.TRICKLES)
        await self._send(quiet, number, QUIET_STAYS_HUNG)
        self._observer.visited[number].hung = True
        await self._end(quiet, number, Leaving.CLOSE)
