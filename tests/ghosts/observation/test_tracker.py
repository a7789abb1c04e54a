"""When a connection was lost is known from the tracker's own clock; what state a session is in."""

import asyncio
from typing import Any

import pytest
from lifecycles import for_ever, scenario, session_of, variant_with

from ghosts.config import GHOST_AFTER
from ghosts.observation.tracker import KERNEL_EVERY, State
from ghosts.pusher import PusherSession
from ghosts.records.device_group import Leave
from ghosts.records.recording import Recording
from ghosts.records.scenario import DevicePlan, load_scenario
from ghosts.replay.run import replay
from ghosts.simulation.clock import simulate
from ghosts.simulation.devices import arrive
from ghosts.simulation.test_bed import TestBed, open_test_bed

STUCK = session_of(after=lambda session: for_ever())
stuck = STUCK.pusher.lifecycle


def run(every: int, **keys: Any) -> Recording:
    one = scenario(leaving=2, staying=1, sample_every=every, **keys)
    return replay(one, STUCK, measure_memory=False)


@pytest.mark.parametrize("every", [3, 7, 600])
def test_a_lost_connection_is_found_within_5_s_whatever_the_interval_of_samples(every: int) -> None:
    lost = run(every).times("session_disconnected")
    assert lost == {"leaving-000": 105.0, "leaving-001": 105.0}
    assert 100.0 < lost["leaving-000"] <= 100.0 + KERNEL_EVERY


def test_a_session_is_a_ghost_when_its_connection_has_been_gone_for_more_than_150_s() -> None:
    ghosts = {sample.t: sample.ghosts for sample in run(1, duration=300).samples}
    first = min(t for t, number in ghosts.items() if number)
    assert first == 105 + GHOST_AFTER + 0.5
    assert {number for t, number in ghosts.items() if t >= first} == {2}


def test_a_session_that_ends_at_once_is_noted_in_order_and_once() -> None:
    recording = replay(scenario(leaving=1, duration=200), session_of(), measure_memory=False)
    of_sessions = [
        (event.kind, event.t) for event in recording.events if event.kind.startswith("session")
    ]
    assert of_sessions == [
        ("session_opened", 0.0),
        ("session_disconnected", 100.0),
        ("session_closed", 100.0),
    ]


def test_a_session_that_the_service_ends_was_never_disconnected_by_its_peer_before() -> None:
    async def leaves_first(session: PusherSession) -> None:
        await asyncio.sleep(30)
        await session.close()

    one = scenario(leaving=1, duration=200)
    recording = replay(one, variant_with(leaves_first), measure_memory=False)
    assert set(recording.times("session_disconnected").values()) == {30.0}
    assert set(recording.times("session_closed").values()) == {30.0}


def test_every_state_is_told() -> None:
    seen: list[list[tuple[str, State]]] = []

    async def lifecycle(session: PusherSession) -> None:
        if session.uid == "orphan":
            session.requests.add(asyncio.create_task(for_ever()))
        await session.receive()
        if session.uid != "orphan":
            await for_ever()

    async def main() -> None:
        async with open_test_bed(variant_with(lifecycle), measure_memory=False) as bed:
            one = scenario()
            devices = {}
            for uid in ("connected", "stuck", "orphan"):
                plan = DevicePlan(uid, one.devices[0], 0, None)
                devices[uid] = await arrive(plan, one, bed.pusher.port, bed.observer.note)
            await asyncio.sleep(10)
            for uid in ("stuck", "orphan"):
                device = devices[uid]
                assert device is not None
                await device.leave(Leave.CLOSE)
            for pause in (0.1, 5, 140, 20):
                await asyncio.sleep(pause)
                states = bed.observer.sessions.states()
                assert states == bed.observer.sessions.states()
                seen.append([(each.uid, state) for each, state in states])

    simulate(main)
    connected, orphan = ("connected", State.CONNECTED), ("orphan", State.ORPHANED)
    draining, ghost = ("stuck", State.DRAINING), ("stuck", State.GHOST)
    assert seen == [
        [connected, orphan, draining],
        [connected, orphan, draining],
        [connected, orphan, draining],
        [connected, orphan, ghost],
    ]


def test_of_two_trackers_each_knows_its_own_sessions() -> None:
    seen: list[Any] = []

    def look(bed: TestBed) -> None:
        of_pusher, of_listen = (
            {task for tasks in tracker.tasks().values() for task in tasks}
            for tracker in (bed.observer.sessions, bed.observer.listen_sessions)
        )
        names = {task.get_name().rpartition(":")[2] for task in of_pusher}
        seen.append((len(of_pusher & of_listen), "private_cloud" in names, bool(of_listen)))

    one = load_scenario("podcast").fewer(20)
    replay(one, "gather_all", measure_memory=False, at_sample=look)
    assert {tangled for tangled, _, _ in seen} == {0}
    assert any(ours and listens for _, ours, listens in seen)


def test_a_lifecycle_that_is_called_and_awaited_in_any_form_is_tracked() -> None:
    class Lifecycle:
        async def __call__(self, session: PusherSession) -> None:
            await stuck(session)

        async def method(self, session: PusherSession) -> None:
            await stuck(session)

    class Awaitable_:  # noqa: N801
        def __init__(self, session: PusherSession) -> None:
            self.session = session

        def __await__(self) -> Any:
            return stuck(self.session).__await__()

    for form in (
        Lifecycle(),
        Lifecycle().method,
        Awaitable_,
        lambda session: asyncio.ensure_future(stuck(session)),
    ):
        recording = replay(scenario(duration=300), variant_with(form), measure_memory=False)
        assert recording.last.ghosts == 1
