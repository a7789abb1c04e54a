"""What a ghost keeps in memory is right under any lifecycle, many or alone, cached or not."""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from typing import Any

import pytest
from lifecycles import MIB, for_ever, session_of, variant_with

from ghosts import protocol
from ghosts.backends import Backend
from ghosts.observation import memory
from ghosts.pusher import Lifecycle, PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, Through
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import Variant

SHARED = bytearray(20 * MIB)
VALUE: contextvars.ContextVar[bytes] = contextvars.ContextVar("value")


def scenario(ghosts: int, staying: int = 1, **keys: Any) -> Scenario:
    """Ghosts that hold 10 minutes of audio each."""
    groups = [DeviceGroup(name="ghost", count=ghosts, arrive=(0, 5), stay=(600, 600))]
    groups += [DeviceGroup(name="staying", count=staying)] if staying else []
    defaults = {"name": "test", "summary": "", "seed": 1, "duration": 1_500, "sample_every": 100}
    return Scenario(devices=tuple(groups), **defaults | keys)


async def stuck(session: PusherSession) -> None:
    """The lifecycle inside of all of these."""
    session.gauge.inc()
    await session.receive()
    await for_ever()


# --- lifecycles, and how much each ghost holds besides its audio ----------------------------------


async def receive_in_the_handler(session: PusherSession) -> None:
    await stuck(session)


async def receive_in_a_task(session: PusherSession) -> None:
    await asyncio.create_task(stuck(session))


async def receive_in_a_task_of_a_group(session: PusherSession) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(stuck(session))
        group.create_task(for_ever())


async def audio_in_a_local(session: PusherSession) -> None:
    copy = bytearray(MIB)
    await stuck(session)
    del copy


async def audio_in_a_closure(session: PusherSession) -> None:
    copy = bytes(MIB)

    async def inner() -> int:
        await stuck(session)
        return len(copy)

    await inner()


async def audio_deep_in_containers(session: PusherSession) -> None:
    copy = {"a": [({"b": {1: bytes(MIB)}.values()},)]}
    await stuck(session)
    del copy


async def audio_in_a_queue(session: PusherSession) -> None:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    queue.put_nowait(bytes(MIB))

    async def pump() -> None:
        await for_ever()
        await queue.get()

    await asyncio.gather(stuck(session), pump())


async def audio_in_a_generator(session: PusherSession) -> None:
    def pieces() -> Any:
        copy = bytes(MIB)
        yield
        del copy

    generator = pieces()
    next(generator)
    await stuck(session)


async def audio_in_an_async_generator(session: PusherSession) -> None:
    async def pieces() -> Any:
        copy = bytes(MIB)
        yield
        del copy

    generator = pieces()
    await anext(generator)
    await stuck(session)


async def audio_in_a_partial(session: PusherSession) -> None:
    later = functools.partial(len, bytes(MIB))
    await stuck(session)
    later()


async def audio_in_a_context_variable(session: PusherSession) -> None:
    VALUE.set(bytes(MIB))
    await stuck(session)


async def audio_behind_a_memoryview(session: PusherSession) -> None:
    view = memoryview(bytes(MIB))[10:20]
    await stuck(session)
    del view


class Callable_:  # noqa: N801
    """A callable object, that all sessions share, with what it is given."""

    def __init__(self) -> None:
        self.model = bytearray(20 * MIB)
        self.table = {number: str(number) * 100 for number in range(10_000)}

    async def __call__(self, session: PusherSession) -> None:
        copy = bytes(MIB)
        await stuck(session)
        del copy


class WithSessions(Callable_):
    """One that knows the sessions, their tasks and their audio."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, object] = {}
        self.tasks: list[object] = []
        self.clouds: dict[str, object] = {}

    async def __call__(self, session: PusherSession) -> None:
        self.sessions[session.uid] = session
        self.clouds[session.uid] = session.private_cloud
        task = asyncio.create_task(stuck(session))
        self.tasks += [task, asyncio.current_task()]
        await task

    async def method(self, session: PusherSession) -> None:
        await self(session)


async def configured(model: bytes, session: PusherSession, *, more: list[bytes]) -> None:
    await stuck(session)


def made_by_a_function() -> Lifecycle:
    background: set[asyncio.Task[None]] = set()
    model = bytearray(20 * MIB)

    async def made(session: PusherSession) -> None:
        task = asyncio.create_task(stuck(session))
        background.add(task)
        await task
        model.clear()

    return made


def synchronous(session: PusherSession) -> Any:
    return stuck(session)


LIFECYCLES: dict[str, tuple[Callable[[], Lifecycle], int]] = {
    "receive_in_the_handler": (lambda: receive_in_the_handler, 0),
    "receive_in_a_task": (lambda: receive_in_a_task, 0),
    "receive_in_a_task_of_a_group": (lambda: receive_in_a_task_of_a_group, 0),
    "audio_in_a_local": (lambda: audio_in_a_local, MIB),
    "audio_in_a_closure": (lambda: audio_in_a_closure, MIB),
    "audio_deep_in_containers": (lambda: audio_deep_in_containers, MIB),
    "audio_in_a_queue": (lambda: audio_in_a_queue, MIB),
    "audio_in_a_generator": (lambda: audio_in_a_generator, MIB),
    "audio_in_an_async_generator": (lambda: audio_in_an_async_generator, MIB),
    "audio_in_a_partial": (lambda: audio_in_a_partial, MIB),
    "audio_in_a_context_variable": (lambda: audio_in_a_context_variable, MIB),
    "audio_behind_a_memoryview": (lambda: audio_behind_a_memoryview, MIB),
    "Callable_": (Callable_, MIB),
    "WithSessions": (WithSessions, 0),
    "method": (lambda: WithSessions().method, 0),
    "configured": (lambda: functools.partial(configured, bytes(9 * MIB), more=[bytes(MIB)]), 0),
    "made": (made_by_a_function, 0),
    "synchronous": (lambda: synchronous, 0),
}


@pytest.mark.parametrize("name", LIFECYCLES)
@pytest.mark.parametrize(("ghosts", "staying"), [(3, 1), (1, 0)], ids=["many", "one alone"])
def test_a_ghost_retains_what_it_holds_and_nothing_that_is_shared(
    name: str, ghosts: int, staying: int
) -> None:
    make, besides = LIFECYCLES[name]
    recording = replay(scenario(ghosts, staying, sample_every=300), variant_with(make(), name))
    at_end = [session for session in recording.sessions if session.ghost]
    held = [session.held_bytes + besides for session in at_end]
    assert (recording.variant, len(held)) == (name, ghosts)
    assert min(held) > 0.9 * MIB
    assert [session.retained_bytes for session in at_end] == pytest.approx(held, rel=0.05)
    assert recording.last.retained_bytes == pytest.approx(sum(held), rel=0.05)
    assert [sample.ghosts for sample in recording.samples] == [0, 0, ghosts, ghosts, ghosts]


def test_a_ghost_of_listen_retains_what_it_holds() -> None:
    silent = Fault(backend=Backend.SPEECH_TO_TEXT, mode=FaultMode.NEVER_ANSWERS, start=100.0)
    away = {"pusher_away": (200, 1_400)}
    one = scenario(2, through=Through.LISTEN, faults=(silent,), sample_every=300, **away)
    seen: list[int] = []

    def look(bed: TestBed) -> None:
        seen.append(sum(each.held_bytes for each in bed.observer.listen_sessions.ghosts))

    last = replay(one, "gather_all", at_sample=look).last
    assert last.listen is not None
    received = 2 * 600 * 800 * 2  # which waits for speech-to-text, besides the feed
    assert (last.listen.ghosts, seen[:2]) == (2, [0, 0])
    assert seen[-1] > MIB
    assert seen[-1] < last.listen.retained_bytes < 1.05 * (seen[-1] + received)


# --- looking costs little -------------------------------------------------------------------------


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The uids of each walk."""
    seen: list[set[str]] = []
    retained_by = memory.retained_by

    def counted(owners: Any, **keys: Any) -> Any:
        seen.append({one.uid for one in owners})
        return retained_by(owners, **keys)

    monkeypatch.setattr(memory, "retained_by", counted)
    return seen


def run(variant: Variant, ghosts: int = 2) -> Recording:
    return replay(scenario(ghosts, 1, duration=1_200), variant)


def test_ghosts_are_walked_once_however_often_they_are_sampled(walks: list[set[str]]) -> None:
    recording = run(variant_with(receive_in_a_task))
    assert sum(sample.ghosts == 2 for sample in recording.samples) == 5
    everyone = {"ghost-000", "ghost-001", "staying-000"}
    assert walks == [{"ghost-000", "ghost-001"}, everyone]  # at the first sample, at the end


def growing(how: Callable[[PusherSession, list[bytes]], Any]) -> Variant:
    async def after(session: PusherSession) -> None:
        more: list[bytes] = []
        await asyncio.gather(how(session, more), for_ever())

    return session_of(after=after)


async def in_a_task_that_runs(session: PusherSession, more: list[bytes]) -> None:
    while session.uid == "ghost-000":
        await asyncio.sleep(90)
        more.append(bytes(MIB))


async def in_a_callback(session: PusherSession, more: list[bytes]) -> None:
    loop = asyncio.get_running_loop()

    def again() -> None:
        session.private_cloud.add(protocol.Audio(loop.time(), bytes(MIB)))
        loop.call_later(90, again)

    if session.uid == "ghost-000":
        again()


@pytest.mark.parametrize("how", [in_a_task_that_runs, in_a_callback])
def test_a_ghost_that_changes_is_walked_again_and_the_others_are_not(
    walks: list[set[str]], how: Callable[..., Any]
) -> None:
    recording = run(growing(how))
    *again, _ = walks[1:]
    assert again == [{"ghost-000"}] * 4
    sizes = [sample.retained_bytes for sample in recording.samples if sample.ghosts]
    grown = sizes[-1] - sizes[0]
    assert 3 * MIB < grown < 6 * MIB  # in 400 s, one each 90 s
    at_end = {session.uid: session.retained_bytes for session in recording.sessions}
    assert sizes[-1] == pytest.approx(at_end["ghost-000"] + at_end["ghost-001"], rel=0.02)


def test_memory_is_not_looked_at_if_it_is_not_measured(walks: list[set[str]]) -> None:
    recording = replay(scenario(1), variant_with(receive_in_a_task), measure_memory=False)
    assert (recording.last.ghosts, recording.last.retained_bytes, walks) == (1, 0, [])
    assert {session.retained_bytes for session in recording.sessions} == {0}
