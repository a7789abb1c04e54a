"""Run a scenario to its end under one lifecycle."""

import asyncio
import datetime as dt
import logging
import platform
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from importlib.metadata import version
from typing import Any, Final

import psutil

from ghosts.backends import ClientSettings, Fault, Features, Share
from ghosts.listen import LISTEN_LIFECYCLES, ListenLifecycle
from ghosts.observation.allocator import trim
from ghosts.observation.observer import Observer
from ghosts.pusher import (
    LIFECYCLES,
    Lifecycle,
    client_settings_of,
    is_lifecycle,
    lifecycle_name,
)
from ghosts.records.recording import FORMAT, Recording, Sample
from ghosts.records.scenario import Scenario, ScenarioError, Through
from ghosts.replay.clock import settle, simulate, sleep_until
from ghosts.replay.devices import live
from ghosts.replay.open_files import make_room_for
from ghosts.replay.pod import Pod, open_pod

OFF_THE_SECOND: Final = 0.5
"""Samples are taken half a second after the devices' whole seconds, when everything is at rest."""


def replay(
    scenario: Scenario,
    lifecycle: str | Lifecycle,
    *,
    settings: ClientSettings | None = None,
    measure_memory: bool = True,
    on_progress: Callable[[float], object] = lambda second: None,
    at_sample: Callable[[Pod], object] = lambda pod: None,
    at_end: Callable[[Pod], object] = lambda pod: None,
) -> Recording:
    """Replay a scenario under a lifecycle, given by name or as a function, and record it.

    Anything that returns an awaitable when it is called with a session will do for a function.

    ``settings`` are those of the pod's clients; by default, the ones that go with the lifecycle.
    Without ``measure_memory`` the figures of memory are 0 or None. ``on_progress`` is called with
    the simulated second of every sample. ``at_sample``, after every sample, and ``at_end`` are
    called with the pod while it is alive, to look at what a recording does not hold. An interrupt
    closes every socket and is raised.

    Raises:
        ScenarioError: there is no such lifecycle, or the system allows too few open files.
        SpinError: a task never lets the loop idle; it names the task and its line.
    """
    chosen = _lifecycle(lifecycle)
    used = settings or client_settings_of(chosen)
    listening = _listening(scenario, chosen)
    make_room_for(scenario.device_count, connections=2 if listening else 1)
    with quiet_by_default():
        return simulate(
            lambda: _replay(
                scenario,
                chosen,
                listening,
                used,
                measure_memory,
                on_progress,
                at_sample,
                at_end,
            )
        )


def _lifecycle(lifecycle: str | Lifecycle) -> Lifecycle:
    if isinstance(lifecycle, str):
        if lifecycle not in LIFECYCLES:
            raise ScenarioError(f"no lifecycle {lifecycle!r}; there are: {', '.join(LIFECYCLES)}")
        lifecycle = LIFECYCLES[lifecycle]
    if not is_lifecycle(lifecycle):
        raise ScenarioError(f"a lifecycle is a name or an async function, not {lifecycle!r}")
    return lifecycle


def _listening(scenario: Scenario, lifecycle: Lifecycle) -> ListenLifecycle | None:
    """Return listen's lifecycle of the same name, if devices come through it."""
    if scenario.through is Through.PUSHER:
        return None
    name = lifecycle_name(lifecycle)
    if name not in LISTEN_LIFECYCLES:
        known = ", ".join(LISTEN_LIFECYCLES)
        raise ScenarioError(f"listen has no lifecycle {name!r}; there are: {known}")
    return LISTEN_LIFECYCLES[name]


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


async def _replay(
    scenario: Scenario,
    lifecycle: Lifecycle,
    listening: ListenLifecycle | None,
    settings: ClientSettings,
    measure_memory: bool,
    on_progress: Callable[[float], object],
    at_sample: Callable[[Pod], object],
    at_end: Callable[[Pod], object],
) -> Recording:
    features = Features(
        audio_webhook_seconds=scenario.audio_webhook_seconds,
        apps=scenario.apps,
        speaker_identification=scenario.speaker_identification,
    )
    async with AsyncExitStack() as stack:
        pod = await stack.enter_async_context(
            open_pod(
                lifecycle,
                settings,
                features,
                listening=listening,
                measure_memory=measure_memory,
            )
        )
        observer = pod.observer
        actors = [asyncio.create_task(actor) for actor in _actors(scenario, pod)]
        stack.push_async_callback(_dismiss, actors)
        samples = []
        async for sample in _samples(scenario, observer, on_progress):
            samples.append(sample)
            at_sample(pod)
        _raise_failures(actors)
        at_end(pod)
        return Recording(
            scenario=scenario,
            format=FORMAT,
            lifecycle=lifecycle_name(lifecycle),
            scale=scenario.scale,
            samples=tuple(samples),
            audio=observer.audio(),
            events=tuple(observer.events),
            sessions=observer.sessions_at_end(),
            trimmed=trim() if measure_memory else None,
            versions=_versions(),
            made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            made_on=_machine(),
        )


def _actors(scenario: Scenario, pod: Pod) -> Iterator[Coroutine[Any, Any, None]]:
    port = pod.pusher.port if pod.listen is None else pod.listen.port
    for plan in scenario.plans():
        yield live(plan, scenario, port, pod.observer.note)
    for second in scenario.handlers_cancelled_at:
        yield _cancel_handlers(second, pod.observer)
    for second in scenario.pusher_restarts_at:
        yield _restart_pusher(second, pod)
    if scenario.pusher_away is not None:
        yield _take_pusher_away(*scenario.pusher_away, pod)
    for fault in scenario.faults:
        share = Share(fault.share, f"{scenario.seed}/{fault.backend}")
        if fault.start != "departure":
            yield _break(fault, fault.start, None, share, pod)
            continue
        for plan in scenario.plans():
            if plan.leaves_at is not None:
                yield _break(fault, plan.leaves_at, plan.uid, share, pod)


async def _break(fault: Fault, start: float, uid: str | None, share: Share, pod: Pod) -> None:
    if fault.end is not None and fault.end <= start:
        return
    await sleep_until(start)
    pod.observer.note("fault_began", fault.backend, fault.mode)
    await pod.fail(fault.backend, fault.mode, seconds=fault.seconds, uid=uid, share=share)
    if fault.end is not None:
        await sleep_until(fault.end)
        await pod.heal(fault.backend)
        pod.observer.note("fault_ended", fault.backend, fault.mode)


async def _cancel_handlers(second: float, observer: Observer) -> None:
    await sleep_until(second)
    observer.sessions.cancel_handlers()
    observer.listen_sessions.cancel_handlers()


async def _restart_pusher(second: float, pod: Pod) -> None:
    await sleep_until(second)
    pod.observer.note("pusher_restarted", "pusher")
    await pod.restart_pusher()


async def _take_pusher_away(start: float, end: float, pod: Pod) -> None:
    await sleep_until(start)
    pod.observer.note("pusher_gone", "pusher")
    await pod.stop_pusher(grace=0.0)
    await sleep_until(end)
    await pod.start_pusher()
    pod.observer.note("pusher_back", "pusher")


async def _samples(
    scenario: Scenario, observer: Observer, on_progress: Callable[[float], object]
) -> AsyncIterator[Sample]:
    regular = range(scenario.sample_every, scenario.duration, scenario.sample_every)
    for second in (*regular, scenario.duration):
        await sleep_until(second + OFF_THE_SECOND)
        await settle()
        if second == scenario.duration:
            observer.collect()
        yield observer.sample()
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
