"""A day of the fleet: who comes and when, what breaks in which pod."""

import itertools
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from annotated_types import Ge, Gt, Interval
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ghosts.capacity.quantity import CapacityError
from ghosts.invalid import first_fault
from ghosts.paths import DATA

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Hour = Annotated[float, Interval(ge=0, lt=24)]
_Share = Annotated[float, Interval(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """All storage threads of a pod are held by calls without an answer, until it restarts."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    pod: Annotated[int, Ge(0)]
    hour: _Hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The event loop of a pod that is ready stands still for a while: it answers no probe."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    pod: Annotated[int, Ge(0)]
    hour: _Hour
    seconds: Annotated[float, Gt(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """24 hours of a fleet. Pods are numbered from 0 in the order in which they are made."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    summary: str
    seed: int
    connections: Annotated[float, Gt(0)]
    """Live ones of the whole fleet, in the busiest hour."""
    quietest: _Share
    """Connections in the quietest hour, as a share of those in the busiest."""
    busiest_hour: _Hour
    stay: tuple[Annotated[float, Gt(0)], Annotated[float, Gt(0)]]
    """Seconds that a connection lasts: between these, each as likely."""
    storing: _Share
    """Share of connections whose audio is stored: only these can become ghosts."""
    start_seconds: Annotated[float, Gt(0)]
    """Seconds from a container's start until it is ready."""
    exhausted: tuple[Exhausted, ...] = ()
    stalls: tuple[Stall, ...] = ()

    def __post_init__(self) -> None:
        if self.stay[0] > self.stay[1]:
            raise ValueError("stay: the first is above the second")
        stalls = sorted(self.stalls, key=lambda each: (each.pod, each.hour))
        for one, next_one in itertools.pairwise(stalls):
            if one.pod == next_one.pod and one.hour * HOUR + one.seconds > next_one.hour * HOUR:
                raise ValueError(f"stalls: two of pod {one.pod} overlap")

    def live(self, second: float) -> float:
        """Return how many connections are to be expected at a second of the day."""
        wave = (1 + math.cos(2 * math.pi * (second - self.busiest_hour * HOUR) / DAY)) / 2
        return self.connections * (self.quietest + (1 - self.quietest) * wave)

    def arrivals(self, second: float) -> float:
        """Return arrivals a second, which keep up that number."""
        return self.live(second) * 2 / sum(self.stay)


def load_day(name: str, folder: Path = DATA / "days") -> Day:
    """Load a day by its name.

    Raises:
        CapacityError: there is none of that name, or the file cannot be a day; it names the key.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml"))) or "none"
        raise CapacityError(f"no day {name!r}; there are {known}")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        if "name" in table:
            raise CapacityError(f"{path.name}: name: is the file's, and cannot be given")
        # As JSON, in which a list may become a tuple.
        return _ADAPTER.validate_json(json.dumps({"name": name, **table}, default=str))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CapacityError(f"{path.name}: is not TOML: {error}") from None
    except ValidationError as invalid:
        raise CapacityError(f"{path.name}: {first_fault(invalid)}") from None


_ADAPTER = TypeAdapter(Day)
