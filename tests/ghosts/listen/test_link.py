"""The link to the pusher: when it is tried, who is let through, and what waits for an answer."""

import asyncio
import logging
import random
from itertools import pairwise

import pytest
from bed import troubles
from both import (
    AN_HOUR,
    NAMES,
    SECOND,
    WITHIN_GATHER,
    Both,
    Device,
    serve_both,
    stranger_on_the_port,
    tasks,
)

from ghosts import config
from ghosts.backends import Backend
from ghosts.listen.link.backoff import LinkState, tries
from ghosts.listen.link.breaker import Breaker, BreakerOpenError, PublishedBreaker
from ghosts.records.fault import FaultMode
from ghosts.simulation import podcast

BREAKERS = [PublishedBreaker, Breaker]


async def fails() -> None:
    raise ConnectionRefusedError


async def succeeds() -> str:
    return "a connection"


async def hangs() -> None:
    await asyncio.get_running_loop().create_future()


async def attempt(breaker: Breaker, connect) -> str:
    """Say what became of an attempt."""
    try:
        return await breaker.attempt(connect)
    except BreakerOpenError:
        return "refused"
    except ConnectionRefusedError:
        return "failed"


async def open_it(breaker: Breaker) -> None:
    for _ in range(config.BREAKER_FAILURES):
        assert await attempt(breaker, fails) == "failed"
    assert not breaker.closed


@pytest.mark.parametrize("kind", BREAKERS)
def test_twenty_failures_within_thirty_seconds_open_the_breaker_and_older_ones_do_not_count(
    run, kind
):
    async def scenario():
        breaker = kind()
        for _ in range(config.BREAKER_FAILURES - 1):
            assert await attempt(breaker, fails) == "failed"
        await asyncio.sleep(config.BREAKER_WINDOW + 1)
        assert await attempt(breaker, fails) == "failed"
        assert breaker.closed
        await asyncio.sleep(config.BREAKER_WINDOW - 1)
        for _ in range(config.BREAKER_FAILURES - 2):
            assert await attempt(breaker, fails) == "failed"
            assert breaker.closed
        assert await attempt(breaker, fails) == "failed"
        assert not breaker.closed
        assert await attempt(breaker, succeeds) == "refused"

    run(scenario)


@pytest.mark.parametrize("kind", BREAKERS)
def test_a_success_in_between_lets_the_failures_before_it_be_forgotten(run, kind):
    async def scenario():
        breaker = kind()
        for _ in range(3):
            for _ in range(config.BREAKER_FAILURES - 1):
                await attempt(breaker, fails)
            assert await attempt(breaker, succeeds) == "a connection"
        assert breaker.closed

    run(scenario)


@pytest.mark.parametrize("kind", BREAKERS)
def test_an_open_breaker_lets_nobody_through_for_sixty_seconds_and_then_exactly_one(run, kind):
    async def scenario():
        breaker = kind()
        await open_it(breaker)
        await asyncio.sleep(config.BREAKER_OPEN - 0.1)
        assert await attempt(breaker, succeeds) == "refused"
        await asyncio.sleep(0.1)

        async def takes_a_while() -> str:
            await asyncio.sleep(5)
            return "a connection"

        probe = asyncio.create_task(attempt(breaker, takes_a_while))
        await asyncio.sleep(1)
        assert [await attempt(breaker, succeeds) for _ in range(5)] == ["refused"] * 5
        assert await probe == "a connection"
        assert breaker.closed
        assert await attempt(breaker, succeeds) == "a connection"

    run(scenario)


@pytest.mark.parametrize("kind", BREAKERS)
def test_a_probe_that_fails_opens_the_breaker_for_sixty_seconds_more(run, kind):
    async def scenario():
        breaker = kind()
        await open_it(breaker)
        for _ in range(3):
            await asyncio.sleep(config.BREAKER_OPEN)
            assert await attempt(breaker, fails) == "failed"
            await asyncio.sleep(config.BREAKER_OPEN - 0.1)
            assert await attempt(breaker, succeeds) == "refused"
            await asyncio.sleep(0.1)
            assert await attempt(breaker, fails) == "failed"

    run(scenario)


@pytest.mark.parametrize(
    ("kind", "then"), [(PublishedBreaker, "refused"), (Breaker, "a connection")]
)
def test_a_probe_that_is_cancelled_has_never_ended_as_published_and_says_nothing_in_ours(
    run, kind, then
):
    async def scenario():
        breaker = kind()
        await open_it(breaker)
        await asyncio.sleep(config.BREAKER_OPEN)
        probe = asyncio.create_task(attempt(breaker, hangs))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.wait([probe])
        for _ in range(24):
            assert await attempt(breaker, succeeds) == then
            await asyncio.sleep(AN_HOUR)

    run(scenario)


async def open_the_breaker_of(both: Both) -> None:
    """Have five silent devices fail to reach the pusher, until the pod stops trying."""
    await both.bed.stop_pusher()
    devices = [await both.connect(f"early-{number}") for number in range(5)]
    await asyncio.sleep(config.BREAKER_WINDOW)
    assert not both.listen.breaker.closed
    for device in devices:
        await device.leave()
    await asyncio.sleep(config.BREAKER_OPEN + WITHIN_GATHER)
    assert both.gauge == 0


def test_a_probe_cut_off_by_the_end_of_its_session_bars_a_pod_for_ever_unless_the_breaker_is_ours(
    run, name
):
    async def scenario():
        async with serve_both(name) as both:
            await open_the_breaker_of(both)
            async with stranger_on_the_port(both, hangs_up=False) as came:
                prober = await both.connect("prober")
                await asyncio.sleep(2)
                assert (len(came), both.listen.breaker.probing) == (1, True)
                await prober.leave()
                await asyncio.sleep(WITHIN_GATHER + 1)
                assert (both.gauge, tasks("listen", "prober")) == (0, [])
            await both.bed.start_pusher()  # on the same port; it works
            later = await both.connect("later")
            await later.stay(1)
            if name == "shipped":
                assert both.session("later").link.state is LinkState.CONNECTED
                assert (both.pusher_gauge, both.pusher_tcp()) == (1, 1)
                return
            for _ in range(4):
                await later.stay(AN_HOUR / 4)
                assert both.session("later").link.state is LinkState.DEGRADED
            assert (both.pusher_gauge, both.pusher_tcp()) == (0, 0)

    run(scenario)


def schedule(uid: str, *, lost: bool, length: int = 14) -> list[tuple[float, LinkState]]:
    endless = tries(random.Random(uid), lost=lost)
    return [next(endless) for _ in range(length)]


@pytest.mark.parametrize("uid", ["ada", "grace", "device-17"])
def test_the_pauses_between_tries_are_within_their_bounds_and_the_same_for_the_same_uid(uid):
    first = schedule(uid, lost=False)
    assert first == schedule(uid, lost=False)
    assert first != schedule("somebody else", lost=False)
    assert [state for _, state in first] == (
        [LinkState.CONNECTING] * 5 + [LinkState.RECONNECTING] * 6 + [LinkState.DEGRADED] * 3
    )
    pauses = [pause for pause, _ in first]
    assert pauses[0] == 0
    assert all(2**n <= pause <= 2**n + 1 for n, pause in enumerate(pauses[1:5]))
    assert all(0.75 * 2**n <= pause <= 1.25 * 2**n for n, pause in enumerate(pauses[5:11]))
    assert pauses[11:] == [config.DEGRADED_PAUSE] * 3
    lost = [state for _, state in schedule(uid, lost=True)]
    assert lost == [LinkState.RECONNECTING] * 6 + [LinkState.DEGRADED] * 8


def test_a_session_tries_five_times_then_six_and_then_once_a_minute_until_it_is_connected(
    run, fixed, caplog
):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.bed.stop_pusher()
            async with stranger_on_the_port(both, hangs_up=True) as came:
                device = await both.connect()
                link = both.session().link
                await device.stay(0.5)
                assert (link.state, len(came)) == (LinkState.CONNECTING, 1)
                await device.stay(30)
                assert (link.state, len(came) >= 5) == (LinkState.RECONNECTING, True)
                await device.stay(120)
                assert (link.state, len(came) >= 11) == (LinkState.DEGRADED, True)
                await device.stay(300)
            pauses = [after - before for before, after in pairwise(came)]
            planned = [pause for pause, _ in schedule("ada", lost=False, length=len(came))]
            assert pauses == pytest.approx(planned[1:], abs=0.01)
            assert pauses[10:] == pytest.approx([60.0] * len(pauses[10:]), abs=0.01)
            await both.bed.start_pusher()
            await device.stay(config.DEGRADED_PAUSE + 1)
            assert link.state is LinkState.CONNECTED
            assert (both.pusher_gauge, device.close_code) == (1, None)

    run(scenario)
    lines = [line for line in troubles(caplog.records) if line.startswith("ada: no pusher, ")]
    assert len(lines) == 17


def test_a_link_that_was_lost_is_there_again_within_two_seconds(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(5)
            link = both.session().link
            both.break_links()
            await device.stay(0.1)
            assert link.state is LinkState.RECONNECTING
            await device.stay(2)
            assert link.state is LinkState.CONNECTED
            assert both.pusher_tcp() == 1

    run(scenario)


def test_a_session_without_a_pusher_hears_its_device_all_the_same(run, name):
    async def scenario():
        async with serve_both(name) as both:
            await both.bed.stop_pusher()
            device = await both.connect()
            await device.play(10)
            await device.stay(2)
            assert device.words == podcast.words_in(0, 10)
            assert (device.close_code, both.gauge) == (None, 1)
            await device.leave()
            await asyncio.sleep(WITHIN_GATHER + 1)
            assert (both.gauge, both.tcp(), tasks("listen")) == (0, 0, [])
            assert both.lost("listen_audio_lost_bytes", reason="session_ended") == 10 * SECOND

    run(scenario)


def test_a_heartbeat_goes_to_the_pusher_every_twenty_seconds(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.stay(AN_HOUR / 4)  # longer than a supervised pusher bears a silence
            assert both.pusher_gauge == both.pusher_tcp() == 1

    run(scenario)


def test_a_link_that_is_there_in_the_moment_in_which_its_session_gives_it_up_is_closed(
    run, fixed, monkeypatch
):
    async def scenario():
        async with serve_both(fixed) as both:
            attempt_it = both.listen.breaker.attempt

            async def and_is_cancelled_as_it_succeeds(connect):
                connection = await attempt_it(connect)
                (receiving,) = [
                    task
                    for task in asyncio.all_tasks()
                    if task.get_name() == "listen:ada:pusher_receive"
                ]
                receiving.cancel()
                return connection

            monkeypatch.setattr(both.listen.breaker, "attempt", and_is_cancelled_as_it_succeeds)
            device = await both.connect()
            await device.connection.wait_closed()
            await asyncio.sleep(1)
            both.assert_at_rest()

    run(scenario)


async def over(both: Both, device: Device) -> str:
    """Have a conversation be over, and return its id."""
    await device.play(5)
    conversation = both.session().conversations.id
    await device.stay(config.CONVERSATION_SILENCE + config.CONVERSATION_POLL_INTERVAL)
    assert both.session().conversations.id != conversation
    return conversation


def test_a_request_without_an_answer_for_120_s_is_sent_again(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.fail(
                Backend.CONVERSATIONS, FaultMode.SLOW, seconds=config.REQUEST_TIMEOUT + 9
            )
            device = await both.connect()
            conversation = await over(both, device)
            await device.stay(config.REQUEST_TIMEOUT + 9 + config.PUSHER_RECEIVE_POLL_INTERVAL)
            assert both.processed() == [conversation]
            await device.stay(4 * config.REQUEST_TIMEOUT)
            assert both.processed() == [conversation] * 2
            assert both.listen.unprocessed.of("ada") == []

    run(scenario)


def test_a_request_is_sent_anew_on_every_new_connection(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.fail(Backend.CONVERSATIONS, FaultMode.NEVER_ANSWERS)
            device = await both.connect()
            conversation = await over(both, device)
            await device.stay(config.PUSHER_RECEIVE_POLL_INTERVAL)
            await both.bed.recover(Backend.CONVERSATIONS)
            both.break_links()
            await device.stay(3)
            assert both.processed() == [conversation]
            assert len(device.events("conversation_processed")) == 1

    run(scenario)


def test_a_request_made_while_the_pusher_is_away_is_not_lost(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            device = await both.connect()
            await device.play(5)
            await both.bed.stop_pusher()
            conversation = await over(both, device)
            assert both.processed() == []
            await both.bed.start_pusher()
            await device.stay(config.DEGRADED_PAUSE + 1)
            assert both.processed() == [conversation]

    run(scenario)


def test_the_pusher_may_be_replaced_while_a_request_is_on_its_way(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            await both.fail(Backend.CONVERSATIONS, FaultMode.SLOW, seconds=10)
            device = await both.connect()
            conversation = await over(both, device)
            await device.stay(config.PUSHER_RECEIVE_POLL_INTERVAL)
            await both.bed.restart_pusher()
            await device.stay(config.REQUEST_TIMEOUT)
            assert set(both.processed()) == {conversation}
            assert both.listen.unprocessed.of("ada") == []

    run(scenario)


def test_of_more_than_a_hundred_requests_the_oldest_is_left_to_the_next_session(run, fixed):
    async def scenario():
        async with serve_both(fixed) as both:
            many = [f"c{number:03}" for number in range(config.REQUESTS_MAX + 1)]
            for conversation in many:
                both.listen.unprocessed.add("ada", conversation)
            device = await both.connect()
            await device.stay(20)
            assert sorted(both.processed()) == many[1:]
            assert both.listen.unprocessed.of("ada") == many[:1]
            await device.leave()
            await (await both.connect()).stay(20)
            assert sorted(both.processed()) == many

    run(scenario)


def test_a_request_that_is_not_answered_for_long_is_an_error_in_the_log(run, caplog):
    async def scenario():
        async with serve_both("gather_all") as both:
            await both.fail(Backend.CONVERSATIONS, FaultMode.BLOCKS_THREAD)
            both.listen.unprocessed.add("ada", "c")
            device = await both.connect()
            await device.stay(config.REQUEST_RETRIES * config.REQUEST_TIMEOUT)
            assert errors() == []
            await device.stay(20)
            assert errors() == ["ada: c is without an answer for long"]
            await both.bed.recover(Backend.CONVERSATIONS)
            await device.stay(1)
            assert set(both.processed()) == {"c"}
            assert both.listen.unprocessed.of("ada") == []

    def errors() -> list[str]:
        records = [one for one in caplog.records if one.levelno >= logging.ERROR]
        return [one.getMessage() for one in records if one.name == "ghosts.listen"]

    run(scenario)


def test_the_forms_have_the_breaker_that_goes_with_them(run):
    async def breaker_of(name: str) -> type[Breaker]:
        async with serve_both(name) as both:
            return type(both.listen.breaker)

    kinds = [run(lambda name=name: breaker_of(name)) for name in NAMES]
    assert kinds == [PublishedBreaker, PublishedBreaker, Breaker]
