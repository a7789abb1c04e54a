"""The look at the end of a cell: what each session has left behind, and at which line."""

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ghosts.check.harm_to_devices import refused_or_cut_off
from ghosts.check.holders import own_globals, registered_at
from ghosts.check.plan import Departure
from ghosts.check.result import CellResult, Harm, Place, Symptom
from ghosts.check.waits import THREADS, Held, held_at, held_below, in_order, running_in
from ghosts.check.world.devices import Device
from ghosts.check.world.serving import Served
from ghosts.check.world.sessions import Session
from ghosts.records.fault import FaultMode
from tracemalloc_ext import retained_bytes, why

if TYPE_CHECKING:
    from ghosts.check.world.world import World

_NOT_TASKS: Final = ("module global", "class", "event loop")
"""How references begin that are not those of an orphan task, or of what waits for it."""
_WAS_CANCELLED: Final = "it was cancelled, and goes on"
_KEPT_BY_TRACEBACK: Final = (
    "ended sessions are in memory as long as an exception is kept, by the frames of its traceback"
)


def find_symptoms(world: "World", served: Served, result: CellResult) -> None:
    """Add to the result what the cell has left behind."""
    gc.collect()
    now = world.loop.time()
    tasks = world.sessions.tasks(world.loop)
    gone = _gone(world)
    found = [*_open_sessions(world, gone, tasks, now)]
    found += _orphans(world, gone, tasks, now)
    found += _leaked(world, gone, tasks, result)
    found += _gauge_errors(world, result)
    found += _blocked_threads(world)
    found += [*refused_or_cut_off(world), *world.harmed]
    if world.cell.departure is Departure.STOP:
        found += _stop(world, served, result)
    result.symptoms += _without_single(found, len(gone))
    result.clean_after = _clean_after(world, gone, result.symptoms)


def _gone(world: "World") -> list[Session]:
    """Return the sessions whose device has left, was cut off or never let in, long ago."""
    left = {
        device.number
        for device in world.devices
        if device.refused or device.left_at is not None or device.cut_off_at is not None
    }
    if world.cell.departure is Departure.STOP:
        left = {device.number for device in world.devices}
    return [one for one in world.sessions.all() if one.device in left]


def _open_sessions(
    world: "World",
    gone: Sequence[Session],
    tasks: dict[Session, list[asyncio.Task[Any]]],
    now: float,
) -> Iterator[Symptom]:
    for session in gone:
        if not session.is_open:
            continue
        if world.cell.departure in (Departure.SILENT, Departure.STOP) and session.is_connected:
            continue  # It is still a connected device.
        lost = session.lost_at
        if lost is not None and now - lost <= world.timing.ghost_after:
            continue  # It may still be draining.
        harm = Harm.HALF_OPEN if lost is None else Harm.GHOST
        handler = None if session.handler is None else session.handler()
        if handler is None:
            continue
        held = _down_to_thread(world, held_below(handler, tasks.get(session, [])))
        yield Symptom(
            harm=harm,
            device=session.device,
            chain=held.places,
            waits_for=held.in_words(world.unanswered()),
            seconds=now - (world.departed_at if lost is None else lost),
            held_bytes=_held_bytes(world, handler),
            detail=_unanswered(world) or _cancelled_in_vain([handler, *tasks.get(session, [])]),
            kept_by=_kept_by(world, handler) if session is gone[0] else (),
        )


def _orphans(
    world: "World",
    gone: Sequence[Session],
    tasks: dict[Session, list[asyncio.Task[Any]]],
    now: float,
) -> Iterator[Symptom]:
    for session in gone:
        ended = session.ended_at
        if session.is_open or ended is None or now - ended <= world.timing.ghost_after:
            continue
        pending = [
            (task, _down_to_thread(world, held_at(task)))
            for task in in_order(tasks.get(session, []))
        ]
        places = {held.places[-1] for _, held in pending if held.places}
        for task, held in pending:
            created = world.created.of(task)
            if not held.places and (not created or created[-1] in places):
                continue  # of the server; or of a library, and waited for at that line
            yield Symptom(
                harm=Harm.ORPHAN,
                device=session.device,
                chain=held.places,
                waits_for=held.in_words(world.unanswered()),
                seconds=now - ended,
                held_bytes=_held_bytes(world, task),
                kept_by=_kept_by(world, task) if session is gone[0] else (),
                created=created,
                detail=_WAS_CANCELLED if task.cancelling() else _unanswered(world),
            )


def _cancelled_in_vain(tasks: Sequence[asyncio.Task[Any]]) -> str:
    cancelled = any(task.cancelling() for task in tasks)
    return "a task of it was cancelled, and goes on" if cancelled else ""


def _down_to_thread(world: "World", held: Held) -> Held:
    """Return where a task is held, with the lines of the thread that it waits for, if it does."""
    if held.waits_for not in THREADS or not held.places:
        return held
    caller = str(held.places[-1])
    calls = [call for call in world.threads.pending() if call.place == caller]
    return replace(held, places=held.places + running_in(calls[0].thread)) if calls else held


def _held_bytes(world: "World", task: asyncio.Task[Any]) -> int:
    return retained_bytes(task, exclude=(*world.own_parts, Session, Device))


def _kept_by(world: "World", task: asyncio.Task[Any]) -> tuple[str, ...]:
    """Return the references from the service's own variables to a task; a loop keeps any task."""
    exclude = (*world.own_parts, *world.ours, Session, Device)
    return why(task, roots=own_globals(), exclude=exclude).steps


def _leaked(
    world: "World",
    gone: Sequence[Session],
    tasks: dict[Session, list[asyncio.Task[Any]]],
    result: CellResult,
) -> Iterator[Symptom]:
    """Yield the sessions that have ended and are still in memory, unless their tasks keep them.

    What keeps the first two is searched for, which takes a second at most; the others count as
    kept by the same if these two are.
    """
    kept = [(session, part) for session in gone if (part := _part_in_memory(session))]
    found = [_keeper(world, part, tasks.get(session, [])) for session, part in kept[:2]]
    for number, (session, _) in enumerate(kept):
        place, steps = found[min(number, len(found) - 1)]
        if any(step.startswith("traceback") for step in steps):
            result.notes.append(_KEPT_BY_TRACEBACK)
        elif steps and (not tasks.get(session) or steps[0].startswith(_NOT_TASKS)):
            yield Symptom(
                harm=Harm.LEAKED,
                device=session.device,
                chain=(place,) if place else (),
                seconds=world.loop.time() - (session.ended_at or 0.0),
                kept_by=steps,
            )


def _part_in_memory(session: Session) -> object | None:
    if session.ended_at is None:
        return None
    return next((part for each in session.parts if (part := each()) is not None), None)


def _keeper(
    world: "World", part: object, tasks: Sequence[asyncio.Task[Any]]
) -> tuple[Place | None, tuple[str, ...]]:
    """Return the line that entered a session in what keeps it, and the references to it.

    The service's own global variables are searched first: most registers are there, and other
    ways to them, through the loop or the server, say less.
    """
    exclude = (*world.own_parts, *tasks, *world.ours, Session, Device)
    kept = why(part, loop=world.loop, roots=own_globals(), exclude=exclude)
    kept = kept or why(part, loop=world.loop, exclude=exclude)
    return registered_at(kept.steps), kept.steps


def _gauge_errors(world: "World", result: CellResult) -> Iterator[Symptom]:
    """Yield the gauges that are wrong, unless ghosts explain by how much."""
    open_sessions = sum(session.is_open for session in world.sessions.all())
    connected = result.connected
    for name, (before, _, after) in result.gauges.items():
        if after - before == open_sessions:
            continue
        place = world.raised.get(name.partition("{")[0])
        yield Symptom(
            harm=Harm.GAUGE,
            chain=(place,) if place else (),
            amount=abs(round(after - before - connected)) or 1,
            detail=f"{name} reads {after:g}, and of the devices {connected} are connected"
            if connected != 1
            else f"{name} reads {after:g}, and one device is connected",
        )


def _blocked_threads(world: "World") -> Iterator[Symptom]:
    calls = [call for call in world.threads.pending() if call.name]
    blocked = Counter((call.name, call.place) for call in calls)
    for (name, place), number in blocked.items():
        thread = next(call.thread for call in calls if (call.name, call.place) == (name, place))
        yield Symptom(
            harm=Harm.BLOCKED_THREAD,
            chain=running_in(thread),
            detail=f"{name}, called at {place}",
            amount=number,
        )


def _stop(world: "World", served: Served, result: CellResult) -> Iterator[Symptom]:
    if served.stopped_at is not None:
        result.stopped_after = served.stopped_at - world.departed_at
        if _is_kept_up(world):
            yield Symptom(harm=Harm.NEVER_STOPS, detail="its process waits for a worker thread")
        return
    held = held_at(served.running)
    yield Symptom(
        harm=Harm.NEVER_STOPS,
        chain=held.places,
        waits_for=held.in_words(world.unanswered()),
        seconds=world.loop.time() - world.departed_at,
    )


def _is_kept_up(world: "World") -> bool:
    """Return whether a thread keeps the process, unless that is the fault itself."""
    threads = {thread.ident for thread in threading.enumerate() if not thread.daemon}
    return world.cell.mode is not FaultMode.BLOCKS_THREAD and any(
        call.thread in threads for call in world.threads.pending()
    )


def _without_single(found: Sequence[Symptom], gone: int) -> list[Symptom]:
    """Leave out an orphan that only the first of several sessions has: it has started it for all;
    and a session that is the only one in memory, which a variable may still refer to.

    A shared client or a background task that is started on demand copies the context of the
    session that was first.
    """
    per_line = Counter(
        (symptom.harm, symptom.chain[-1:], symptom.created)
        for symptom in found
        if symptom.harm in (Harm.ORPHAN, Harm.LEAKED)
    )
    return [
        symptom
        for symptom in found
        if gone < 2
        or (symptom.device != 0 and symptom.harm is not Harm.LEAKED)
        or symptom.harm not in (Harm.ORPHAN, Harm.LEAKED)
        or per_line[symptom.harm, symptom.chain[-1:], symptom.created] > 1
    ]


def _clean_after(world: "World", gone: Sequence[Session], found: Sequence[Symptom]) -> float | None:
    if any(symptom.harm in (Harm.GHOST, Harm.HALF_OPEN, Harm.ORPHAN) for symptom in found):
        return None
    left = {device.number: device.left_at or device.cut_off_at for device in world.devices}
    took = [
        session.ended_at - (left[session.device] or world.departed_at)
        for session in gone
        if session.ended_at is not None
    ]
    return max([0.0, *took])


def _unanswered(world: "World") -> str:
    """Return which requests have waited for an answer, and for how long."""
    now = world.loop.time()
    waiting = [
        f"{request.what} to {stand_in.name} has had no {request.lacks} for "
        f"{now - request.since:.0f} s"
        for stand_in in world.stand_ins.values()
        for request in stand_in.unanswered.values()
    ]
    return waiting[0] if waiting else ""
