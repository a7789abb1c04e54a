"""The await chain of a ghost, and what two probes find in memory, from a replay."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ghosts.observation.observer import Observer
from ghosts.postmortem.measures import ghosts
from ghosts.records.recording import Recording
from ghosts.records.scenario import TENTH, Scenario, load_scenario
from ghosts.replay.run import replay
from ghosts.variants import VARIANTS
from tracemalloc_ext import AwaitFrame, Awaits, awaits

if TYPE_CHECKING:
    from ghosts.observation.tracker import Tracked

_OBSERVER: Final = "ghosts/observation/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where the last ghost of a replay is suspended; ``frames`` from its handler inwards."""

    scenario: str
    variant: str
    uid: str
    ghosts: int
    frames: tuple[AwaitFrame, ...]
    waits_for: str
    bytes_listed: int
    """Bytes in the `bytes` and `bytearray` objects that ``gc.get_objects()`` lists."""
    bytes_retained: int
    """Bytes that are reachable from the ghosts."""

    def __str__(self) -> str:
        lines: list[str] = []
        task = ""
        for frame in self.frames:
            if frame.task != task:
                task = frame.task
                lines.append(f"task {_role(task, first=not lines)}")
            lines.append(f"  {frame}")
        return "\n".join([*lines, f"waits for {self.waits_for}"])


def await_chain(scenario: str, recordings: Sequence[Recording]) -> Chain | None:
    """Replay the scenario of the first recording that ends with ghosts, and take one apart.

    ``scenario`` names another one to replay instead, if it is not empty. The replay sends a tenth
    of production's bytes. Returns None if no recording has ghosts, if the first that has is of a
    variant that is not in the registry, or if the replay ends without one.
    """
    leaking = next((one for one in recordings if ghosts(one)), None)
    if leaking is None or leaking.variant not in VARIANTS:
        return None
    chosen = load_scenario(scenario) if scenario else leaking.scenario.at_scale(TENTH)
    return _replayed(chosen, leaking.variant)


def _replayed(scenario: Scenario, variant: str) -> Chain | None:
    taken: list[_Taken] = []
    recording = replay(scenario, variant, at_end=lambda bed: taken.extend(_ghost(bed.observer)))
    if not taken:
        return None
    listen = recording.last.listen
    return Chain(
        scenario=scenario.name,
        variant=variant,
        uid=taken[0].uid,
        ghosts=ghosts(recording),
        frames=tuple(filter(_is_of_the_service, taken[0].waiting.frames)),
        waits_for=taken[0].waiting.waits_for,
        bytes_listed=taken[0].bytes_listed,
        bytes_retained=recording.last.retained_bytes + (listen.retained_bytes if listen else 0),
    )


class _Taken(NamedTuple):
    uid: str
    waiting: Awaits
    bytes_listed: int


def _ghost(observer: Observer) -> Iterator[_Taken]:
    """Yield where the last ghost of each service is suspended, listen's first."""
    for tracker in (observer.listen_sessions, observer.sessions):
        left: list[Tracked[Any]] = [*tracker.ghosts]
        last = max(left, key=lambda one: one.disconnected_at or 0.0, default=None)
        if last is not None and last.handler is not None:
            yield _Taken(last.uid, awaits(last.handler), _listed_by_the_collector())


def _listed_by_the_collector() -> int:
    # Not isinstance, which asks a proxy for the class of an object that may be gone.
    return sum(len(one) for one in gc.get_objects() if type(one) in (bytes, bytearray))


def _is_of_the_service(frame: AwaitFrame) -> bool:
    return frame.file.startswith("ghosts/") and not frame.file.startswith(_OBSERVER)


def _role(task: str, *, first: bool) -> str:
    """Return "handler", or the last part of a task's name: the rest differs between runs."""
    return "handler" if first else task.rpartition(":")[2]
