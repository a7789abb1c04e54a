"""Made-up recordings in the shape of the long incident: three hours, workers blocked one by one.

No service runs for them. What one draws from them says nothing about a variant.
"""

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from ghosts.config import STORAGE_WORKERS
from ghosts.paths import DATA
from ghosts.plots import Lane
from ghosts.records.device_group import DeviceGroup
from ghosts.records.recording import FORMAT, Audio, Event, Recording, Sample
from ghosts.records.scenario import TENTH, Scenario
from ghosts.records.snapshot import Allocator

HOURS_3 = 10_800
MIB = 2**20


def recorded() -> Recording:
    """One device that comes and stays, to be changed: its counts are those of a healthy pod."""
    scenario = Scenario(
        name="small",
        summary="One device comes and stays",
        seed=1,
        duration=30,
        devices=(DeviceGroup(name="staying", count=1),),
        scale=TENTH,
    )
    zero = {each.name: 0 for each in fields(Sample) if each.name not in ("allocator", "listen")}
    one = {"gauge": 1, "tcp": 1, "tasks": 6, "rss_bytes": 90 * MIB}
    return Recording(
        scenario=scenario,
        format=FORMAT,
        variant="supervised",
        scale=TENTH,
        samples=tuple(Sample(**(zero | one | {"t": float(t)})) for t in (0, 30)),
        audio=Audio(received=48_000, stored=48_000, lost=0, queued=0),
        events=(Event(t=1.0, kind="session_opened", who="staying-000"),),
        sessions=(),
        versions={},
    )


def stored(variant: str) -> Recording:
    """The stored recording of the incident at full scale, under a variant."""
    return Recording.load(DATA / "recordings" / f"production_full_{variant}.json")


def at_a_tenth(recording: Recording) -> Recording:
    """The recording at a tenth of its bytes."""
    sizes = "queued", "retained", "leaked", "lost", "abandoned", "rss"
    names = [f"{size}_bytes" for size in sizes]
    audio = recording.audio
    return replace(
        recording,
        scale=TENTH,
        scenario=recording.scenario.at_scale(TENTH),
        samples=tuple(
            replace(sample, **{name: getattr(sample, name) // 10 for name in names})
            for sample in recording.samples
        ),
        audio=replace(
            audio, **{each.name: getattr(audio, each.name) // 10 for each in fields(Audio)}
        ),
        sessions=tuple(
            replace(one, held_bytes=one.held_bytes // 10, retained_bytes=one.retained_bytes // 10)
            for one in recording.sessions
        ),
    )


def of_lanes(recording: Recording, lanes: Sequence[Lane], lasts: float, **last: Any) -> Recording:
    """The recording with these sessions, and with two samples: at the beginning and the end."""
    events = []
    for lane in lanes:
        for kind, at, detail in (
            ("session_opened", lane.opened, ""),
            ("device_left", lane.left, "close"),
            ("device_left", lane.vanished, "vanish"),
            ("session_disconnected", lane.disconnected, ""),
            ("session_closed", lane.ended, ""),
        ):
            if at is not None:
                events.append(Event(t=at, kind=kind, who=lane.uid, detail=detail))
    events.sort(key=lambda event: event.t)
    samples = (replace(recording.last, t=0.0), replace(recording.last, t=lasts, **last))
    return replace(recording, events=tuple(events), samples=samples)


def long_incident(recording: Recording, variant: str) -> Recording:
    """The recording turned into three hours of 22 connections at a time under a variant."""
    full_at = None if variant == "shipped" else 58 * 60
    lanes = _sessions(variant, full_at)
    changed = of_lanes(recording, lanes, HOURS_3)
    samples = []
    for t in range(0, HOURS_3 + 1, 30):
        tcp = sum(
            lane.opened <= t and (lane.disconnected is None or lane.disconnected > t)
            for lane in lanes
        )
        gauge = sum(lane.opened <= t and (lane.ended is None or lane.ended > t) for lane in lanes)
        ghosts = sum(
            lane.disconnected is not None
            and lane.disconnected + 150 < t
            and (lane.ended is None or lane.ended > t)
            for lane in lanes
        )
        blocked = 0 if full_at is None else min(STORAGE_WORKERS, STORAGE_WORKERS * t // full_at)
        in_use = (60 + 1.4 * ghosts + 0.3 * tcp) * MIB
        samples.append(
            replace(
                recording.last,
                t=float(t),
                gauge=gauge,
                tcp=tcp,
                ghosts=ghosts,
                workers_busy=min(STORAGE_WORKERS, blocked + t // 30 % 3),
                workers_blocked=blocked,
                retained_bytes=int(1.4 * ghosts * MIB),
                rss_bytes=int(1.02 * in_use + (90 + t / 600) * MIB),
                allocator=Allocator(
                    in_use_bytes=int(in_use), held_bytes=int(1.02 * in_use + t / 1000 * MIB)
                ),
            )
        )
    return replace(changed, variant=variant, samples=tuple(samples))


def _sessions(variant: str, full_at: float | None) -> list[Lane]:
    chance = random.Random(7)
    lanes, number = [], 0
    for _ in range(22):
        t = chance.uniform(0, 60)
        while t < HOURS_3:
            leaves = t + max(120.0, chance.gauss(940, 350))
            uid = f"device-{number:03}"
            number += 1
            if leaves >= HOURS_3:
                lanes.append(Lane(uid, t))
                break
            unlucky = chance.random() < 0.4 or (full_at is not None and leaves > full_at)
            drain = 300.0
            if variant == "gather_all":
                drain = chance.uniform(1, 14)
            elif variant == "supervised":
                drain = 30.6 if unlucky else chance.uniform(1, 14)
            elif variant == "shipped":
                drain = chance.uniform(1, 4)
            ends = None if variant == "gather_all" and unlucky else leaves + drain
            lanes.append(Lane(uid, t, leaves, ends if ends and ends < HOURS_3 else None))
            t = leaves + chance.uniform(0.5, 3)
    return sorted(lanes, key=lambda lane: lane.opened)
