"""The wait graph of listen's sessions at one moment, read from their live tasks."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from ghosts import config
from ghosts.backends import Backend
from ghosts.listen.link.backoff import LinkState
from ghosts.listen.session import ListenSession
from ghosts.observation.observer import Observer
from ghosts.observation.tracker import Tracked
from ghosts.records.waits import DEVICE, PUSHER, SessionWaits, State, TaskWait
from tracemalloc_ext import Awaits, awaits
from tracemalloc_ext.futures import gathered, waited_for


@dataclass(frozen=True, slots=True)
class _Duty:
    """What a task does, by its name."""

    asks: tuple[str, ...] = ()
    every: float | None = None
    """Seconds between two polls."""
    finite: bool = False


_SPEECH, _PEOPLE, _APPS, _USAGE = (
    one.replace("_", " ")
    for one in (Backend.SPEECH_TO_TEXT, Backend.PEOPLE, Backend.APPS, Backend.USAGE)
)
_DUTIES: Final = {
    "receive": _Duty((DEVICE,)),
    "heartbeat": _Duty((DEVICE,), config.CLIENT_PING),
    "stream_transcript": _Duty((_SPEECH, _APPS, _PEOPLE), config.SPEECH_POLL_INTERVAL),
    "speaker_identification": _Duty((_PEOPLE,), finite=True),
    "lifecycle_manager": _Duty((_PEOPLE,), config.CONVERSATION_POLL_INTERVAL),
    "record_usage": _Duty((_USAGE,), config.USAGE_POLL_INTERVAL),
    "pending_conversations": _Duty(finite=True),
    "transcript_consume": _Duty((PUSHER,), config.SEND_POLL_INTERVAL),
    "audio_bytes_consume": _Duty((PUSHER,), config.SEND_POLL_INTERVAL),
    "pusher_receive": _Duty((PUSHER,)),
    "pusher_heartbeat": _Duty((PUSHER,), config.PUSHER_HEARTBEAT),
}
"""The eleven tasks of a session, grouped by what they communicate with."""
_ASKED_IN: Final = {
    "ListenClients.hear": _SPEECH,
    "ListenSession._heard": _APPS,
    "ListenSession._ask_for_samples": _PEOPLE,
}
"""For tasks that call several backends: which one, by the innermost of these frames."""
_PAUSES: Final = frozenset({"sleep_until_shutdown", "sleep_until_work"})
_LIFECYCLES: Final = "ghosts/variants/listen_lifecycles.py"


def session_waits(observer: Observer) -> dict[str, SessionWaits]:
    """Return by uid what each session of listen waits for. Nothing is run or changed.

    To be called in the loop that the sessions run in, such as from the ``at_end`` of `replay`. Each
    user must have at most one session. A task that the user has switched off counts as ended.

    Raises:
        ValueError: the pod has no listen.
    """
    if observer.listen is None:
        raise ValueError("no listen: the scenario needs through = 'listen'")
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
    """Return the handler's lifecycle, what it waits for in words, and the tasks that it awaits."""
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
    """Return which backend or peer a task waits for; an empty string if it pauses."""
    functions = [frame.function for frame in waiting.frames]
    if not duty.asks or _PAUSES.intersection(functions) or waiting.waits_for == "asyncio.sleep":
        return ""
    asked = (_ASKED_IN[function] for function in reversed(functions) if function in _ASKED_IN)
    return next(asked, duty.asks[0])


def _pause(duty: _Duty, waiting: Awaits) -> str:
    if any(frame.function == "sleep_until_work" for frame in waiting.frames):
        return "work to do"
    return "its time" if duty.every is None else f"its next look ({duty.every:g} s)"
