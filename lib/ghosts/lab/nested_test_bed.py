"""The test bed of a lab, on a nested loop: the pod, its backends, devices and observers."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any

from ghosts.backends import Backend
from ghosts.lab.errors import LabError
from ghosts.lab.loop import NestedLoop
from ghosts.notebook import progress
from ghosts.observation.observer import Observer
from ghosts.pusher import Pusher
from ghosts.records.device_group import Leave
from ghosts.records.fault import FaultMode
from ghosts.records.recording import Sample
from ghosts.records.scenario import DevicePlan, Scenario
from ghosts.replay.run import OFF_THE_SECOND, quiet_by_default
from ghosts.simulation.backends import Backends
from ghosts.simulation.clock import sleep_until
from ghosts.simulation.devices import Device, arrive
from ghosts.simulation.spin import SpinError
from ghosts.simulation.test_bed import TestBed, open_test_bed
from ghosts.variants import Variant
from tracemalloc_ext import Watch

SAMPLE_EVERY = 15
"""Simulated seconds between samples while time goes by."""
_SETTLE = 1e-3
"""Simulated seconds that each call takes, so that its effects have happened when it returns.

It also keeps two calls from falling on the same fraction of a second: a loop that polls every
second has always polled once between them.
"""


class NestedTestBed:
    """A test bed that runs from construction to :meth:`close`. Time passes only in its methods.

    An interrupted method keeps what was done so far, and the test bed stays usable. It has no
    reference to its `Lab`: so a lab that is not used any more can be collected, which closes this.
    """

    backends: Backends
    pusher: Pusher
    observer: Observer
    watch: Watch
    _bed: TestBed
    samples: list[Sample]

    def __init__(self, variant: Variant) -> None:
        self.samples = []
        self._loop = NestedLoop()
        self._exit = AsyncExitStack()
        self._devices: dict[str, Device] = {}
        self._talking: dict[str, asyncio.Task[bool]] = {}
        try:
            self._run(self._open(variant))
            self._run(self._settle())
        except BaseException:
            self.close()
            raise

    @property
    def time(self) -> int:
        """Simulated seconds since construction."""
        return int(self._loop.time)

    @property
    def running(self) -> bool:
        """Whether one of its methods is running."""
        return self._loop.running

    @property
    def talking(self) -> list[str]:
        """The uids of the devices that are connected and have not left, oldest first."""
        return [uid for uid in self._talking if self._devices[uid].connected]

    def connect(self, plans: Iterable[DevicePlan], scenario: Scenario) -> None:
        """Connect devices now. The times in their plans are ignored."""
        self._do(_all(self._connect_device(plan, scenario) for plan in plans))

    def disconnect(self, uids: Iterable[str], how: Leave) -> None:
        """Make devices leave."""
        self._do(_all(self._disconnect_device(uid, how) for uid in uids))

    def fail(self, backend: Backend, mode: FaultMode, seconds: float) -> None:
        """Make a backend fail from now on; ``seconds`` as in `Fault`."""
        self._do(self._bed.fail(backend, mode, seconds=seconds))

    def recover(self, backend: Backend) -> None:
        """Make a backend and its client library work again."""
        self._do(self._bed.recover(backend))

    def advance(self, seconds: int) -> None:
        """Let simulated time pass. A notebook shows a bar if this takes over 1 s of real time."""
        with progress("advance", seconds, after=1.0) as bar:
            self._do(self._let_pass(seconds, bar))

    def close(self) -> None:
        """Drop the devices, stop the pod and its backends, and close the loop."""
        try:
            self._run(self._close_bed())
        finally:
            with quiet_by_default():
                self._loop.close()

    def _do(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            self._run(action)
        finally:
            self._run(self._settle())

    def _run(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            with quiet_by_default():
                self._loop.run(action)
        except SpinError as error:
            raise LabError(str(error)) from None

    async def _open(self, variant: Variant) -> None:
        self._bed = await self._exit.enter_async_context(open_test_bed(variant))
        self.backends, self.observer, self.pusher = (
            self._bed.backends,
            self._bed.observer,
            self._bed.pusher,
        )
        self.watch = Watch()
        await sleep_until(OFF_THE_SECOND)

    async def _connect_device(self, plan: DevicePlan, scenario: Scenario) -> None:
        device = await arrive(plan, scenario, self.pusher.port, self.observer.note)
        if device is not None:
            self._devices[plan.uid] = device
            self._talking[plan.uid] = asyncio.create_task(device.talk())

    async def _disconnect_device(self, uid: str, how: Leave) -> None:
        talking = self._talking.pop(uid)
        talking.cancel()
        await asyncio.wait([talking])
        await self._devices[uid].leave(how)

    async def _let_pass(self, seconds: int, on_progress: Callable[[float], object]) -> None:
        begin, end = self._loop.time, self._loop.time + seconds
        first = (self.time // SAMPLE_EVERY + 1) * SAMPLE_EVERY
        for second in range(first, int(end), SAMPLE_EVERY):
            await sleep_until(second + OFF_THE_SECOND)
            self._sample()
            on_progress(second - begin)
        await sleep_until(end)

    async def _settle(self) -> None:
        await asyncio.sleep(_SETTLE)
        self.observer.sessions.check_connections()
        self.observer.collect()
        self._sample()

    def _sample(self) -> None:
        self.watch.sample()
        self.samples.append(self.observer.sample())

    async def _close_bed(self) -> None:
        for device in self._devices.values():
            device.drop()
        await self._exit.aclose()
        await asyncio.sleep(_SETTLE)


async def _all(actions: Iterable[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*actions)
