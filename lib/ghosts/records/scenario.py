"""A scenario: which devices connect, what they send, how they leave, and what fails."""

import json
import math
import random
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

import annotated_types
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ghosts import config
from ghosts.backends import PUSHER_BACKENDS
from ghosts.errors import GhostsError, did_you_mean, unknown
from ghosts.paths import DATA
from ghosts.records.device_group import NO_OTHER_KEYS, DeviceGroup, Second, Span
from ghosts.records.fault import MIN_SECONDS, Fault
from ghosts.records.validation import invalid_value

HEARTBEAT_SECONDS: Final = 20
"""Seconds between heartbeats of a device at full scale (published)."""

FULL: Final = 1.0
TENTH: Final = 0.1
_FOLDERS: Final = (DATA / "scenarios", DATA / "faults", DATA / "mechanisms")
OFF: Final = "off"
_SecondsOrOff: TypeAlias = (
    Annotated[float, annotated_types.Interval(ge=MIN_SECONDS, le=86_400)] | Literal["off"]
)


class ScenarioError(GhostsError, ValueError):
    """A scenario is invalid. Its text names the key and what is allowed."""


class Through(StrEnum):
    """The service that devices connect to."""

    PUSHER = "pusher"
    """The pusher itself: devices send what listen would send."""
    LISTEN = "listen"
    """Listen, which connects to the pusher: devices play a podcast, and are silent afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything in a replay but the variant.

    ``scale`` is the fraction of production's audio bytes that devices send. At 1 they send 8 kHz
    audio in a frame every second; at 0.1 they send 800 Hz audio in a frame every 10 s: a tenth of
    the bytes and of the frames. Every constant of the service is unchanged.
    """

    __pydantic_config__: ClassVar[ConfigDict] = NO_OTHER_KEYS

    name: str
    summary: str
    seed: int
    duration: Annotated[int, annotated_types.Interval(ge=1, le=86_400)]
    """Simulated seconds."""
    devices: Annotated[tuple[DeviceGroup, ...], annotated_types.MinLen(1)]
    faults: tuple[Fault, ...] = ()
    handlers_cancelled_at: tuple[Second, ...] = ()
    """Seconds at which every handler whose device has left is cancelled from outside."""
    sample_every: Annotated[int, annotated_types.Ge(1)] = 15
    """Simulated seconds between samples."""
    audio_webhook_seconds: Annotated[float, annotated_types.Interval(gt=0, le=3600)] | None = None
    """Seconds of audio in each request to the users' audio webhooks; None is no webhook."""
    through: Through = Through.PUSHER
    apps: tuple[str, ...] = ()
    """The apps of every user, to which listen sends transcripts."""
    speaker_identification: bool = False
    """Whether listen identifies speakers."""
    pusher_restarts_at: tuple[Second, ...] = ()
    """Seconds at which another pod of the pusher starts and the previous one is stopped."""
    pusher_away: Span | None = None
    """Seconds between which the pusher's port refuses connections: the pod is stopped without grace
    at the first, and another, which takes over its spool, starts at the last."""
    ping_interval: _SecondsOrOff = config.WS_PING_INTERVAL
    """Seconds between the WebSocket pings of each service to its peers; "off" is no pings."""
    ping_timeout: _SecondsOrOff = config.WS_PING_TIMEOUT
    """Seconds that a peer has to answer a ping; "off": it need not answer."""
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
        if self.ping_interval == OFF and self.ping_timeout not in (config.WS_PING_TIMEOUT, OFF):
            raise ValueError(
                "ping_timeout: has no effect with ping_interval = 'off': leave one of them out; "
                f"got {self.ping_timeout:g}"
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
        """Raise ValueError for keys that would have no effect without listen."""
        if self.pusher_away is not None and self.pusher_away[1] <= self.pusher_away[0]:
            raise ValueError(f"pusher_away: {list(self.pusher_away)} ends before it begins")
        keys = "apps", "speaker_identification", "pusher_restarts_at", "pusher_away"
        for key in keys:
            if getattr(self, key) and self.through is not Through.LISTEN:
                raise ValueError(f"{key}: needs through = 'listen'")
        for group in self.devices:
            if (
                group.reading_key
                and self.through is not Through.LISTEN
                and group.process_conversation_every is None
            ):
                raise ValueError(
                    f"devices.{group.name}.{group.reading_key}: needs through = 'listen' or "
                    "process_conversation_every: the pusher sends a device nothing else"
                )
        for number, fault in enumerate(self.faults):
            if self.through is not Through.LISTEN and fault.backend not in PUSHER_BACKENDS:
                raise ValueError(
                    f"faults.{number}.backend: {fault.backend} needs through = 'listen'"
                )

    @property
    def device_count(self) -> int:
        """The number of devices in all groups."""
        return sum(group.count for group in self.devices)

    @property
    def sample_rate(self) -> int:
        """The sample rate of the devices' audio, in Hz."""
        return 8000 if self.scale == FULL else 800

    @property
    def frame_seconds(self) -> int:
        """Seconds of audio in a frame."""
        return 1 if self.scale == FULL else 10

    @property
    def heartbeat_seconds(self) -> int:
        """Seconds between heartbeats: at a tenth, ten times as many, as between all frames."""
        return HEARTBEAT_SECONDS * self.frame_seconds

    @property
    def audio_seconds(self) -> int:
        """Seconds of audio that all devices send together, if none is disconnected."""
        return sum(
            (self.duration if plan.leaves_at is None else min(plan.leaves_at, self.duration))
            - plan.arrives_at
            for plan in self.plans()
            if plan.group.sends
        )

    def at_scale(self, scale: float) -> "Scenario":
        """Return the scenario with another fraction of production's bytes, 0.1 or 1."""
        return replace(self, scale=scale)

    def fewer(self, divisor: int) -> "Scenario":
        """Return the scenario with ``divisor`` times fewer devices per group, at least one each."""
        groups = [replace(group, count=max(1, group.count // divisor)) for group in self.devices]
        return replace(self, devices=tuple(groups))

    def plans(self) -> Iterator["DevicePlan"]:
        """Yield when each device arrives and leaves. The seed makes it the same on every call."""
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
    """When one device arrives and leaves, in simulated seconds."""

    uid: str
    group: DeviceGroup
    arrives_at: int
    leaves_at: int | None


_ADAPTER = TypeAdapter(Scenario)
_EVERY_SCENARIO_HAS: Final = frozenset({"devices", "duration", "seed", "summary"})


def load_scenario(name: str | Path) -> Scenario:
    """Load a scenario by name, or by the path of any file in TOML.

    A name is that of a TOML file in ``data/scenarios``, ``data/faults`` or ``data/mechanisms``.

    Raises:
        ScenarioError: there is no such scenario, or it is invalid.
    """
    known = {each.stem: each for folder in _FOLDERS for each in sorted(folder.glob("*.toml"))}
    path = known.get(str(name), Path(name))
    if path.is_dir():
        raise ScenarioError(f"scenario {str(name)!r}: is a folder: give a file in TOML, or a name")
    if not path.is_file():
        raise ScenarioError(_missing(path, known))
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path.name}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"{path.name}: is no scenario: not TOML: {error}") from None
    if not table.keys() & _EVERY_SCENARIO_HAS:
        keys = ", ".join(sorted(_EVERY_SCENARIO_HAS))
        raise ScenarioError(f"{path.name}: is no scenario: it has none of the keys {keys}")
    return parse_scenario({"name": path.stem, **table}, path.name)


def _missing(path: Path, known: Iterable[str]) -> str:
    """Return that there is no such scenario, and the nearest file of its folder, or name."""
    here = sorted(each.name for each in path.parent.glob("*.toml"))
    stem, is_alone = path.name.removesuffix(".toml"), path.parent == Path()
    if path.suffix != ".toml" and f"{stem}.toml" in here:
        return f"no scenario {str(path)!r}; did you mean {f'{path}.toml'!r}?"
    if path.suffix != ".toml" and is_alone:
        return unknown("scenario", str(path), known)
    near = did_you_mean(f"{stem}.toml", here) or (did_you_mean(stem, known) if is_alone else "")
    listed = f"; here: {', '.join(here) or 'none'}"
    return f"no scenario {str(path)!r}{near or listed}"


def parse_scenario(table: dict[str, Any], source: str) -> Scenario:
    """Return the scenario in a table; ``source`` names the origin of the table in errors.

    Raises:
        ScenarioError: the scenario is invalid.
    """
    try:
        # Through JSON: strict mode takes lists as tuples, and strings as enums, only from there.
        return _ADAPTER.validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as invalid:
        raise ScenarioError(f"{source}: {invalid_value(invalid, Scenario)}") from None
