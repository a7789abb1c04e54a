"""Everything around the service in one cell: its loop, its stand-ins, its devices, its clocks."""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ghosts.check.confinement.broker import Link, connect_through
from ghosts.check.own import caller_in_words
from ghosts.check.plan import Cell
from ghosts.check.service import Service, load
from ghosts.check.waits import Created
from ghosts.check.watchdog import blocks_the_loop
from ghosts.check.world.app_time import simulated_clocks
from ghosts.check.world.checked_loop import CheckedLoop
from ghosts.check.world.gauges import raises_recorded
from ghosts.check.world.outgoing import Outgoing, led_by, name_of
from ghosts.check.world.service_loop import ServiceLoop, start_loop_in_thread
from ghosts.check.world.sessions import Sessions
from ghosts.check.world.stand_in import StandIn
from ghosts.check.world.threads import ThreadCalls, recorded_threads, shortened_limits
from ghosts.check.world.trust import Certificates
from ghosts.records.fault import FaultMode
from ghosts.simulation.spin import SpinError

if TYPE_CHECKING:
    from ghosts.check.result import Place, Symptom
    from ghosts.check.world.devices import Device

_LONG_SLEEP: Final = 20.0
"""Seconds of sleep after which pings have gone unanswered too long, usually."""
_MOSTLY: Final = 0.9
"""The part of the time that the loop may sleep; with more the service is hardly there."""


class World:
    """Everything around the service in one cell."""

    def __init__(
        self, service: Service, cell: Cell, certificates: Certificates, link: Link | None
    ) -> None:
        self.service, self.cell = service, cell
        self.threads = ThreadCalls(lambda: self.loop.time())
        self.sessions = Sessions(lambda: self.loop.time())
        self.timing = service.timing
        self.stay = min(service.stay, self.timing.stay)
        self.loop, self._stand_in_loop = self._loops()
        self.started_at = self.loop.time()
        self.created = Created(self.loop)
        self.outgoing = Outgoing(self._lead, lambda port: port in self.own_ports)
        self.own_ports: set[int] = set()
        self.stand_ins: dict[str, StandIn] = {}
        self.exceptions: list[str] = []
        self.notes: list[str] = []
        self._first_sleep: float | None = None
        self._slept = 0.0
        self.raised: dict[str, Place] = {}
        self.devices: list[Device] = []
        self.harmed: list[Symptom] = []
        """What the departure of the others has done to the last device."""
        self.departed_at = 0.0
        self.ours: list[asyncio.Task[Any]] = []
        """Tasks that are ours."""
        self.fault_at: float | None = None
        self._certificates = certificates
        self._link = link
        self.loop.set_exception_handler(self._on_exception)
        self.loop.on_listening = self.own_ports.add

    def _loops(self) -> tuple[ServiceLoop, asyncio.AbstractEventLoop]:
        """Return the loop of the service and that of the stand-ins: one, if time is simulated."""
        if not self.service.by_wall_clock:
            simulated = CheckedLoop(self.threads, self.sessions.accepted)
            return simulated, simulated
        loop = ServiceLoop()
        loop.follow(self.sessions.accepted)
        return loop, start_loop_in_thread()

    @contextlib.contextmanager
    def around(self) -> Iterator[None]:
        """Make this process the service's world, for the rest of its life."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._certificates.trusted())
            stack.enter_context(recorded_threads(self.threads))
            stack.enter_context(led_by(self.outgoing))
            self.raised = stack.enter_context(raises_recorded())
            if isinstance(self.loop, CheckedLoop):
                stack.enter_context(shortened_limits(self.threads))
                stack.enter_context(simulated_clocks(self.loop, self._on_blocked))
            for server in self.service.allowed:
                name = name_of(server.host, server.port)
                self.stand_ins[name] = self._stand_in(name, server.host, server.port)
            yield

    def _on_blocked(self, seconds: float) -> None:
        """Note a sleep of the service that blocks the loop; end the cell if little else happens."""
        place, now = caller_in_words(), self.loop.time()
        if not place or not self.sessions.all():
            return  # not the service's, or a start, which disturbs no device
        words = blocks_the_loop(place)
        self.notes.append(words)
        if self._first_sleep is None:
            self._first_sleep = now
        self._slept += seconds
        mostly = self._slept > _MOSTLY * (now + seconds - self._first_sleep)
        if self._slept >= _LONG_SLEEP and mostly and isinstance(self.loop, CheckedLoop):
            self.loop.on_spin(SpinError(words))

    def _lead(self, host: str, port: int) -> tuple[str, int] | None:
        name = name_of(host, port)
        stand_in = self.stand_ins.get(name)
        if stand_in is None:
            stand_in = self.stand_ins[name] = self._stand_in(name, host, port)
        self.threads.connects()
        stand_in.called(self._place())
        return stand_in.address

    def _place(self) -> str:
        """Return where in the service the running code was called, or its task was created."""
        if place := caller_in_words():
            return place
        with contextlib.suppress(RuntimeError):  # a thread has no task
            task = asyncio.current_task()
            cause = None if task is None else self.created.cause_of(task)
            return "" if cause is None else str(cause)
        return ""

    def _stand_in(self, name: str, host: str, port: int) -> StandIn:
        stub = self.service.stubs.get(name) or self.service.stubs.get(host)
        link = self._link if self._link and self._link.addresses(host, port) else None
        stand_in = StandIn(
            name,
            host,
            port,
            self._stand_in_loop,
            self._certificates,
            self.timing,
            expect_reply=getattr(self.loop, "expect_reply", None) or (lambda has_replied: None),
            stub=load(stub, self.service.app_dir) if stub else None,
            connect_real=None if link is None else partial(connect_through, link, (host, port)),
        )
        if self.fault_at is not None and name == self.cell.dependency and self.cell.mode:
            stand_in.fail(self.cell.mode)
        return stand_in

    def unanswered(self) -> list[str]:
        """Return the names of the dependencies that have not answered all requests."""
        return [name for name, each in self.stand_ins.items() if each.unanswered]

    @property
    def own_parts(self) -> tuple[object, ...]:
        """What is ours, and so neither kept by the service nor a reason why something is kept."""
        watch = [self.loop.blocked_watch] if isinstance(self.loop, CheckedLoop) else []
        ours = (self, self.sessions, self.created, self.devices, self.stand_ins, self.ours)
        return (*ours, *watch)

    def begin_fault(self) -> None:
        """Begin the fault of the cell."""
        name, mode = self.cell.dependency, self.cell.mode
        if name is None or mode is None:
            return
        self.fault_at = self.loop.time()
        if mode is FaultMode.BLOCKS_THREAD:
            self.threads.blocked.add(name)
        elif name in self.stand_ins:
            self.stand_ins[name].fail(mode)

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        words = f"{type(error).__name__}: {error}" if error else context["message"]
        self.exceptions.append(words)
