"""Pods with their gauge and their TCP connections: the published ones, and made-up ones."""

import datetime as dt
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from ghosts import evidence

LEAST_ABOVE: Final = 25
"""How far the gauge of a pod with ghosts is above TCP at least, beyond what may be draining."""
DRAINS: Final = 7
"""At most one TCP connection in this many is draining: 150 s of a stay of some 17 minutes."""
READ_LATER: Final = 3
"""Connections by which the two counts differ at most, because they are read up to 10 s apart."""
MOST_CONNECTED: Final = 200
COLUMNS: Final = ("pod", "date", "gauge", "tcp", "memory_mib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A row of the table, and what it is made of. Memory is None where none was published."""

    pod: str
    date: dt.date
    gauge: int
    tcp: int
    memory_mib: float | None
    has_ghosts: bool
    """Whether it is to be found."""
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
            has_ghosts=_is_to_be_found(one.gauge, one.tcp),
            truth=f"{one.tcp} connections and {one.ghosts} ghosts",
            lesson="They are many more than may be draining.",
        )
        for one in evidence.pods()
    )


def _is_to_be_found(gauge: int, tcp: int) -> bool:
    return gauge - tcp >= LEAST_ABOVE + tcp / DRAINS


def _made_up(
    pod: str,
    *counts: int,
    memory: float,
    truth: str,
    lesson: str,
    idle: int = 0,
) -> Pod:
    """Return a pod with these connections, ghosts and draining sessions, and TCP read later.

    ``idle`` is the number of connections that have no session.
    """
    connected, ghosts, draining, read_later = counts
    gauge, tcp = connected + ghosts + draining, connected + idle + read_later
    return Pod(
        pod=pod,
        date=dt.date(2026, 6, 2),
        gauge=gauge,
        tcp=tcp,
        memory_mib=memory,
        has_ghosts=_is_to_be_found(gauge, tcp),
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
        "leaving", 98, 0, 13, -2,
        memory=503,
        truth="98 connections; 13 sessions are draining; TCP was read some seconds later, 2 fewer",
        lesson="A seventh of 96 connections may be draining, and the readings may differ by 3.",
    ),
    _made_up(
        "evening", 175, 0, 25, 0,
        memory=560,
        truth="175 connections; 25 sessions are draining",
        lesson="A seventh of the connections may be draining at once: on a large pod that is more "
        "than the ghosts of a small one.",
    ),
    _made_up(
        "ahead", 22, 0, 0, 0,
        memory=470, idle=58,
        truth="22 connections with a session, and 58 that a load balancer has opened ahead",
        lesson="A connection without a session is not a ghost: TCP may be far above the gauge.",
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
        lesson="The readings may differ by 3, a large share on a pod with few connections.",
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
        "night", 0, 31, 0, 0,
        memory=640,
        truth="31 ghosts and no connection",
        lesson="Without a connection the whole gauge is ghosts.",
    ),
    _made_up(
        "first", 0, 25, 0, 0,
        memory=455,
        truth="25 ghosts and no connection",
        lesson="25 ghosts are to be found where nothing can be draining.",
    ),
    _made_up(
        "mixed", 90, 40, 0, 0,
        memory=1080,
        truth="90 connections and 40 ghosts",
        lesson="Many connections hide ghosts from a share or a factor: 40 is more than can drain.",
    ),
    _made_up(
        "crowded", 150, 60, 0, 0,
        memory=1420,
        truth="150 connections and 60 ghosts",
        lesson="21 of 150 connections may be draining, and not 60: a large pod may have ghosts.",
    ),
    _made_up(
        "young", 12, 30, 0, 0,
        memory=530,
        truth="12 connections and 30 ghosts",
        lesson="They hold little audio, and are more than 25 and a seventh of tcp.",
    ),
)  # fmt: skip
"""Pods of the same service as they could be."""


def drawn(chance: random.Random, name: str) -> Iterator[Pod]:
    """Yield pods at random within what the exercise says of pods, many of them at its limits."""
    for number in range(60):
        connected = chance.choice((0, 7, 100, MOST_CONNECTED, chance.randint(0, MOST_CONNECTED)))
        later = chance.choice((-min(READ_LATER, connected), READ_LATER, 0))
        most = (connected + later) // DRAINS
        fewest = LEAST_ABOVE + max(later, 0) - (-(connected + later) // DRAINS)
        ghosts = chance.choice((0, 0, fewest, fewest + chance.randint(0, 200)))
        draining = chance.choice((0, most, chance.randint(0, most)))
        idle = 0 if ghosts else chance.choice((0, 0, 0, 30))
        yield _made_up(
            f"{name}-{number}", connected, ghosts, draining, later,
            memory=450 + round(ghosts * chance.uniform(2, 17)), idle=idle,
            truth=f"{connected} connections, {ghosts} ghosts and {draining} draining sessions; "
            f"TCP was read some seconds later, {later:+d}{', with 30 ahead' if idle else ''}",
            lesson=f"Without ghosts the gauge is at most a seventh of tcp and {READ_LATER} above "
            f"tcp, with ghosts a seventh of tcp and {LEAST_ABOVE} at least.",
        )  # fmt: skip


FLEET: Final = tuple(drawn(random.Random(7148), "fleet"))
"""Pods drawn at random, the same on each run, so that the reason of a refusal is the same."""


def as_table(pods: Sequence[Pod]) -> pd.DataFrame:
    """Return pods as a table with the columns of `data/pods.csv` that are not about sources."""
    table = pd.DataFrame([asdict(each) for each in pods], columns=list(COLUMNS))
    return table.astype({"memory_mib": float})


def as_row(pod: Pod) -> pd.Series:
    """Return a pod as a row of that table, with plain numbers in it."""
    memory = math.nan if pod.memory_mib is None else pod.memory_mib
    values = {**{column: getattr(pod, column) for column in COLUMNS}, "memory_mib": memory}
    return pd.Series(values, dtype=object)
