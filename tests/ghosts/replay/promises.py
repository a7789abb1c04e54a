"""What a pod promises in the end, whatever its devices did and whatever failed meanwhile."""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeAlias

from ghosts import settings
from ghosts.backends import Backend
from ghosts.observation.tracker import State, Tracked
from ghosts.pusher import Lifecycle, Session
from ghosts.replay import Leave, Pod, Recording, Scenario, replay
from ghosts.replay.devices import EPOCH

_Standing: TypeAlias = tuple[Tracked[Session], Session, State]
_TASKS: Final = 6
_GHOST_SECONDS: Final = 200
"""Seconds between the two samples that tell a ghost: more than it has to be gone for."""
_END: Final = settings.BG_DRAIN_TIMEOUT + settings.CANCEL_ACK_TIMEOUT + 10
"""Seconds that a session has from the moment at which it can know that its device has gone: those
of its drain, and for the closing handshake and whatever waits for a look each second."""
ENDS_WITHIN: Final = {
    Leave.CLOSE: _END,
    Leave.RESET: _END,
    Leave.VANISH: _END
    + settings.WS_PING_INTERVAL
    + settings.WS_PING_TIMEOUT
    + settings.WS_CLOSE_TIMEOUT,
    Leave.SILENT: _END + settings.WS_RECEIVE_TIMEOUT,
}
"""Seconds from a device's departure, by how it left, after which nothing of its session is left."""
_UNSENT_SECONDS: Final = settings.SPOOL_BATCH_AGE + 10
"""Seconds of audio of a conversation that may wait for more: a minute's, and a frame."""


def promises_broken(scenario: Scenario, lifecycle: str | Lifecycle) -> list[str]:
    """Replay a scenario whose faults have all ended long before it ends; say what is amiss then.

    A line for each promise: its name, a colon, and what broke it.
    """
    looks: list[str] = []
    rarely = replace(scenario, sample_every=scenario.duration - _GHOST_SECONDS)
    with _listening() as complaints:
        recording = replay(
            rarely,
            lifecycle,
            measure_memory=False,
            at_end=lambda pod: looks.extend(_amiss_in(pod, scenario)),
        )
    return [*_amiss_of(recording), *looks, *complaints]


def _amiss_of(recording: Recording) -> Iterator[str]:
    last, audio = recording.last, recording.audio
    if last.ghosts:
        names = ", ".join(session.uid for session in recording.sessions if session.ghost)
        yield f"no ghosts: {names}"
    if last.orphans:
        yield f"no orphans: {last.orphans} tasks of sessions that are over"
    if last.gauge != last.tcp:
        yield f"the gauge is right: it says {last.gauge}, and there are {last.tcp} connections"
    yield from _late_ends(recording)
    if audio.lost:
        yield (
            f"no audio is lost: {audio.lost} of {audio.received} bytes are neither stored nor kept"
        )


def _late_ends(recording: Recording) -> Iterator[str]:
    opened = _times(recording, "session_opened")
    closed = _times(recording, "session_closed")
    left = _times(recording, "device_left", "device_cut_off")
    for plan in recording.scenario.plans():
        if plan.uid not in left.keys() & opened.keys():
            continue
        bound = ENDS_WITHIN[plan.group.leave]
        took = closed.get(plan.uid, math.inf) - max(left[plan.uid], opened[plan.uid])
        if took > bound:
            yield f"a session ends soon: {plan.uid} took {took:g} s of {bound:g}"


def _times(recording: Recording, *kinds: str) -> dict[str, float]:
    """Return when each device first saw an event of these kinds."""
    return {event.who: event.t for event in reversed(recording.events) if event.kind in kinds}


def _amiss_in(pod: Pod, scenario: Scenario) -> Iterator[str]:
    states = pod.observer.sessions.states()
    yield from _unsent(pod, scenario, states)
    yield from _misplaced(pod, scenario)
    held = pod.clients.uploads.busy_for(settings.GHOST_AFTER)
    if held:
        yield f"no upload worker is held: {held} are"
    tasks = pod.observer.sessions.tasks()
    for one, _, state in states:
        if state is State.CONNECTED and len(tasks.get(one, ())) < _TASKS:
            yield f"no session is hollow: {one.uid} goes on without all of its loops"


def _connected(states: list[_Standing]) -> list[str]:
    return [one.uid for one, _, state in states if state is State.CONNECTED]


def _unsent(pod: Pod, scenario: Scenario, states: list[_Standing]) -> Iterator[str]:
    waiting: Counter[str] = Counter()
    for _, session, _ in states:
        waiting[session.uid] += session.private_cloud.held_bytes
    if pod.spool is not None:
        for key, size in pod.spool.conversations().items():
            waiting[key.uid] += size
    connected = _connected(states)
    for uid, size in sorted(waiting.items()):
        seconds = size / settings.audio_bytes(1, scenario.sample_rate)
        if seconds > (_UNSENT_SECONDS if uid in connected else 0):
            yield f"all audio is sent: {seconds:g} s of {uid}'s are still unsent"


def _misplaced(pod: Pod, scenario: Scenario) -> Iterator[str]:
    stored_until: defaultdict[tuple[str, str], float] = defaultdict(float)
    for batch in pod.backends[Backend.STORAGE].received:
        conversation = batch.uid, batch.query["conversation_id"]
        starts = float(batch.query["started_at"]) - EPOCH
        if starts < stored_until[conversation]:
            yield (
                f"audio is stored once and in order: {conversation[1]} from {starts:g} s came "
                f"when it was there until {stored_until[conversation]:g} s"
            )
        seconds = batch.bytes / settings.audio_bytes(1, scenario.sample_rate)
        stored_until[conversation] = max(starts + seconds, stored_until[conversation])


class _Complaints(logging.Handler):
    """What nobody else would hear of: exceptions that were never retrieved, requests that broke."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"nothing is left unsaid: {record.getMessage().splitlines()[0]}")


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Listen to asyncio and to aiohttp's servers; let nobody listen to the services.

    What these log is kept by pytest for as long as a test runs, with all that it refers to: in a
    test of 2,000 replays that is every pod there was.
    """
    complaints = _Complaints()
    theirs = [logging.getLogger(name) for name in ("asyncio", "aiohttp")]
    ours = [logging.getLogger(name) for name in ("ghosts", "async_tasks", "websockets")]
    for logger in theirs:
        logger.addHandler(complaints)
    for logger in ours:
        logger.propagate = False
    try:
        yield complaints.lines
    finally:
        for logger in theirs:
            logger.removeHandler(complaints)
        for logger in ours:
            logger.propagate = True
