"""A crowd: many devices that come through listen at the same time, and what one of them costs."""

import asyncio
import gc
import multiprocessing
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psutil

from ghosts.records.device_group import DeviceGroup
from ghosts.records.scenario import Scenario, Through
from ghosts.replay.run import replay
from ghosts.simulation import podcast
from ghosts.simulation.test_bed import TestBed

_STEP: Final = 30
"""Simulated seconds in which nobody is there, then in which all arrive; later between two looks."""
LOADED: Final = 60
"""Simulated seconds for which all are connected and play."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What a replay took. ``data/bench/README.md`` says what each figure is."""

    variant: str
    devices: int
    seconds: float
    arrival_cpu_seconds: float
    loaded_seconds: float
    loaded_cpu_seconds: float
    collector_seconds: float
    observation_seconds: float
    rss_bytes_empty: int
    rss_bytes_arrived: int
    rss_bytes_loaded: int
    traced_bytes: int | None
    tasks_listen: int
    tasks_pusher: int
    tasks_all: int
    gauge_listen: int
    gauge_pusher: int
    tcp_listen: int
    tcp_pusher: int
    arrived: int
    cut_off: int

    @property
    def cpu_each(self) -> float:
        """Processor seconds for one connection and one simulated second."""
        return self.loaded_cpu_seconds / LOADED / self.devices

    @property
    def cpu_each_uncollected(self) -> float:
        """The same without the garbage collector's part."""
        return (self.loaded_cpu_seconds - self.collector_seconds) / LOADED / self.devices

    @property
    def rss_each(self) -> float:
        """Resident bytes for one connection, at the end."""
        return (self.rss_bytes_loaded - self.rss_bytes_empty) / self.devices

    @property
    def rss_each_arrived(self) -> float:
        """Resident bytes for one connection, when all had just come."""
        return (self.rss_bytes_arrived - self.rss_bytes_empty) / self.devices

    @property
    def simulated_seconds_a_second(self) -> float:
        """Simulated seconds in one of the wall clock's, while all were connected."""
        return LOADED / self.loaded_seconds


def crowd(devices: int, variant: str, *, traced: bool = False) -> Crowd:
    """Replay a crowd in a fresh process; ``traced`` also counts what Python allocates."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, devices, variant, traced).result()


def _scenario(devices: int) -> Scenario:
    """Make devices that arrive on whole seconds and play the podcast, which lasts longer."""
    group = DeviceGroup(name="device", count=devices, arrive=(_STEP + 1, 2 * _STEP))
    return Scenario(
        name="crowd",
        summary="Many devices at the same time, through listen.",
        seed=7283,
        duration=2 * _STEP + LOADED,
        sample_every=_STEP,
        through=Through.LISTEN,
        devices=(group,),
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the process had taken by some moment."""

    wall: float
    cpu: float
    collector: float
    rss: int
    traced: int


def _measure(devices: int, variant: str, traced: bool) -> Crowd:
    marks: dict[float, _Mark] = {}
    seen: dict[str, Any] = {}
    process = psutil.Process()
    # Speech and what makes it are there before anybody is.
    podcast.transcribe(podcast.part(0, 1, _scenario(devices).sample_rate))

    def look(bed: TestBed) -> None:
        began = time.perf_counter()
        bed.observer.sample()
        seen["observation_seconds"] = time.perf_counter() - began
        seen["tasks_all"] = len(asyncio.all_tasks())

    with _collector_timed() as collector, _tracing(traced):

        def mark(second: float) -> None:
            marks[second] = _Mark(
                time.perf_counter(),
                time.process_time(),
                sum(collector),
                process.memory_info().rss,
                tracemalloc.get_traced_memory()[0],
            )

        began = time.perf_counter()
        recording = replay(
            _scenario(devices), variant, measure_memory=False, on_progress=mark, at_end=look
        )
        seconds = time.perf_counter() - began
    empty, arrived, loaded = (marks[at] for at in (_STEP, 2 * _STEP, 2 * _STEP + LOADED))
    pusher, listen = recording.last, recording.last.listen
    assert listen is not None
    return Crowd(
        variant=variant,
        devices=devices,
        seconds=seconds,
        arrival_cpu_seconds=arrived.cpu - empty.cpu,
        loaded_seconds=loaded.wall - arrived.wall,
        loaded_cpu_seconds=loaded.cpu - arrived.cpu,
        collector_seconds=loaded.collector - arrived.collector,
        rss_bytes_empty=empty.rss,
        rss_bytes_arrived=arrived.rss,
        rss_bytes_loaded=loaded.rss,
        traced_bytes=loaded.traced - empty.traced if traced else None,
        tasks_listen=listen.tasks,
        tasks_pusher=pusher.tasks,
        gauge_listen=listen.gauge,
        gauge_pusher=pusher.gauge,
        tcp_listen=listen.tcp,
        tcp_pusher=pusher.tcp,
        arrived=len(recording.times("device_arrived")),
        cut_off=len(recording.times("device_cut_off")),
        **seen,
    )


@contextmanager
def _collector_timed() -> Iterator[list[float]]:
    """Give a list that grows by the processor seconds of each garbage collection."""
    taken: list[float] = []
    began = 0.0

    def note(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.thread_time()
        else:
            taken.append(time.thread_time() - began)

    gc.callbacks.append(note)
    try:
        yield taken
    finally:
        gc.callbacks.remove(note)


@contextmanager
def _tracing(traced: bool) -> Iterator[None]:
    if traced:
        tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
