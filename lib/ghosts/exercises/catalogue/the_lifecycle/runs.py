"""What an answer is judged by: short runs of a pod on real sockets and simulated time."""

import asyncio
import math
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ghosts.backends import Backend
from ghosts.exercises.answers import AsyncFunction
from ghosts.exercises.guarded import Guard, line_of
from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay import replay
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import INCIDENT
from tracemalloc_ext import Awaits, awaits

LEFT_AT: Final = 362
"""The second at which most devices leave: 2 s after the upload of a minute of audio has begun."""
UPLOAD_SECONDS: Final = 14
"""What an upload takes in the run with slow storage."""
DRAIN_SECONDS: Final = 2 * UPLOAD_SECONDS - 2
"""What a session then needs after the departure: that upload, and another for the last 2 s."""
_EVERY: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: what happens, in words and as a scenario."""

    words: str
    scenario: Scenario
    loop_crashes_at: int | None = None
    stopped_at: int | None = None


@dataclass(slots=True, kw_only=True)
class Raised:
    """An exception that left the lifecycle."""

    words: str
    line: str
    uid: str
    at: float
    of_the_loop: bool
    """Whether it is that of the loop that was made to crash, or a group with it."""
    timeout: bool


@dataclass(slots=True, kw_only=True)
class Run:
    """What was observed in one run, until its end: before the pod is stopped."""

    plan: Plan
    recording: Recording
    sessions: list[int]
    """How many sessions had begun and not ended, at each sample."""
    raised: list[Raised]
    closed: set[str]
    """The users whose session was told to close."""
    ended: dict[str, float]
    """When the lifecycle of each user's session returned or raised."""
    handlers: list[Awaits]
    """Where the handlers of ghosts are suspended."""
    tasks: list[Awaits]
    """Where the other tasks of ghosts are suspended."""
    orphans: list[Awaits]
    """Where the tasks were suspended that outlived their session, when most of them did."""
    stored: Mapping[str, int]
    """Bytes stored, by uid."""

    @property
    def cut(self) -> dict[str, float]:
        """When sessions ended whose device had not left, by uid."""
        left = self.recording.times("device_left")
        return {uid: at for uid, at in self.ended.items() if at < left.get(uid, math.inf)}


def _scenario(
    name: str,
    duration: int,
    *devices: DeviceGroup,
    fault: Fault | None = None,
) -> Scenario:
    return Scenario(
        name=name,
        summary=name,
        seed=0,
        duration=duration,
        devices=devices,
        faults=() if fault is None else (fault,),
        sample_every=_EVERY,
    )


_HANGS: Final = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS)
_SLOW: Final = Fault(backend=Backend.STORAGE, mode=FaultMode.SLOW, seconds=UPLOAD_SECONDS)
_STAY: Final = DeviceGroup(name="stays", count=3)
_LEAVE: Final = DeviceGroup(name="leaves", count=4, stay=(LEFT_AT, LEFT_AT))

WORKING: Final = Plan(
    words="storage works",
    scenario=_scenario(
        "storage_works",
        720,
        _STAY,
        _LEAVE,
        DeviceGroup(name="resets", count=1, stay=(LEFT_AT, LEFT_AT), leave=Leave.RESET),
        DeviceGroup(name="vanishes", count=1, stay=(LEFT_AT, LEFT_AT), leave=Leave.VANISH),
        DeviceGroup(name="falls-silent", count=1, stay=(203, 203), leave=Leave.SILENT),
    ),
)
HANGING: Final = Plan(
    words="storage never answers",
    scenario=_scenario("storage_hangs", LEFT_AT + 200, _STAY, _LEAVE, fault=_HANGS),
)
SLOW: Final = Plan(
    words=f"an upload takes {UPLOAD_SECONDS} s",
    scenario=_scenario("storage_slow", LEFT_AT + 200, _LEAVE, fault=_SLOW),
)
CRASHING: Final = Plan(
    words="a loop raises an exception",
    scenario=_scenario(
        "loop_crashes",
        LEFT_AT + 200,
        DeviceGroup(name="leaves", count=4, stay=(LEFT_AT, LEFT_AT), transcript_every=60),
    ),
    loop_crashes_at=200,
)
STOPPING: Final = Plan(
    words="the pod is stopped while storage never answers",
    scenario=_scenario(
        "pod_stops",
        300,
        DeviceGroup(name="stays", count=4),
        fault=_HANGS,
    ),
    stopped_at=100,
)
PLANS: Final = (WORKING, HANGING, SLOW, CRASHING, STOPPING)
BUG: Final = "a bug in the transcripts loop"


@dataclass(slots=True)
class _Watch:
    """What a lifecycle does, seen from around it."""

    answer: AsyncFunction
    plan: Plan
    enter_loop: Callable[[], object]
    raised: list[Raised] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    ended: dict[str, float] = field(default_factory=dict)
    sessions: list[int] = field(default_factory=list)
    orphans: list[Awaits] = field(default_factory=list)
    running: int = 0
    blocked: bool = False
    handlers: set[asyncio.Task[Any]] = field(default_factory=set)
    stopping: list[asyncio.Task[None]] = field(default_factory=list)

    async def lifecycle(self, session: PusherSession) -> None:
        """Run the answer, and record how it ends."""
        if self.blocked:
            return
        self.enter_loop()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        close = session.close

        async def closing() -> None:
            self.closed.add(session.uid)
            await close()

        session.close = closing  # type: ignore[method-assign]
        self.running += 1
        handler = asyncio.current_task()
        assert handler is not None
        self.handlers.add(handler)
        try:
            await self.answer(session)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.raised.append(_raised(error, session.uid))
            raise
        except BaseException:
            self.cancel_others()
            raise
        finally:
            self.running -= 1
            self.handlers.discard(handler)
            self.ended[session.uid] = asyncio.get_running_loop().time()

    def cancel_others(self) -> None:
        """Cancel all other sessions: one that blocked the loop was ended, and each would block."""
        self.blocked = True
        for handler in self.handlers - {asyncio.current_task()}:
            handler.cancel()

    def at_sample(self, bed: TestBed) -> None:
        """Count the sessions; let happen what a scenario has no key for."""
        now = asyncio.get_running_loop().time()
        self.sessions.append(self.running)
        orphans = [each for tasks in bed.observer.sessions.orphans().values() for each in tasks]
        if len(orphans) > len(self.orphans):
            self.orphans = [awaits(each) for each in orphans]
        if self.plan.loop_crashes_at is not None and now > self.plan.loop_crashes_at:
            bed.clients.send_transcript = _crash  # type: ignore[method-assign, assignment]
        stops = self.plan.stopped_at
        if stops is not None and now > stops and not self.stopping:
            self.stopping.append(asyncio.create_task(bed.stop_pusher(grace=0.0)))

    def seen(self, bed: TestBed) -> dict[str, Any]:
        """Return the fields of a run: at its end, before the pod is stopped."""
        tracker = bed.observer.sessions
        tasks, ghosts = tracker.tasks(), tracker.ghosts
        stored: Counter[str] = Counter()
        for received in bed.backends[Backend.STORAGE].received:
            stored[received.uid] += received.bytes
        return {
            "sessions": self.sessions,
            "raised": [*self.raised],
            "closed": {*self.closed},
            "ended": {**self.ended},
            "orphans": self.orphans,
            "handlers": [awaits(one.handler) for one in ghosts if one.handler is not None],
            "tasks": [
                awaits(task) for one in ghosts for task in tasks[one] if task is not one.handler
            ],
            "stored": stored,
        }


async def _crash(*_: object) -> None:
    raise RuntimeError(BUG)


def _raised(error: Exception, uid: str) -> Raised:
    return Raised(
        words=f"{type(error).__name__}: {error}".removesuffix(": "),
        line=line_of(error.__traceback__),
        uid=uid,
        at=asyncio.get_running_loop().time(),
        of_the_loop=BUG in "".join(traceback.format_exception(error)),
        timeout=isinstance(error, TimeoutError),
    )


def run(answer: AsyncFunction, plan: Plan, on_progress: Callable[[float], object]) -> Run:
    """Run a plan with an answer as the lifecycle of every session.

    Raises:
        StuckError: it never returns to the event loop.
    """

    def replayed() -> Run:
        watch = _Watch(answer, plan, guard.enter_loop)
        at_end: list[dict[str, Any]] = []
        recording = replay(
            plan.scenario,
            INCIDENT.with_lifecycle(watch.lifecycle, name="answer"),
            measure_memory=False,
            at_sample=watch.at_sample,
            at_end=lambda bed: at_end.append(watch.seen(bed)),
        )
        return Run(plan=plan, recording=recording, **at_end[0])

    guard = Guard(replayed)
    return guard.result(on_progress)
