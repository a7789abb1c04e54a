"""A scenario: which devices come, what they send, how they leave, and what fails meanwhile."""

import json
import math
import random
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, TypeAlias

import annotated_types
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ghosts.backends.faults import OF_THE_PUSHER, Fault
from ghosts.paths import DATA

HEARTBEAT_SECONDS: Final = 20
"""Seconds between heartbeats of a device at full scale (published)."""

STAY_CAP: Final = 5
"""Times the mean, the longest that a device of drawn length stays: 1 in 148 would stay longer."""
FULL: Final = 1.0
TENTH: Final = 0.1
_FOLDERS: Final = (DATA / "scenarios", DATA / "faults", DATA / "mechanisms")
_STRICT = ConfigDict(extra="forbid")
_GroupName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
_Count: TypeAlias = Annotated[int, annotated_types.Interval(ge=1, le=2000)]
_Second: TypeAlias = Annotated[int, annotated_types.Ge(0)]
_Span: TypeAlias = tuple[_Second, _Second]
_TenSeconds: TypeAlias = Annotated[int, annotated_types.Ge(10), annotated_types.MultipleOf(10)]


class ScenarioError(ValueError):
    """A scenario that cannot be. Its text names the key and what is allowed."""


class Through(StrEnum):
    """What devices connect to."""

    PUSHER = "pusher"
    """The pusher itself: they send what listen would."""
    LISTEN = "listen"
    """Listen, which feeds the pusher: they play a podcast, once, and are silent then."""


class Leave(StrEnum):
    """How a device leaves."""

    CLOSE = "close"
    """With the closing handshake."""
    RESET = "reset"
    """With a TCP reset."""
    VANISH = "vanish"
    """Without a word: it neither reads nor writes any more, and its socket stays open."""
    SILENT = "silent"
    """It stays connected and answers pings, and sends nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """Devices that behave alike. Times are whole seconds; a span is (first, last), inclusive.

    Each arrives at a second of ``arrive`` and leaves after a number of seconds of ``stay``, both
    drawn by the scenario's seed. With ``evenly``, each arrives in an equal part of ``arrive`` of
    its own, so that they come at a steady rate. With ``stay_mean`` instead of ``stay``, the seconds
    are drawn from an exponential distribution of that mean, and cut at five times the mean. With
    neither, they are there to the end.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: _GroupName
    count: _Count
    arrive: _Span = (0, 0)
    evenly: bool = False
    stay: _Span | None = None
    stay_mean: Annotated[float, annotated_types.Interval(gt=0, le=86_400)] | None = None
    leave: Leave = Leave.CLOSE
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

    def arrival(self, number: int, chance: random.Random) -> int:
        """Draw the second at which the group's device of this number arrives."""
        first, last = self.arrive
        if not self.evenly:
            return chance.randint(first, last)
        part = (last + 1 - first) / self.count
        return first + int((number + chance.random()) * part)

    def length(self, chance: random.Random) -> int | None:
        """Draw how many seconds a device stays; None is to the end."""
        if self.stay is not None:
            return chance.randint(*self.stay)
        if self.stay_mean is None:
            return None
        seconds = round(chance.expovariate(1 / self.stay_mean))
        return min(seconds, math.floor(STAY_CAP * self.stay_mean))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens in a replay, but for the lifecycle it is run under.

    ``scale`` is the fraction of production's audio bytes that the devices send. At 1 they send
    8 kHz audio in a frame every second; at 0.1 they send 800 Hz audio in a frame every 10 s: a
    tenth of the bytes and of the frames, and every constant of the service unchanged.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    summary: str
    seed: int
    duration: Annotated[int, annotated_types.Interval(ge=1, le=86_400)]
    """Simulated seconds."""
    devices: Annotated[tuple[DeviceGroup, ...], annotated_types.MinLen(1)]
    faults: tuple[Fault, ...] = ()
    handlers_cancelled_at: tuple[_Second, ...] = ()
    """Seconds at which every handler that has lost its device is cancelled from outside."""
    sample_every: Annotated[int, annotated_types.Ge(1)] = 15
    """Simulated seconds between samples."""
    audio_webhook_seconds: Annotated[float, annotated_types.Interval(gt=0, le=3600)] | None = None
    """Seconds of audio in each piece sent to the users' audio webhooks; None is no webhook."""
    through: Through = Through.PUSHER
    apps: tuple[str, ...] = ()
    """The apps of every user, which listen tells what was heard."""
    speaker_identification: bool = False
    """Whether listen looks up who speaks."""
    pusher_restarts_at: tuple[_Second, ...] = ()
    """Seconds at which another pod of the pusher takes over, and the one before it is stopped."""
    pusher_away: _Span | None = None
    """Seconds between which nobody answers on the pusher's port: the pod that was there is stopped
    without grace, and another comes, which takes up its spool."""
    scale: float = TENTH

    def __post_init__(self) -> None:
        if self.scale not in (FULL, TENTH):
            raise ValueError(f"scale: {self.scale} is neither {FULL:g} nor {TENTH:g}")
        names = [group.name for group in self.devices]
        if len(set(names)) < len(names):
            raise ValueError(f"devices: two groups have the same name: {names}")
        for group in self.devices:
            if group.arrive[1] >= self.duration:
                raise ValueError(
                    f"devices.{group.name}.arrive: not before the end at {self.duration}"
                )
        if self.sample_every > self.duration:
            raise ValueError(
                f"sample_every: should be at most {self.duration}, the duration; "
                f"got {self.sample_every}"
            )
        for second in self.handlers_cancelled_at:
            if second >= self.duration:
                raise ValueError(
                    f"handlers_cancelled_at: should be before the end at {self.duration}; "
                    f"got {second}"
                )
        self._check_listen()
        for number, fault in enumerate(self.faults):
            for key, value in (("end", fault.end), ("seconds", fault.seconds)):
                if value is not None and not math.isfinite(value):
                    raise ValueError(f"faults.{number}.{key}: should be finite; got {value}")
            if fault.start != "departure" and not fault.start < self.duration:
                raise ValueError(
                    f"faults.{number}.start: should be before the end at {self.duration}, "
                    f"or 'departure'; got {fault.start:g}"
                )

    def _check_listen(self) -> None:
        """Raise ValueError for what nothing would come of without listen, or in this time."""
        if self.pusher_away is not None and self.pusher_away[1] <= self.pusher_away[0]:
            raise ValueError(f"pusher_away: {list(self.pusher_away)} ends before it begins")
        keys = "apps", "speaker_identification", "pusher_restarts_at", "pusher_away"
        for key in keys:
            if getattr(self, key) and self.through is not Through.LISTEN:
                raise ValueError(f"{key}: needs through = 'listen'")
        for number, fault in enumerate(self.faults):
            if self.through is not Through.LISTEN and fault.backend not in OF_THE_PUSHER:
                raise ValueError(
                    f"faults.{number}.backend: {fault.backend} needs through = 'listen'"
                )

    @property
    def device_count(self) -> int:
        """Devices of all groups."""
        return sum(group.count for group in self.devices)

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return 8000 if self.scale == FULL else 800

    @property
    def frame_seconds(self) -> int:
        """Seconds of audio in a frame."""
        return 1 if self.scale == FULL else 10

    @property
    def heartbeat_seconds(self) -> int:
        """Seconds between heartbeats: as rare as the other frames."""
        return HEARTBEAT_SECONDS * self.frame_seconds

    @property
    def audio_seconds(self) -> int:
        """Seconds of audio that the devices send between them, if nothing stops them."""
        return sum(
            (self.duration if plan.leaves_at is None else min(plan.leaves_at, self.duration))
            - plan.arrives_at
            for plan in self.plans()
        )

    def at_scale(self, scale: float) -> "Scenario":
        """The same scenario with that fraction of production's bytes."""
        return replace(self, scale=scale)

    def fewer(self, divisor: int) -> "Scenario":
        """The same scenario with that many times fewer devices in each group, and at least one."""
        groups = [replace(group, count=max(1, group.count // divisor)) for group in self.devices]
        return replace(self, devices=tuple(groups))

    def plans(self) -> Iterator["DevicePlan"]:
        """Say when each device comes and goes: the same on every call, by the seed."""
        for group in self.devices:
            for number in range(group.count):
                uid = f"{group.name}-{number:03}"
                chance = random.Random(f"{self.seed}/{uid}")
                arrives_at = group.arrival(number, chance)
                length = group.length(chance)
                leaves_at = None if length is None else arrives_at + length
                yield DevicePlan(uid, group, arrives_at, leaves_at)


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """When one device comes and goes, in simulated seconds."""

    uid: str
    group: DeviceGroup
    arrives_at: int
    leaves_at: int | None


_ADAPTER = TypeAdapter(Scenario)


def load_scenario(name: str | Path) -> Scenario:
    """Read a scenario, by name or by path.

    Names are those of the TOML files in ``data/scenarios``, ``data/faults`` and
    ``data/mechanisms``; a path is that of any TOML file.

    Raises:
        ScenarioError: there is no such scenario, or something in it is not allowed.
    """
    path = Path(name)
    if path.suffix != ".toml":
        known = {each.stem: each for folder in _FOLDERS for each in sorted(folder.glob("*.toml"))}
        if name not in known:
            raise ScenarioError(f"no scenario {str(name)!r}; there are: {', '.join(known)}")
        path = known[str(name)]
    if not path.is_file():
        here = ", ".join(sorted(each.stem for each in path.parent.glob("*.toml"))) or "none"
        raise ScenarioError(f"no scenario {str(name)!r}; here: {here}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path.name}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"{path.name}: not TOML: {error}") from None
    return parse_scenario({"name": path.stem, **table}, path.name)


def parse_scenario(table: dict[str, Any], source: str) -> Scenario:
    """Make a scenario of a table; ``source`` is what an error says it came from."""
    try:
        # By way of JSON, whose lists and texts are tuples and choices also where types are strict.
        return _ADAPTER.validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as invalid:
        raise ScenarioError(f"{source}: {_in_words(invalid)}") from None


def _in_words(invalid: ValidationError) -> str:
    first = invalid.errors()[0]
    where = [str(part) for part in first["loc"] if part not in _UNION_MEMBERS]
    if first["type"] == "value_error":
        # The check that raised it has named the key, from its own table on.
        return ".".join([*where, first["msg"].removeprefix("Value error, ")])
    return f"{'.'.join(where)}: {_what_is_allowed(first)}"


_UNION_MEMBERS: Final = ("float", "literal['departure']")
"""What pydantic adds to the location of an error in ``Fault.start``."""


def _what_is_allowed(error: ErrorDetails) -> str:
    fields: dict[str, Any] = _table(error["loc"]).__dataclass_fields__
    keys = [key for key in fields if not key.startswith("__")]
    match error["type"]:
        case "unexpected_keyword_argument":
            return f"unknown key; allowed: {', '.join(keys)}"
        case "missing" if error["loc"][-1] in keys:
            needed = [key for key in keys if fields[key].default is MISSING]
            return f"missing; needed: {', '.join(needed)}"
        case "missing" | "tuple_type" | "too_short" | "too_long":
            kind = "a list of tables" if len(error["loc"]) == 1 else "a list [first, last]"
            return f"should be {kind}; got {error['input']!r}"
        case "dataclass_type":
            return f"should be a table; got {error['input']!r}"
    allowed = error["msg"].replace("Input should", "should").replace("String should", "should")
    if error["loc"][-1] in _UNION_MEMBERS:
        allowed += " or 'departure'"
    return f"{allowed}; got {error['input']!r}"


def _table(location: tuple[int | str, ...]) -> Any:
    if len(location) == 1:
        return Scenario
    return {"devices": DeviceGroup, "faults": Fault}[str(location[0])]
