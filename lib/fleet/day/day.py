"""A day of the fleet as a file: arrivals, the share of uploads that hang, rollouts and stalls."""

import itertools
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from annotated_types import Ge, Gt, Interval
from pydantic import ConfigDict, TypeAdapter, ValidationError

from fleet.quantity import CapacityError
from ghosts.paths import DATA
from ghosts.records.validation import invalid_value

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
_STRICT = ConfigDict(
    extra="forbid", strict=True, allow_inf_nan=False, revalidate_instances="always"
)
_Hour = Annotated[float, Interval(ge=0, lt=24)]
_Share = Annotated[float, Interval(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """All pods are replaced, by the chart's rolling update."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    hour: _Hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The event loop of a ready pod stops for a while: it answers no probe.

    ``pod`` counts the running pods from 0, in the order in which they were created: a rollout or
    an eviction does not take a stall away.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    pod: Annotated[int, Ge(0)]
    hour: _Hour
    seconds: Annotated[float, Gt(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """24 hours of a fleet. All pods start when the day begins."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    summary: str
    seed: int
    connections: Annotated[float, Gt(0)]
    """Live connections of the whole fleet, in the busiest hour."""
    quietest: _Share
    """Connections in the quietest hour, as a share of those in the busiest."""
    busiest_hour: _Hour
    stay: tuple[Annotated[float, Gt(0)], Annotated[float, Gt(0)]]
    """Seconds that a connection lasts: uniform between these."""
    storing: _Share
    """Share of connections whose audio is stored: only these can become ghosts."""
    share: _Share
    """Share of uploads that never return: each blocks an upload worker of its pod."""
    start_seconds: Annotated[float, Gt(0)]
    """Seconds from a container's start until it is ready."""
    rollouts: tuple[Rollout, ...] = ()
    stalls: tuple[Stall, ...] = ()

    def __post_init__(self) -> None:
        if self.stay[0] > self.stay[1]:
            raise ValueError(
                f"stay: should be [shortest, longest]; got [{self.stay[0]:g}, {self.stay[1]:g}]"
            )
        stalls = sorted(self.stalls, key=lambda each: (each.pod, each.hour))
        for one, next_one in itertools.pairwise(stalls):
            if one.pod == next_one.pod and one.hour * HOUR + one.seconds > next_one.hour * HOUR:
                raise ValueError(
                    f"stalls: those of pod {one.pod} should not overlap; "
                    f"got hours {one.hour:g} and {next_one.hour:g}"
                )

    def live(self, second: float) -> float:
        """Return the expected number of connections at a second of the day."""
        wave = (1 + math.cos(2 * math.pi * (second - self.busiest_hour * HOUR) / DAY)) / 2
        return self.connections * (self.quietest + (1 - self.quietest) * wave)

    def arrivals(self, second: float) -> float:
        """Return the arrivals a second that keep up that number."""
        return self.live(second) * 2 / sum(self.stay)


def load_day(name: str, folder: Path = DATA / "days") -> Day:
    """Load a day by its name.

    Raises:
        CapacityError: there is no day of that name, or a value in its file is not allowed; it names
            file, key, value and what is allowed.
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
        raise CapacityError(f"{path.name}: {invalid_value(invalid, Day)}") from None


def check_day(day: Day) -> None:
    """Check the values of a day that was made in Python.

    Raises:
        CapacityError: a value is not allowed; it names day, key, value and what is allowed.
    """
    try:
        _ADAPTER.validate_python(day)
    except ValidationError as invalid:
        raise CapacityError(f"{day.name}: {invalid_value(invalid, Day)}") from None


_ADAPTER = TypeAdapter(Day)
