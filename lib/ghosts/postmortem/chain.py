"""The await chain of a ghost, and what two probes find in memory, from a replay."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ghosts.observation.observer import Observer
from ghosts.postmortem.measures import ghosts
from ghosts.records.recording import Recording
from ghosts.records.scenario import TENTH, Scenario, load_scenario
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import VARIANTS
from tracemalloc_ext import AwaitFrame, awaits

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
        task = ""
        lines: list[str] = []
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
    taken: list[Chain] = []

    def take_apart(bed: TestBed) -> None:
        chain = _taken(bed.observer)
        if chain:
            taken.append(replace(chain, scenario=scenario.name, variant=variant))

    recording = replay(scenario, variant, at_end=take_apart)
    listen = recording.last.listen
    kept = recording.last.retained_bytes + (listen.retained_bytes if listen else 0)
    return replace(taken[0], bytes_retained=kept) if taken else None


def _taken(observer: Observer) -> Chain | None:
    """Return the chain of the last ghost of listen, or else of the pusher; None without one."""
    for ghosts_of in (observer.listen_sessions.ghosts, observer.sessions.ghosts):
        left: list[Tracked[Any]] = list(ghosts_of)
        last = max(left, key=lambda one: one.disconnected_at or 0.0, default=None)
        if last is None or last.handler is None:
            continue
        waiting = awaits(last.handler)
        return Chain(
            scenario="",
            variant="",
            uid=last.uid,
            ghosts=len(left),
            frames=tuple(filter(_is_of_the_service, waiting.frames)),
            waits_for=waiting.waits_for,
            bytes_listed=_listed_by_the_collector(),
            bytes_retained=0,
        )
    return None


def _listed_by_the_collector() -> int:
    # Not isinstance, which asks a proxy for the class of an object that may be gone.
    return sum(len(one) for one in gc.get_objects() if type(one) in (bytes, bytearray))


def _is_of_the_service(frame: AwaitFrame) -> bool:
    return frame.file.startswith("ghosts/") and not frame.file.startswith(_OBSERVER)


def _role(task: str, *, first: bool) -> str:
    """Return "handler", or the last part of a task's name: the rest differs between runs."""
    return "handler" if first else task.rpartition(":")[2]
