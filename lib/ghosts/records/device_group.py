"""A group of devices of a scenario: when they come, what they send and read, how they leave."""

import math
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Final, TypeAlias

import annotated_types
from pydantic import ConfigDict, StringConstraints

NO_OTHER_KEYS: Final = ConfigDict(extra="forbid", defer_build=True)
Second: TypeAlias = Annotated[int, annotated_types.Ge(0)]
STAY_CAP: Final = 5
"""A drawn stay is at most this many times the mean. 1 in 148 would be longer."""
RECEIVE_BUFFER: Final = 65_536
"""Bytes: the largest window of TCP without the option that scales it."""
_GroupName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
_Count: TypeAlias = Annotated[int, annotated_types.Interval(ge=1, le=2000)]
_Rate: TypeAlias = Annotated[int, annotated_types.Interval(ge=1, le=2**30)]
Span: TypeAlias = tuple[Second, Second]
_TenSeconds: TypeAlias = Annotated[int, annotated_types.Ge(10), annotated_types.MultipleOf(10)]


class Leave(StrEnum):
    """How a device leaves."""

    CLOSE = "close"
    """With the closing handshake."""
    RESET = "reset"
    """With a TCP reset."""
    VANISH = "vanish"
    """Stops reading and writing without closing; the socket stays open."""
    SILENT = "silent"
    """Stays connected and answers pings, and sends nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """Devices that behave alike. Times are whole seconds; a span is (first, last), inclusive.

    Each device arrives at a second within ``arrive`` and leaves after a number of seconds within
    ``stay``, both drawn with the scenario's seed. With ``evenly``, ``arrive`` is divided into equal
    parts and one device arrives in each, so that the rate is steady. With ``stay_mean`` instead of
    ``stay``, the seconds are drawn from an exponential distribution with that mean, limited to
    five times the mean. With neither, devices stay to the end.
    """

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    name: _GroupName
    count: _Count
    arrive: Span = (0, 0)
    evenly: bool = False
    stay: Span | None = None
    stay_mean: Annotated[float, annotated_types.Interval(gt=0, le=86_400)] | None = None
    leave: Leave = Leave.CLOSE
    sends: bool = True
    """Whether they send audio and messages; if not, they only listen."""
    read_rate: _Rate | None = None
    """Bytes that their applications read in a second; None is all at once."""
    stop_reading_after: Second | None = None
    """Seconds after their arrival from which on their applications read nothing."""
    receive_buffer: Annotated[int, annotated_types.Interval(ge=1, le=2**30)] = RECEIVE_BUFFER
    """Bytes sent to a device and not read, beyond which it takes no more."""
    transcript_every: _TenSeconds | None = None
    speaker_sample_every: _TenSeconds | None = None
    switch_conversation_every: _TenSeconds | None = None
    process_conversation_every: _TenSeconds | None = None

    def __post_init__(self) -> None:
        for name, span in (("arrive", self.arrive), ("stay", self.stay)):
            if span is not None and span[1] < span[0]:
                raise ValueError(f"{name}: {list(span)} ends before it begins")
        if self.stay is not None and self.stay_mean is not None:
            raise ValueError(
                f"stay_mean: is instead of stay; leave one of them out; got {self.stay_mean} "
                f"and {list(self.stay)}"
            )
        for name in ("transcript", "speaker_sample", "switch_conversation", "process_conversation"):
            if not self.sends and getattr(self, f"{name}_every") is not None:
                raise ValueError(
                    f"{name}_every: has no effect with sends = false: leave one of them out"
                )
        if self.receive_buffer != RECEIVE_BUFFER and not self.reading_key:
            raise ValueError(
                "receive_buffer: needs read_rate or stop_reading_after: other devices read all at "
                f"once; got {self.receive_buffer}"
            )

    @property
    def reading_key(self) -> str:
        """The key that limits what the devices read; empty if they read all at once."""
        keys = "read_rate", "stop_reading_after"
        return next((key for key in keys if getattr(self, key) is not None), "")

    def arrival(self, number: int, chance: random.Random) -> int:
        """Draw the second at which device ``number`` of the group arrives."""
        first, last = self.arrive
        if not self.evenly:
            return chance.randint(first, last)
        part = (last + 1 - first) / self.count
        return first + int((number + chance.random()) * part)

    def length(self, chance: random.Random) -> int | None:
        """Draw the seconds that a device stays; None is to the end."""
        if self.stay is not None:
            return chance.randint(*self.stay)
        if self.stay_mean is None:
            return None
        seconds = round(chance.expovariate(1 / self.stay_mean))
        return min(seconds, math.floor(STAY_CAP * self.stay_mean))
