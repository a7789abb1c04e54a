"""What a pod promises once all faults have ended, whatever its devices did and whatever failed."""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeAlias

from ghosts import config
from ghosts.backends import Backend
from ghosts.observation.tracker import State, Tracked
from ghosts.pusher import PusherSession
from ghosts.records.device_group import Leave
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.simulation.devices import EPOCH
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import Variant

_Standing: TypeAlias = tuple[Tracked[PusherSession], State]
_TASKS: Final = 6
_GHOST_SECONDS: Final = 200
"""Seconds between the two samples: more than the 150 s after which a session is a ghost."""
_END: Final = config.BG_DRAIN_TIMEOUT + config.CANCEL_ACK_TIMEOUT + 10
"""Seconds that a session has from the moment at which it can know of the disconnect: those of its
drain, and for the closing handshake and for loops that poll every second."""
ENDS_WITHIN: Final = {
    Leave.CLOSE: _END,
    Leave.RESET: _END,
    Leave.VANISH: _END + config.WS_PING_INTERVAL + config.WS_PING_TIMEOUT + config.WS_CLOSE_TIMEOUT,
    Leave.SILENT: _END + config.WS_RECEIVE_TIMEOUT,
}
"""Seconds from a device's departure, by how it left, after which nothing of its session is left."""
_UNSENT_SECONDS: Final = config.SPOOL_BATCH_AGE + 10
"""Seconds of audio of one conversation that may be queued: a batch of a minute, and a frame."""


def promises_broken(scenario: Scenario, variant: str | Variant) -> list[str]:
    """Replay a scenario whose faults end long before it does; return the promises that are broken.

    One line per broken promise: its name, a colon, and what broke it.
    """
    broken: list[str] = []
    rarely = replace(scenario, sample_every=scenario.duration - _GHOST_SECONDS)
    with _collecting_errors() as errors:
        recording = replay(
            rarely,
            variant,
            measure_memory=False,
            at_end=lambda bed: broken.extend(_broken_in(bed, scenario)),
        )
    return [*_broken_by(recording), *broken, *errors]


def names_of(broken: list[str]) -> set[str]:
    """Return the names of the promises in such lines."""
    return {line.partition(":")[0] for line in broken}


def _broken_by(recording: Recording) -> Iterator[str]:
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


def _broken_in(bed: TestBed, scenario: Scenario) -> Iterator[str]:
    states = bed.observer.sessions.states()
    yield from _unsent(bed, scenario, states)
    yield from _misplaced(bed, scenario)
    blocked = bed.clients.uploads.busy_for(config.GHOST_AFTER)
    if blocked:
        yield f"no upload worker is blocked: {blocked} are"
    tasks = bed.observer.sessions.tasks()
    for one, state in states:
        if state is State.CONNECTED and len(tasks.get(one, ())) < _TASKS:
            yield f"no session lacks a loop: {one.uid} goes on without all of its loops"


def _connected(states: list[_Standing]) -> list[str]:
    return [one.uid for one, state in states if state is State.CONNECTED]


def _unsent(bed: TestBed, scenario: Scenario, states: list[_Standing]) -> Iterator[str]:
    waiting: Counter[str] = Counter()
    for one, _ in states:
        waiting[one.uid] += one.held_bytes
    if bed.spool is not None:
        for key, size in bed.spool.conversations().items():
            waiting[key.uid] += size
    connected = _connected(states)
    for uid, size in sorted(waiting.items()):
        seconds = size / config.audio_bytes(1, scenario.sample_rate)
        if seconds > (_UNSENT_SECONDS if uid in connected else 0):
            yield f"all audio is sent: {seconds:g} s of {uid}'s are still unsent"


def _misplaced(bed: TestBed, scenario: Scenario) -> Iterator[str]:
    stored_until: defaultdict[tuple[str, str], float] = defaultdict(float)
    for batch in bed.backends[Backend.STORAGE].received:
        conversation = batch.uid, batch.query["conversation_id"]
        starts = float(batch.query["started_at"]) - EPOCH
        if starts < stored_until[conversation]:
            yield (
                f"audio is stored once and in order: {conversation[1]} from {starts:g} s came "
                f"when it was there until {stored_until[conversation]:g} s"
            )
        seconds = batch.bytes / config.audio_bytes(1, scenario.sample_rate)
        stored_until[conversation] = max(starts + seconds, stored_until[conversation])


class _Errors(logging.Handler):
    """Collects logged errors: exceptions that were never retrieved, requests that broke."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"no error is logged: {record.getMessage().splitlines()[0]}")


@contextmanager
def _collecting_errors() -> Iterator[list[str]]:
    """Collect errors of asyncio and of aiohttp's servers; do not pass on what the services log.

    pytest keeps their log records until a test ends, with everything these refer to: in a test of
    2,000 replays, every pod of them.
    """
    errors = _Errors()
    theirs = [logging.getLogger(name) for name in ("asyncio", "aiohttp")]
    ours = [logging.getLogger(name) for name in ("ghosts", "async_tasks", "websockets")]
    for logger in theirs:
        logger.addHandler(errors)
    for logger in ours:
        logger.propagate = False
    try:
        yield errors.lines
    finally:
        for logger in theirs:
            logger.removeHandler(errors)
        for logger in ours:
            logger.propagate = True
