"""What lives on a lab's loop: the pod, the services it calls, its devices, and who watches them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any

from ghosts.backends import Backend, Backends, FaultMode
from ghosts.lab.errors import LabError
from ghosts.lab.loop import NestedLoop
from ghosts.notebook import progress
from ghosts.observation.observer import Observer
from ghosts.pusher import Lifecycle, Pusher, client_settings_of
from ghosts.records.recording import Sample
from ghosts.records.scenario import DevicePlan, Leave, Scenario
from ghosts.replay.clock import sleep_until
from ghosts.replay.devices import Device, arrive
from ghosts.replay.pod import Pod, open_pod
from ghosts.replay.run import OFF_THE_SECOND, quiet_by_default
from ghosts.replay.spin import SpinError
from tracemalloc_ext import Watch

SAMPLE_EVERY = 15
"""Simulated seconds between samples while time goes by."""
_SETTLE = 1e-3
"""Simulated seconds that each call takes: what was done takes effect, and all is at rest again.

So no two calls are made at the same fraction of a second, and what one of them has set going, such
as a loop that looks every second, has always had its turn before the lab stands still.
"""


class Stage:
    """Alive from when it is made until :meth:`close`; its time goes by only within its methods.

    An interrupt of any of them leaves it as far as it has come, and usable. It knows nothing of
    its Lab, which may so be collected, and have it closed.
    """

    backends: Backends
    pusher: Pusher
    observer: Observer
    watch: Watch
    _pod: Pod
    samples: list[Sample]

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.samples = []
        self._loop = NestedLoop()
        self._exit = AsyncExitStack()
        self._devices: dict[str, Device] = {}
        self._talking: dict[str, asyncio.Task[bool]] = {}
        try:
            self._turn(self._open(lifecycle))
            self._turn(self._settle())
        except BaseException:
            self.close()
            raise

    @property
    def time(self) -> int:
        """Simulated seconds since it was made."""
        return int(self._loop.time)

    @property
    def running(self) -> bool:
        """Whether it is in one of its own methods."""
        return self._loop.running

    @property
    def talking(self) -> list[str]:
        """The uids of the devices that are connected and have not left; the oldest first."""
        return [uid for uid in self._talking if self._devices[uid].connected]

    def connect(self, plans: Iterable[DevicePlan], scenario: Scenario) -> None:
        """Have devices arrive, whatever their plans say of when."""
        self._do(_all(self._admit(plan, scenario) for plan in plans))

    def disconnect(self, uids: Iterable[str], how: Leave) -> None:
        """Have devices leave."""
        self._do(_all(self._send_off(uid, how) for uid in uids))

    def fail(self, backend: Backend, mode: FaultMode, seconds: float) -> None:
        """Have a service fail from now on."""
        self._do(self._pod.fail(backend, mode, seconds=seconds))

    def heal(self, backend: Backend) -> None:
        """Have a service answer again."""
        self._do(self._pod.heal(backend))

    def advance(self, seconds: int) -> None:
        """Let time go by; in a notebook, a bar is shown if that takes longer than a second."""
        with progress("advance", seconds, after=1.0) as bar:
            self._do(self._pass(seconds, bar))

    def close(self) -> None:
        """Drop the devices, stop the pod and its services, and close the loop."""
        try:
            self._turn(self._leave())
        finally:
            with quiet_by_default():
                self._loop.close()

    def _do(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            self._turn(action)
        finally:
            self._turn(self._settle())

    def _turn(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            with quiet_by_default():
                self._loop.run(action)
        except SpinError as error:
            raise LabError(str(error)) from None

    async def _open(self, lifecycle: Lifecycle) -> None:
        self._pod = await self._exit.enter_async_context(
            open_pod(lifecycle, client_settings_of(lifecycle))
        )
        self.backends, self.observer, self.pusher = (
            self._pod.backends,
            self._pod.observer,
            self._pod.pusher,
        )
        self.watch = Watch()
        await sleep_until(OFF_THE_SECOND)

    async def _admit(self, plan: DevicePlan, scenario: Scenario) -> None:
        device = await arrive(plan, scenario, self.pusher.port, self.observer.note)
        if device is not None:
            self._devices[plan.uid] = device
            self._talking[plan.uid] = asyncio.create_task(device.talk())

    async def _send_off(self, uid: str, how: Leave) -> None:
        talking = self._talking.pop(uid)
        talking.cancel()
        await asyncio.wait([talking])
        await self._devices[uid].leave(how)

    async def _pass(self, seconds: int, on_progress: Callable[[float], object]) -> None:
        begin, end = self._loop.time, self._loop.time + seconds
        first = (self.time // SAMPLE_EVERY + 1) * SAMPLE_EVERY
        for second in range(first, int(end), SAMPLE_EVERY):
            await sleep_until(second + OFF_THE_SECOND)
            self._look()
            on_progress(second - begin)
        await sleep_until(end)

    async def _settle(self) -> None:
        await asyncio.sleep(_SETTLE)
        self.observer.sessions.check_connections()
        self.observer.collect()
        self._look()

    def _look(self) -> None:
        self.watch.sample()
        self.samples.append(self.observer.sample())

    async def _leave(self) -> None:
        for device in self._devices.values():
            device.drop()
        await self._exit.aclose()
        await asyncio.sleep(_SETTLE)


async def _all(actions: Iterable[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*actions)
