"""Observes what a lifecycle does, from around it."""

import asyncio
import contextvars
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

from prometheus_client import Gauge

from ghosts.backends import Backend
from ghosts.exercises.answers import AsyncFunction
from ghosts.exercises.catalogue.the_lifecycle.day import stay_for_a_day
from ghosts.exercises.catalogue.the_lifecycle.failing import (
    BUG,
    make_crash,
    make_slow_to_cancel,
)
from ghosts.exercises.catalogue.the_lifecycle.observed import (
    Change,
    Overdue,
    Raised,
    RecordedGauge,
    Session,
    value_of,
)
from ghosts.exercises.catalogue.the_lifecycle.plans import STOP_AT, Plan
from ghosts.exercises.exercise import in_one_line
from ghosts.exercises.lines import line_of
from ghosts.pusher import PusherSession
from ghosts.simulation.test_bed import TestBed
from tracemalloc_ext import Awaits, awaits

MOMENT: Final = 0.01
"""Seconds that may pass unseen: a task that was cancelled ends in the next turn of the loop."""
_SENT: Final = {
    "transcripts": Backend.TRANSCRIPT_WEBHOOK,
    "speaker_samples": Backend.SPEAKER_SAMPLES,
}


class Watch:
    """What a lifecycle does in one run."""

    def __init__(self, answer: AsyncFunction, plan: Plan, enter_loop: Callable[[], object]) -> None:
        self._answer = answer
        self._plan = plan
        self._enter_loop = enter_loop
        self._sessions: dict[str, Session] = {}
        self._gauge: list[tuple[float, float]] = []
        self._raised: list[Raised] = []
        self._overdue: list[Overdue] = []
        self._orphans: dict[str, list[Awaits]] = {}
        self._searched = 0.0
        self._handlers: set[asyncio.Task[Any]] = set()
        self._actors: list[asyncio.Task[None]] = []
        self._blocked = False
        self._bed: TestBed | None = None

    async def lifecycle(self, session: PusherSession) -> None:
        """Run the answer, and record how it ends."""
        if self._blocked:
            return
        handler = asyncio.current_task()
        assert handler is not None
        if not self._sessions:
            self._begin(session)
        self._handlers.add(handler)
        seen = self._sessions[session.uid] = Session(uid=session.uid, began=_now())
        gauge = session.gauge
        self._observe(session, seen)
        if self._plan.stopped and seen.began >= STOP_AT:
            assert self._bed is not None
            self._act(self._bed.stop_pusher(grace=0.0))
        try:
            await self._answer(session)
            seen.how = "returned"
        except asyncio.CancelledError:
            seen.how = "cancelled"
            raise
        except Exception as error:
            seen.how = "raised"
            self._raised.append(_raised(error, session.uid))
            raise
        except BaseException:
            self.cancel_others()
            raise
        finally:
            self._handlers.discard(handler)
            seen.ended = _now()
            self._read_gauge(gauge)
            asyncio.get_running_loop().call_later(MOMENT, self._search_orphans)

    def _begin(self, session: PusherSession) -> None:
        self._enter_loop()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        if self._plan.day:
            self._act(stay_for_a_day(session.connection.local_address[1], self._note_departure))

    def _act(self, actor: Coroutine[Any, Any, None]) -> None:
        # In a context of its own: it would belong to the session that happens to be running.
        task = asyncio.get_running_loop().create_task(actor, context=contextvars.Context())
        self._actors.append(task)

    def _note_departure(self, uid: str) -> None:
        assert self._bed is not None
        self._bed.observer.note("device_left", uid)

    def _observe(self, session: PusherSession, seen: Session) -> None:
        """Record what is done with a session, through the methods that a lifecycle calls."""
        gauge, signals = session.gauge, session.signals
        closing, disconnect, shut_down = session.close, signals.disconnect, signals.shutdown.set

        async def close() -> None:
            seen.closing = _now()
            self._read_gauge(gauge)
            await closing()
            seen.closed = _now()

        def disconnected() -> None:
            seen.input_ended = _now()
            disconnect()

        def shutting_down() -> None:
            seen.told = _now() if seen.told is None else seen.told
            shut_down()

        def changed(by: float, by_set: bool) -> None:
            seen.changes.append(Change(_now(), by, by_set))
            self._read_gauge(gauge)

        session.close = close  # type: ignore[method-assign]
        signals.disconnect = disconnected  # type: ignore[method-assign]
        signals.shutdown.set = shutting_down  # type: ignore[method-assign]
        session.gauge = RecordedGauge(gauge, changed)  # type: ignore[assignment]

    def _read_gauge(self, gauge: Gauge) -> None:
        self._gauge.append((_now(), value_of(gauge)))

    def cancel_others(self) -> None:
        """Cancel all other sessions: one that blocked the loop was ended, and each would block."""
        self._blocked = True
        for handler in self._handlers - {asyncio.current_task()}:
            handler.cancel()

    def at_sample(self, bed: TestBed) -> None:
        """Record the gauge; at the first sample, prepare what is to happen."""
        self._read_gauge(bed.pusher.metrics.active)
        if self._bed is None:
            self._bed = bed
            self._prepare(bed)
            self._search_orphans()

    def _prepare(self, bed: TestBed) -> None:
        plan, loop = self._plan, asyncio.get_running_loop()
        for due, uids in plan.must_have_ended().items():
            loop.call_at(due + MOMENT, self._search_overdue, uids)
        if plan.crashing:
            make_crash(bed, plan)
        if plan.slow_to_cancel:
            make_slow_to_cancel(bed)

    def _search_overdue(self, uids: list[str]) -> None:
        assert self._bed is not None
        for one, tasks in self._bed.observer.sessions.tasks().items():
            if one.uid in uids and one.handler is not None:
                others = [awaits(task) for task in tasks if task is not one.handler]
                self._overdue.append(Overdue(one.uid, awaits(one.handler), others))

    def _search_orphans(self) -> None:
        """Record which tasks have outlived their session. It is done once in a moment."""
        if self._bed is None or self._searched == _now():
            return
        self._searched = _now()
        for one, tasks in self._bed.observer.sessions.orphans().items():
            self._orphans.setdefault(one.uid, [awaits(task) for task in tasks])

    def seen(self, bed: TestBed) -> dict[str, Any]:
        """Return the fields of a run: at its end, before the pod is stopped."""
        stored: Counter[str] = Counter()
        for received in bed.backends[Backend.STORAGE].received:
            stored[received.uid] += received.bytes
        return {
            "sessions": {
                uid: replace(one, changes=[*one.changes]) for uid, one in self._sessions.items()
            },
            "gauge": [*self._gauge],
            "raised": [*self._raised],
            "overdue": [*self._overdue],
            "orphans": {**self._orphans},
            "stored": stored,
            "sent": {
                loop: Counter(each.uid for each in bed.backends[backend].received)
                for loop, backend in _SENT.items()
            },
        }


def _now() -> float:
    return asyncio.get_running_loop().time()


def _raised(error: Exception, uid: str) -> Raised:
    words, cause = in_one_line(error), error
    while isinstance(cause, ExceptionGroup):
        cause = cause.exceptions[0]
        words = f"{type(error).__name__} because of {in_one_line(cause)}"
    return Raised(
        words=words,
        line=line_of(cause.__traceback__) or line_of(error.__traceback__),
        uid=uid,
        of_the_loop=BUG in "".join(traceback.format_exception(error)),
        timeout=isinstance(cause, TimeoutError),
    )
