"""Who waits for whom in the sessions of listen, at one moment: read from their live tasks."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from ghosts import settings
from ghosts.backends import Backend
from ghosts.listen import ListenSession
from ghosts.listen.link import LinkState
from ghosts.observation.observer import Observer
from ghosts.observation.tracker import State, Tracked
from tracemalloc_ext import Awaits, awaits
from tracemalloc_ext.futures import gathered, waited_for

DEVICE: Final = "device"
PUSHER: Final = "pusher"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWait:
    """One task of a session, and what it waits for."""

    name: str
    asks: tuple[str, ...]
    """Whom it asks or tells in the course of its life: the device, the pusher, services."""
    finite: bool = False
    """Whether it is meant to end before its session does."""
    alive: bool = True
    waits_for: str = ""
    """In words; nothing if it has ended."""
    asking: str = ""
    """The one of those whom it waits for at this moment; nothing if for none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWaits:
    """A session at one moment: its handler, its tasks, and both of its ends."""

    uid: str
    state: State
    lifecycle: str
    handler: str
    """What the handler waits for, in words."""
    awaited: tuple[str, ...]
    """The names of the tasks whose end the handler waits for."""
    tasks: tuple[TaskWait, ...]
    linked: bool
    """Whether its connection to the pusher is open."""


@dataclass(frozen=True, slots=True)
class _Duty:
    """What is known of a task by its name."""

    asks: tuple[str, ...] = ()
    every: float | None = None
    """Seconds between two looks."""
    finite: bool = False


_SPEECH, _PEOPLE, _APPS, _USAGE = (
    one.replace("_", " ")
    for one in (Backend.SPEECH_TO_TEXT, Backend.PEOPLE, Backend.APPS, Backend.USAGE)
)
_DUTIES: Final = {
    "receive": _Duty((DEVICE,)),
    "heartbeat": _Duty((DEVICE,), settings.CLIENT_PING),
    "stream_transcript": _Duty((_SPEECH, _APPS, _PEOPLE), settings.SPEECH_TICK),
    "speaker_identification": _Duty((_PEOPLE,), finite=True),
    "lifecycle_manager": _Duty((_PEOPLE,), settings.CONVERSATION_TICK),
    "record_usage": _Duty((_USAGE,), settings.USAGE_TICK),
    "pending_conversations": _Duty(finite=True),
    "transcript_consume": _Duty((PUSHER,), settings.SEND_TICK),
    "audio_bytes_consume": _Duty((PUSHER,), settings.SEND_TICK),
    "pusher_receive": _Duty((PUSHER,)),
    "pusher_heartbeat": _Duty((PUSHER,), settings.PUSHER_HEARTBEAT),
}
"""The eleven, next to each other those that ask the same."""
_ASKED_IN: Final = {
    "ListenClients.hear": _SPEECH,
    "ListenSession._heard": _APPS,
    "ListenSession._ask_for_samples": _PEOPLE,
}
"""By the innermost of these frames, where a task may ask several."""
_PAUSES: Final = frozenset({"sleep_until_shutdown", "sleep_until_work"})
_LIFECYCLES: Final = "ghosts/listen/lifecycles.py"


def session_waits(observer: Observer) -> dict[str, SessionWaits]:
    """Say by uid how each session of listen waits; nothing is run or changed by it.

    To be called in the loop that the sessions run in, as ``replay`` calls its ``at_end``. A user
    is taken to have one session. A task that the user has switched off is said to have ended.
    Raises ValueError if the pod has no listen.
    """
    if observer.listen is None:
        raise ValueError("there is no listen: the scenario needs through = 'listen'")
    tracker = observer.listen_sessions
    tasks = tracker.tasks()
    return {one.uid: _waits(one, state, tasks.get(one, [])) for one, state in tracker.states()}


def _waits(
    one: Tracked[ListenSession],
    state: State,
    tasks: list[asyncio.Task[object]],
) -> SessionWaits:
    handler, session = one.handler, one.session()
    alive = {task.get_name().rpartition(":")[2]: task for task in tasks}
    lifecycle, doing, awaited = "handler", "has ended", frozenset[str]()
    if handler is not None:
        lifecycle, doing, awaited = _handling(handler, tasks)
    return SessionWaits(
        uid=one.uid,
        state=state,
        lifecycle=lifecycle,
        handler=doing,
        awaited=tuple(name for name in _DUTIES if name in awaited),
        tasks=tuple(_task(name, duty, alive.get(name)) for name, duty in _DUTIES.items()),
        linked=session is not None and session.link.state is LinkState.CONNECTED,
    )


def _handling(
    handler: asyncio.Task[Any], tasks: list[asyncio.Task[object]]
) -> tuple[str, str, frozenset[str]]:
    """Return the handler's lifecycle, what it waits for in words, and the tasks whose end it is."""
    frames = [frame for frame in awaits(handler).frames if frame.task == handler.get_name()]
    lifecycle = next((frame.function for frame in frames if frame.file == _LIFECYCLES), "handler")
    children = set(gathered(waited_for(handler)))
    if children & set(tasks):
        done = sum(child.done() for child in children)
        verb = "has" if done == 1 else "have"
        words = f"waits until all {len(children)} tasks have ended: {done} {verb}"
        return lifecycle, words, _names([task for task in tasks if task in children])
    if any(frame.function == "Supervision.first_end" for frame in frames):
        lasting = _names(tasks) - {name for name, duty in _DUTIES.items() if duty.finite}
        return lifecycle, "waits until the first of its tasks ends", lasting
    return lifecycle, "cleans up", frozenset()


def _names(tasks: list[asyncio.Task[object]]) -> frozenset[str]:
    return frozenset(task.get_name().rpartition(":")[2] for task in tasks)


def _task(name: str, duty: _Duty, task: asyncio.Task[object] | None) -> TaskWait:
    if task is None:
        return TaskWait(name=name, asks=duty.asks, finite=duty.finite, alive=False)
    waiting = awaits(task)
    asking = _asking(duty, waiting)
    words = f"the {asking}" if asking in (DEVICE, PUSHER) else asking
    return TaskWait(
        name=name,
        asks=duty.asks,
        finite=duty.finite,
        waits_for=words or _pause(duty, waiting),
        asking=asking,
    )


def _asking(duty: _Duty, waiting: Awaits) -> str:
    """Return whom a task waits for; nothing if it pauses."""
    functions = [frame.function for frame in waiting.frames]
    if not duty.asks or _PAUSES.intersection(functions) or waiting.waits_for == "asyncio.sleep":
        return ""
    asked = (_ASKED_IN[function] for function in reversed(functions) if function in _ASKED_IN)
    return next(asked, duty.asks[0])


def _pause(duty: _Duty, waiting: Awaits) -> str:
    if any(frame.function == "sleep_until_work" for frame in waiting.frames):
        return "work to do"
    return "its time" if duty.every is None else f"its next look ({duty.every:g} s)"
