"""The made-up pods of each fleet, in words and as sessions."""

from typing import Final, NamedTuple

from ghosts.exercises.catalogue.the_alert.made_up import (
    MadeUp,
    arriving,
    ghosts,
    leaving,
    staying,
    steady,
    together,
)


class Described(NamedTuple):
    """A made-up pod, what it is in words, and why an alert on it without ghosts is wrong."""

    words: str
    why: str
    pod: MadeUp


_WAVE: Final = (
    "devices that leave together drain together, for up to 160 s, which is no fault: the alert has "
    "to ask for longer"
)
_STEADY: Final = "up to 5 sessions are draining at any time on a healthy pod, which is no fault"
_AHEAD: Final = (
    "a TCP connection without a session is not a ghost: ghosts are sessions without a connection"
)
_GONE: Final = "it has no ghosts at that time"

_HOUR: Final = 3600.0
_BESIDE_THE_INCIDENT: Final = (
    Described(
        "a healthy pod whose load balancer keeps 14 connections open ahead of their sessions",
        _AHEAD,
        MadeUp(sessions=staying(30), idle=14, until=11_400),
    ),
)
_BY_DAY: Final = (
    Described(
        "a healthy pod with 200 devices, 5 of whose sessions are always draining",
        _STEADY,
        MadeUp(sessions=steady(200, stay=1000, drain=24)),
    ),
    Described(
        "a pod with 200 devices and 15 ghosts, which hold little memory",
        _GONE,
        MadeUp(
            sessions=(*steady(200, drain=5), *ghosts(15, 1200, 2400)), mib=480, mib_per_ghost=1.5
        ),
    ),
    Described(
        "a pod with 15 ghosts and no TCP connection",
        _GONE,
        MadeUp(sessions=(*together(10, 1500, drain=15), *ghosts(15, 900, 1800))),
    ),
    Described(
        "a healthy pod that 12 of 40 devices leave at once",
        _WAVE,
        MadeUp(sessions=(*staying(28), *together(12, 2998), *together(12, 5998, begins=3600))),
    ),
    Described(
        "a healthy pod that all 120 devices leave at once",
        _WAVE,
        MadeUp(sessions=(*together(120, 2398), *together(120, 4498, begins=2700))),
    ),
    Described(
        "a pod whose 30 ghosts end after an hour, when storage answers again",
        _GONE,
        MadeUp(sessions=(*steady(60, drain=5), *ghosts(30, 600, 1500, ends=3990))),
    ),
    Described(
        "a pod with 20 ghosts that is replaced after an hour",
        _GONE,
        MadeUp(sessions=(*staying(20), *ghosts(20, 300, 1200)), until=_HOUR),
    ),
    Described(
        "a pod whose gauge stays at 60 while 40 of its devices become ghosts",
        _GONE,
        MadeUp(sessions=(*staying(20), *ghosts(40, 900, 4500))),
    ),
    Described(
        "a healthy pod with 17 devices and a cache of 2 GB",
        "a pod may be large without a ghost",
        MadeUp(sessions=staying(17), mib=2310),
    ),
    Described(
        "a healthy pod whose devices grow from 20 to 200 in half an hour",
        "that is load: all of these sessions have a connection",
        MadeUp(sessions=(*staying(20), *arriving(180, 900, 2700))),
    ),
    Described(
        "a healthy pod whose devices fall from 180 to 20 in half an hour",
        "their sessions have drained: none is left without a connection",
        MadeUp(sessions=(*staying(20), *leaving(160, 2400, 4200))),
    ),
    Described(
        "a healthy pod with 22 devices, 3 of whose sessions are always draining",
        _STEADY,
        MadeUp(sessions=steady(22, stay=1012, drain=139)),
    ),
    Described(
        "a healthy pod with 40 connections ahead of their sessions",
        _AHEAD,
        MadeUp(sessions=steady(20), idle=40),
    ),
)
_ALL_HAVE_GHOSTS: Final = tuple(
    Described(
        f"one of three pods that all have ghosts: {devices} devices and {number} ghosts",
        _GONE,
        MadeUp(
            sessions=(*staying(devices), *ghosts(number, 30, last)),
            until=_HOUR,
            mib=60,
            mib_per_ghost=0.5,
        ),
    )
    for devices, number, last in ((170, 18, 300), (22, 21, 40), (40, 300, 900))
)
_NONE_HAS_GHOSTS: Final = (
    *(
        Described(
            f"one of three healthy pods whose devices all leave at once, {devices} of them here",
            _WAVE,
            MadeUp(sessions=(*together(devices, 1798), *staying(9)), until=_HOUR),
        )
        for devices in (31, 47, 64)
    ),
    Described(
        "a healthy pod that is the only one with drains: 4 sessions at any time",
        _STEADY,
        MadeUp(sessions=steady(100, stay=1000, drain=40), until=_HOUR),
    ),
    Described(
        "a healthy pod that nobody has connected to",
        "it counts nothing",
        MadeUp(sessions=(), until=_HOUR),
    ),
)

FLEETS: Final[tuple[tuple[Described, ...], ...]] = (
    _BESIDE_THE_INCIDENT,
    _BY_DAY,
    _ALL_HAVE_GHOSTS,
    _NONE_HAS_GHOSTS,
    (),
)
"""The made-up pods beside each of the replays, in the order of the fleets."""
