"""Run a scenario to its end under one lifecycle."""

import asyncio
import datetime as dt
import logging
import platform
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from inspect import iscoroutinefunction
from typing import Any, Final

import psutil

from ghosts.backends import Backends, Fault, Features, connect_clients, serve_backends
from ghosts.pusher import LIFECYCLES, Lifecycle, Pusher, serve_pusher
from ghosts.replay.clock import settle, simulate, sleep_until
from ghosts.replay.devices import live
from ghosts.replay.open_files import make_room_for
from ghosts.replay.probe import Probe
from ghosts.replay.recording import FORMAT, Recording, Sample
from ghosts.replay.scenario import FULL, Scenario, ScenarioError

OFF_THE_SECOND: Final = 0.5
"""Samples are taken half a second after the devices' whole seconds, when everything is at rest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A replay at its end, still alive: the pod, and the probe that watches it."""

    pusher: Pusher
    probe: Probe
    backends: Backends


def replay(
    scenario: Scenario,
    lifecycle: str | Lifecycle,
    *,
    on_progress: Callable[[float], object] = lambda second: None,
    at_end: Callable[[Scene], object] = lambda scene: None,
) -> Recording:
    """Replay a scenario under a lifecycle, given by name or as a function, and record it.

    ``on_progress`` is called with the simulated second of every sample. ``at_end`` is called with
    the scene while it is still alive, to look at what a recording does not hold. An interrupt
    closes every socket and is raised.

    Raises:
        ScenarioError: there is no such lifecycle, or the system allows too few open files.
    """
    if isinstance(lifecycle, str):
        if lifecycle not in LIFECYCLES:
            raise ScenarioError(f"no lifecycle {lifecycle!r}; there are: {', '.join(LIFECYCLES)}")
        lifecycle = LIFECYCLES[lifecycle]
    if not iscoroutinefunction(lifecycle):
        raise ScenarioError(f"a lifecycle is a name or an async function, not {lifecycle!r}")
    make_room_for(scenario.device_count)
    chosen = lifecycle
    with quiet_by_default(), _tracing() if scenario.scale < FULL else nullcontext():
        return simulate(lambda: _replay(scenario, chosen, on_progress, at_end))


@contextmanager
def quiet_by_default() -> Iterator[None]:
    """Keep the services' warnings off a terminal where nobody has asked for logs."""
    handler = logging.NullHandler()
    loggers = [logging.getLogger(name) for name in ("ghosts", "async_tasks", "websockets")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


@contextmanager
def _tracing() -> Iterator[None]:
    if tracemalloc.is_tracing():
        yield
        return
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


async def _replay(
    scenario: Scenario,
    lifecycle: Lifecycle,
    on_progress: Callable[[float], object],
    at_end: Callable[[Scene], object],
) -> Recording:
    features = Features(audio_webhook_seconds=scenario.audio_webhook_seconds)
    async with AsyncExitStack() as stack:
        backends = await stack.enter_async_context(serve_backends(lambda uid: features))
        clients = await stack.enter_async_context(connect_clients(backends.addresses))
        probe = Probe(backends, clients)
        pusher = await stack.enter_async_context(serve_pusher(probe.watching(lifecycle), clients))
        actors = [
            asyncio.create_task(actor) for actor in _actors(scenario, backends, probe, pusher)
        ]
        stack.push_async_callback(_dismiss, actors)
        samples = [sample async for sample in _samples(scenario, probe, pusher, on_progress)]
        _raise_failures(actors)
        at_end(Scene(pusher, probe, backends))
        return Recording(
            scenario=scenario,
            format=FORMAT,
            lifecycle=getattr(lifecycle, "__name__", "lifecycle"),
            scale=scenario.scale,
            samples=tuple(samples),
            audio=probe.audio(pusher),
            events=tuple(probe.events),
            sessions=probe.sessions_at_end(pusher),
            versions=_versions(),
            made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            made_on=_machine(),
        )


def _actors(
    scenario: Scenario, backends: Backends, probe: Probe, pusher: Pusher
) -> Iterator[Coroutine[Any, Any, None]]:
    for plan in scenario.plans():
        yield live(plan, scenario, pusher.port, probe.note)
    for fault in scenario.faults:
        if fault.start != "departure":
            yield _break(fault, fault.start, None, backends, probe)
            continue
        for plan in scenario.plans():
            if plan.leaves_at is not None:
                yield _break(fault, plan.leaves_at, plan.uid, backends, probe)


async def _break(
    fault: Fault, start: float, uid: str | None, backends: Backends, probe: Probe
) -> None:
    if fault.end is not None and fault.end <= start:
        return
    backend = backends[fault.backend]
    await sleep_until(start)
    probe.note("fault_began", fault.backend, fault.mode)
    await backend.fail(fault.mode, seconds=fault.seconds, uid=uid)
    if fault.end is not None:
        await sleep_until(fault.end)
        await backend.heal()
        probe.note("fault_ended", fault.backend, fault.mode)


async def _samples(
    scenario: Scenario, probe: Probe, pusher: Pusher, on_progress: Callable[[float], object]
) -> AsyncIterator[Sample]:
    regular = range(scenario.sample_every, scenario.duration, scenario.sample_every)
    for second in (*regular, scenario.duration):
        await sleep_until(second + OFF_THE_SECOND)
        await settle()
        yield probe.sample(pusher)
        on_progress(second)


async def _dismiss(actors: list[asyncio.Task[None]]) -> None:
    for actor in actors:
        actor.cancel()
    await asyncio.gather(*actors, return_exceptions=True)


def _raise_failures(actors: list[asyncio.Task[None]]) -> None:
    for actor in actors:
        if actor.done():
            actor.result()


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("websockets", "aiohttp", "looptime")}
    return {"python": platform.python_version(), **packages}


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB"
