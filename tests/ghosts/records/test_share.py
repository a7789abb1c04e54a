"""A share of the requests fails: the same ones, whatever the lifecycle, and for good."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

import pytest

from ghosts.backends import Backend
from ghosts.clients import BackendError, Batch, connect_pusher_clients
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault, FaultMode, Share
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.simulation.backends import serve_backends
from ghosts.simulation.client_faults import ClientFaults
from ghosts.simulation.clock import simulate
from ghosts.simulation.test_bed import TestBed

UIDS = [f"user-{number:03}" for number in range(40)]


# --- which ones -----------------------------------------------------------------------------------


def test_a_share_of_nothing_hits_none_and_the_whole_hits_all() -> None:
    none, every = Share(0.0, "1"), Share(1.0, "1")
    requests = [(uid, number) for uid in UIDS for number in range(50)]
    assert not any(none.has(*request) for request in requests)
    assert all(every.has(*request) for request in requests)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 0.99])
def test_over_many_requests_a_share_hits_about_as_many_as_it_says(fraction: float) -> None:
    share = Share(fraction, "20260513/storage")
    hit = [share.has(uid, number) for uid in UIDS for number in range(500)]
    expected, deviation = 20_000 * fraction, (20_000 * fraction * (1 - fraction)) ** 0.5
    assert sum(hit) == pytest.approx(expected, abs=4 * deviation)
    by_number = [sum(hit[number::500]) for number in range(500)]
    assert max(by_number) - min(by_number) <= len(UIDS)
    assert len({tuple(hit[start : start + 500]) for start in range(0, 20_000, 500)}) > 30


def test_the_seed_the_user_and_the_number_decide_and_nothing_else() -> None:
    share = Share(0.5, "1/storage")
    once = [share.has(uid, number) for uid in UIDS for number in range(20)]
    backwards = [share.has(uid, number) for uid in UIDS[::-1] for number in range(19, -1, -1)]
    assert once == backwards[::-1]
    for other in (Share(0.5, "2/storage"), Share(0.5, "1/users")):
        assert once != [other.has(uid, number) for uid in UIDS for number in range(20)]


def test_a_greater_share_hits_what_a_smaller_one_does() -> None:
    few, many = Share(0.2, "1"), Share(0.6, "1")
    for uid in UIDS:
        for number in range(20):
            assert many.has(uid, number) or not few.has(uid, number)


# --- of real requests -----------------------------------------------------------------------------


async def outcomes(
    mode: FaultMode, fraction: float, requests: int = 60, uids: tuple[str, ...] = ("ada", "bob")
) -> dict[str, list[bool]]:
    """Upload, one after the other, and return which ones failed or were not answered in 20 s."""
    failed: dict[str, list[bool]] = defaultdict(list)
    async with serve_backends() as backends, connect_pusher_clients(backends.addresses) as clients:
        share = Share(fraction, "7/storage")
        await backends[Backend.STORAGE].fail(mode, seconds=60.0, share=share)
        for number in range(requests):
            for uid in uids:
                batch = Batch(uid, f"c{number}", float(number), b"audio")
                try:
                    async with asyncio.timeout(20):
                        await clients.upload(batch)
                except (BackendError, TimeoutError):
                    failed[uid].append(True)
                else:
                    failed[uid].append(False)
    return failed


def expected(fraction: float, uid: str, requests: int) -> list[bool]:
    return [Share(fraction, "7/storage").has(uid, number) for number in range(requests)]


@pytest.mark.parametrize("mode", [FaultMode.STATUS_500, FaultMode.RESETS, FaultMode.ANSWER_LOST])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0])
def test_of_real_requests_those_fail_that_are_drawn(mode: FaultMode, fraction: float) -> None:
    failed = simulate(lambda: outcomes(mode, fraction, 20))
    assert failed == {uid: expected(fraction, uid, 20) for uid in ("ada", "bob")}


@pytest.mark.parametrize("mode", [FaultMode.NEVER_ANSWERS, FaultMode.SLOW, FaultMode.TRICKLES])
def test_and_those_hang_that_are_drawn_while_the_others_are_answered(mode: FaultMode) -> None:
    failed = simulate(lambda: outcomes(mode, 0.3, 10))
    assert failed == {uid: expected(0.3, uid, 10) for uid in ("ada", "bob")}
    assert {True, False} == set(failed["ada"])


def test_a_fault_of_the_library_has_a_share_too() -> None:
    async def main() -> list[bool]:
        library = ClientFaults()
        async with (
            serve_backends() as backends,
            connect_pusher_clients(backends.addresses, service=library.client) as clients,
        ):
            share = Share(0.4, "7/storage")
            library.fail(Backend.USERS, FaultMode.BLOCKS_THREAD, share)
            blocked = []
            for _ in range(20):
                try:
                    async with asyncio.timeout(60):
                        await clients.features("ada")
                except TimeoutError:
                    blocked.append(True)
                else:
                    blocked.append(False)
            return blocked

    assert simulate(main) == expected(0.4, "ada", 20)


def test_a_swallowed_request_never_returns_also_after_the_end_of_the_fault() -> None:
    async def main() -> tuple[int, int, bool]:
        async with (
            serve_backends() as backends,
            connect_pusher_clients(backends.addresses) as clients,
        ):
            storage = backends[Backend.STORAGE]
            await storage.fail(FaultMode.NEVER_ANSWERS, share=Share(0.5, "7/storage"))
            calls = [
                asyncio.create_task(clients.upload(Batch(uid, "c", 0.0, b"audio")))
                for uid in UIDS[:12]
            ]
            await asyncio.sleep(10)
            answered = sum(call.done() for call in calls)
            await storage.recover()
            await asyncio.sleep(100_000)
            still = sum(call.done() for call in calls)
            await clients.upload(Batch(UIDS[0], "c", 1.0, b"audio"))
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            return answered, still, len(storage.received) == answered + 1

    answered, still, received = simulate(main)
    swallowed = sum(Share(0.5, "7/storage").has(uid, 0) for uid in UIDS[:12])
    assert (answered, still, received) == (12 - swallowed, 12 - swallowed, True)


# --- under every lifecycle ------------------------------------------------------------------------


def scenario(share: float, **fault: Any) -> Scenario:
    group = DeviceGroup(name="user", count=6, arrive=(0, 30))
    keys = {"backend": Backend.STORAGE, "mode": FaultMode.STATUS_500, "share": share}
    return Scenario(
        name="share",
        summary="",
        seed=3,
        duration=600,
        devices=(group,),
        faults=(Fault(**keys | fault),),
        sample_every=600,
    )


def stored(one: Scenario, lifecycle: str) -> Counter[str]:
    """Return how many requests of each user storage has answered."""
    found: Counter[str] = Counter()

    def look(bed: TestBed) -> None:
        found.update(request.uid for request in bed.backends[Backend.STORAGE].received)

    replay(one, lifecycle, measure_memory=False, at_end=look)
    return found


def test_the_same_requests_are_hit_under_every_lifecycle() -> None:
    hung = {"mode": FaultMode.NEVER_ANSWERS}
    by_lifecycle = [stored(scenario(0.2, **hung), name) for name in ("gather_all", "supervised")]
    assert by_lifecycle[0] == by_lifecycle[1]
    whole = stored(scenario(0.0, **hung), "gather_all")
    assert set(whole) == {f"user-{number:03}" for number in range(6)}
    share = Share(0.2, f"3/{Backend.STORAGE}")
    for uid, requests in whole.items():
        # The first that is swallowed holds all that come after it.
        first = next((number for number in range(requests) if share.has(uid, number)), requests)
        assert by_lifecycle[0][uid] == first


def test_a_share_of_nothing_is_no_fault_and_of_all_a_fault_of_all() -> None:
    none, every = stored(scenario(0.0), "gather_all"), stored(scenario(1.0), "gather_all")
    assert sum(none.values()) > 20
    assert sum(every.values()) == 0
