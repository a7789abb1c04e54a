"""Pods with their gauge and their TCP connections: the published ones, and made-up ones."""

import datetime as dt
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from ghosts import evidence

FEWEST_GHOSTS: Final = 25
"""Ghosts of a pod from which on its gauge counts as wrong."""
_MOST_CONNECTED: Final = 100
_DRAINS: Final = 7
"""At most one connection in this many is draining: 150 s of a stay of some 17 minutes."""
_READ_LATER: Final = 3
"""Connections by which the two counts differ at most, because they are read some seconds apart."""
COLUMNS: Final = ("pod", "date", "gauge", "tcp", "memory_mib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A row of the table, and what it is made of. Memory is None where none was published."""

    pod: str
    date: dt.date
    gauge: int
    tcp: int
    memory_mib: float | None
    lies: bool
    truth: str
    """What its gauge counts, in words."""
    lesson: str
    """What a rule that is wrong about it has left out."""


def published() -> tuple[Pod, ...]:
    """Return the pods of `data/pods.csv`."""
    return tuple(
        Pod(
            pod=one.pod,
            date=one.date,
            gauge=one.gauge,
            tcp=one.tcp,
            memory_mib=one.memory_mib,
            lies=one.ghosts >= FEWEST_GHOSTS,
            truth=f"{one.tcp} connections and {one.ghosts} ghosts",
            lesson=f"{FEWEST_GHOSTS} ghosts or more should be found.",
        )
        for one in evidence.pods()
    )


def _made_up(
    pod: str,
    *counts: int,
    memory: float,
    truth: str,
    lesson: str,
) -> Pod:
    """Return a pod with these connections, ghosts and draining sessions, and TCP read later."""
    connected, ghosts, draining, read_later = counts
    return Pod(
        pod=pod,
        date=dt.date(2026, 6, 2),
        gauge=connected + ghosts + draining,
        tcp=connected + read_later,
        memory_mib=memory,
        lies=ghosts >= FEWEST_GHOSTS,
        truth=truth,
        lesson=lesson,
    )


MADE_UP: Final = (
    _made_up(
        "busy", 88, 0, 6, 0,
        memory=497,
        truth="88 connections; 6 sessions are draining",
        lesson="A session may drain for 150 s after its device has left, and is no ghost.",
    ),
    _made_up(
        "leaving", 92, 0, 13, -2,
        memory=503,
        truth="92 connections; 13 sessions are draining; TCP was read some seconds later, 2 fewer",
        lesson="On a busy pod a seventh of the connections may be draining at once.",
    ),
    _made_up(
        "vanished", 71, 0, 0, 0,
        memory=488,
        truth="71 connections, 40 of them half-open: their devices have vanished",
        lesson="No packet has told the kernel so. Gauge and kernel agree; pings will find them.",
    ),
    _made_up(
        "large", 21, 0, 0, 0,
        memory=2310,
        truth="21 connections; the memory is a cache",
        lesson="A pod may be large without a ghost.",
    ),
    _made_up(
        "few", 4, 0, 0, -3,
        memory=455,
        truth="4 connections; TCP was read some seconds later, 3 fewer",
        lesson="On a pod with few connections a small difference is a large share.",
    ),
    _made_up(
        "new", 0, 0, 0, 0,
        memory=431,
        truth="nothing: nobody has connected yet",
        lesson="The two counts are equal.",
    ),
    _made_up(
        "arriving", 30, 0, 0, 3,
        memory=462,
        truth="30 connections; TCP was read some seconds later, 3 more",
        lesson="Devices that connect between the two readings are in the second one only.",
    ),
    _made_up(
        "worn", 18, 172, 0, 0,
        memory=3060,
        truth="18 connections and 172 ghosts",
        lesson="Most of what its gauge counts has no TCP connection.",
    ),
    _made_up(
        "mixed", 90, 40, 0, 0,
        memory=1080,
        truth="90 connections and 40 ghosts",
        lesson="Many connections hide ghosts from a share or a factor: 40 is more than can drain.",
    ),
    _made_up(
        "night", 0, 31, 0, 0,
        memory=640,
        truth="31 ghosts and no connection",
        lesson="Without a connection the whole gauge is ghosts.",
    ),
    _made_up(
        "young", 12, 30, 0, 0,
        memory=530,
        truth="12 connections and 30 ghosts",
        lesson="The ghosts hold little audio: their uploads were stuck only at the disconnect.",
    ),
)  # fmt: skip
"""Pods of the same service as they could be."""


def _drawn() -> Iterator[Pod]:
    """Yield pods at random, the same each time."""
    chance = random.Random(7071)
    for number in range(40):
        connected = chance.randint(0, _MOST_CONNECTED)
        ghosts = chance.choice((0, chance.randint(30, 250)))
        draining = chance.randint(0, connected // _DRAINS)
        later = chance.randint(-min(_READ_LATER, connected), _READ_LATER)
        yield _made_up(
            f"fleet-{number}", connected, ghosts, draining, later,
            memory=450 + round(ghosts * chance.uniform(2, 17)),
            truth=f"{connected} connections, {ghosts} ghosts and {draining} draining sessions; "
            f"TCP was read some seconds later, {later:+}",
            lesson=f"At most a seventh of the connections drains, the readings differ by "
            f"{_READ_LATER} at most, and {FEWEST_GHOSTS} ghosts or more should be found.",
        )  # fmt: skip


FLEET: Final = tuple(_drawn())
"""Pods drawn at random, which no reader has seen."""


def as_table(pods: Sequence[Pod]) -> pd.DataFrame:
    """Return pods as a table with the columns of `data/pods.csv` that are not about sources."""
    table = pd.DataFrame([asdict(each) for each in pods], columns=list(COLUMNS))
    return table.astype({"memory_mib": float})


def as_row(pod: Pod) -> pd.Series:
    """Return a pod as a row of that table, with plain numbers in it."""
    memory = math.nan if pod.memory_mib is None else pod.memory_mib
    values = {**{column: getattr(pod, column) for column in COLUMNS}, "memory_mib": memory}
    return pd.Series(values, dtype=object)
