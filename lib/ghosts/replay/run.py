"""Replays a scenario under one variant."""

import asyncio
import datetime as dt
import logging
import platform
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from importlib.metadata import version
from typing import Any, Final, Literal

import psutil

from ghosts.clients import Features
from ghosts.errors import unknown
from ghosts.observation.allocator import trim
from ghosts.observation.observer import Observer
from ghosts.records.fault import Fault, Share
from ghosts.records.recording import FORMAT, Recording, Sample
from ghosts.records.scenario import OFF, Scenario, Through
from ghosts.simulation.clock import settle, simulate, sleep_until
from ghosts.simulation.devices import follow_plan
from ghosts.simulation.open_files import make_room_for
from ghosts.simulation.test_bed import TestBed, open_test_bed
from ghosts.variants import LISTEN_VARIANTS, Variant, VariantError, variant_of
from ghosts.ws_server import Keepalive, fewer_collections

OFF_THE_SECOND: Final = 0.5
"""Samples are taken half a second after the whole seconds at which devices act."""


def replay(
    scenario: Scenario,
    variant: str | Variant,
    *,
    measure_memory: bool = True,
    on_progress: Callable[[float], object] = lambda second: None,
    at_sample: Callable[[TestBed], object] = lambda bed: None,
    at_end: Callable[[TestBed], object] = lambda bed: None,
) -> Recording:
    """Replay a scenario under a variant, or the name of one, and return the recording.

    Without ``measure_memory``, memory in the recording is 0 or None. ``on_progress`` is called with
    the simulated second of each sample. ``at_sample``, after each sample, and ``at_end`` are called
    with the running test bed, to read what a recording does not have. An interrupt (Ctrl-C) closes
    every socket and is raised.

    Raises:
        VariantError: there is no such variant, or the scenario needs listen and it has no version
            of listen.
        ScenarioError: the system allows too few open files.
        SpinError: a task or callback never lets the loop idle. The error has its line.
    """
    chosen = variant_of(variant)
    through_listen = scenario.through is Through.LISTEN
    if through_listen and chosen.listen is None:
        raise VariantError(unknown("variant of listen", chosen.name, LISTEN_VARIANTS))
    make_room_for(scenario.device_count, connections=2 if through_listen else 1)
    with quiet_by_default(), fewer_collections():
        return simulate(
            lambda: _replay(scenario, chosen, measure_memory, on_progress, at_sample, at_end)
        )


@contextmanager
def quiet_by_default() -> Iterator[None]:
    """Keep the services' warnings off the terminal unless logging was configured."""
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
    variant: Variant,
    measure_memory: bool,
    on_progress: Callable[[float], object],
    at_sample: Callable[[TestBed], object],
    at_end: Callable[[TestBed], object],
) -> Recording:
    features = Features(
        audio_webhook_seconds=scenario.audio_webhook_seconds,
        apps=scenario.apps,
        speaker_identification=scenario.speaker_identification,
    )
    async with AsyncExitStack() as stack:
        bed = await stack.enter_async_context(
            open_test_bed(
                variant,
                features,
                through_listen=scenario.through is Through.LISTEN,
                measure_memory=measure_memory,
                keepalive=Keepalive(
                    interval=_seconds(scenario.ping_interval),
                    timeout=_seconds(scenario.ping_timeout),
                ),
            )
        )
        observer = bed.observer
        actors = [asyncio.create_task(actor) for actor in _actors(scenario, bed)]
        stack.push_async_callback(_cancel_actors, actors)
        samples = []
        async for sample in _samples(scenario, observer, on_progress):
            samples.append(sample)
            at_sample(bed)
        _raise_failures(actors)
        at_end(bed)
        return Recording(
            scenario=scenario,
            format=FORMAT,
            variant=variant.name,
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


def _actors(scenario: Scenario, bed: TestBed) -> Iterator[Coroutine[Any, Any, None]]:
    port = bed.pusher.port if bed.listen is None else bed.listen.port
    for plan in scenario.plans():
        yield follow_plan(plan, scenario, port, bed.observer.note)
    for second in scenario.handlers_cancelled_at:
        yield _cancel_handlers(second, bed.observer)
    for second in scenario.pusher_restarts_at:
        yield _restart_pusher(second, bed)
    if scenario.pusher_away is not None:
        yield _take_pusher_away(*scenario.pusher_away, bed)
    for fault in scenario.faults:
        share = Share(fault.share, f"{scenario.seed}/{fault.backend}")
        if fault.start != "departure":
            yield _run_fault(fault, fault.start, None, share, bed)
            continue
        for plan in scenario.plans():
            if plan.leaves_at is not None:
                yield _run_fault(fault, plan.leaves_at, plan.uid, share, bed)


async def _run_fault(
    fault: Fault, start: float, uid: str | None, share: Share, bed: TestBed
) -> None:
    if fault.end is not None and fault.end <= start:
        return
    await sleep_until(start)
    bed.observer.note("fault_began", fault.backend, fault.mode)
    await bed.fail(fault.backend, fault.mode, seconds=fault.seconds, uid=uid, share=share)
    if fault.end is not None:
        await sleep_until(fault.end)
        await bed.recover(fault.backend)
        bed.observer.note("fault_ended", fault.backend, fault.mode)


async def _cancel_handlers(second: float, observer: Observer) -> None:
    await sleep_until(second)
    observer.sessions.cancel_handlers()
    observer.listen_sessions.cancel_handlers()


async def _restart_pusher(second: float, bed: TestBed) -> None:
    await sleep_until(second)
    bed.observer.note("pusher_restarted", "pusher")
    await bed.restart_pusher()


async def _take_pusher_away(start: float, end: float, bed: TestBed) -> None:
    await sleep_until(start)
    bed.observer.note("pusher_gone", "pusher")
    await bed.stop_pusher(grace=0.0)
    await sleep_until(end)
    await bed.start_pusher()
    bed.observer.note("pusher_back", "pusher")


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


async def _cancel_actors(actors: list[asyncio.Task[None]]) -> None:
    for actor in actors:
        actor.cancel()
    await asyncio.gather(*actors, return_exceptions=True)


def _raise_failures(actors: list[asyncio.Task[None]]) -> None:
    for actor in actors:
        if actor.done():
            actor.result()


def _seconds(value: float | Literal["off"]) -> float | None:
    return None if value == OFF else value


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("websockets", "aiohttp", "looptime")}
    return {"python": platform.python_version(), **packages}


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB"
