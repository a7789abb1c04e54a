"""Recordings of both services with just the counts that a picture is about, made by hand."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TypeAlias

from long_incident import recorded

from ghosts.backends import Backend
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording
from ghosts.records.scenario import Through
from ghosts.records.snapshot import Snapshot

Counts: TypeAlias = tuple[int, int, int]
"""Gauge, TCP connections and ghosts of one service."""
DEAF = Fault(backend=Backend.SPEECH_TO_TEXT, mode=FaultMode.NEVER_ANSWERS, start=900)
STUCK = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS, start=120)
LASTS = 3600


def left_since(t: int, start: int) -> tuple[int, int]:
    """How many devices have left since a fault, one every five minutes, and how many are ghosts."""
    gone = range(start + 60, t + 1, 300)
    return len(gone), sum(t - at > 150 for at in gone)


def connected(t: int) -> int:
    """One device stays; another comes for a part of each quarter of an hour but the last."""
    return 1 + (t % 900 < 600 and t < 1800)


def healthy(t: int) -> tuple[Counts, Counts]:
    count = connected(t)
    return (count, count, 0), (count, count, 0)


def deaf(t: int) -> tuple[Counts, Counts]:
    """Sessions of listen stay, and keep those of the pusher connected."""
    count, (gone, ghosts) = connected(t), left_since(t, 900)
    gone = min(5, gone)
    return (count + gone, count, min(5, ghosts)), (count + gone, count + gone, 0)


def drained(t: int) -> tuple[Counts, Counts]:
    """A session of listen drains for one sample after each departure."""
    count = connected(t)
    draining = int(t > 900 and t % 900 == 600)
    return (count + draining, count, 0), (count + draining, count + draining, 0)


def stuck(t: int) -> tuple[Counts, Counts]:
    """Sessions of the pusher stay; listen ends its own."""
    count, (gone, ghosts) = connected(t), left_since(t, 120)
    return (count, count, 0), (count + min(6, gone), count, min(6, ghosts))


def through_listen(
    variant: str, counts: Callable[[int], tuple[Counts, Counts]], *faults: Fault
) -> Recording:
    """A recording of a quiet hour whose samples are counted so, at each of its seconds."""
    base = recorded()
    scenario = replace(
        base.scenario, name="healthy_twin", duration=LASTS, through=Through.LISTEN, faults=faults
    )
    of = replace(base, scenario=scenario, variant=variant)
    none = {each.name: 0 for each in fields(Snapshot)}
    samples = []
    for t in range(0, LASTS + 1, 30):
        listen, pusher = (
            dict(zip(("gauge", "tcp", "ghosts"), each, strict=True)) for each in counts(t)
        )
        samples.append(replace(of.last, t=float(t), listen=Snapshot(**(none | listen)), **pusher))
    return replace(of, samples=tuple(samples))
