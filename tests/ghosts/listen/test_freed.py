"""A session of listen that has ended is freed at once: nothing is left to the garbage collector."""

import asyncio
import gc
import logging
import weakref
from collections.abc import Iterator

import pytest
from both import WITHIN_GATHER, Both, serve_both

from ghosts.backends import Backend
from ghosts.records.fault import FaultMode


@pytest.fixture
def without_the_collector(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    # pytest keeps every record, with the exceptions in it, whose tracebacks refer to the session.
    caplog.set_level(logging.CRITICAL, "ghosts.listen")
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def closes(both: Both) -> None:
    device = await both.connect("closes")
    await device.play(3)
    await device.leave()


async def resets(both: Both) -> None:
    device = await both.connect("resets")
    await device.play(3)
    device.connection.transport.abort()


async def loses_its_link(both: Both) -> None:
    device = await both.connect("loses_its_link")
    await device.play(3)
    both.break_links()
    await device.play(3)
    await device.leave()


async def is_told_what_was_processed(both: Both) -> None:
    both.listen.unprocessed.add("is_told_what_was_processed", "a conversation")
    device = await both.connect("is_told_what_was_processed")
    await device.stay(20)
    assert len(device.events("conversation_processed")) == 1
    await device.leave()


async def is_refused(both: Both) -> None:
    await both.bed.fail(Backend.USERS, FaultMode.STATUS_500, uid="is_refused")
    device = await both.connect("is_refused")
    await device.connection.wait_closed()


async def leaves_while_there_is_no_pusher(both: Both) -> None:
    await both.bed.stop_pusher(grace=0.0)
    device = await both.connect("leaves_while_there_is_no_pusher")
    await device.play(3)
    await device.leave()


ENDS = (
    closes,
    resets,
    loses_its_link,
    is_told_what_was_processed,
    is_refused,
    leaves_while_there_is_no_pusher,
)


@pytest.mark.usefixtures("without_the_collector")
def test_a_session_that_has_ended_is_freed_without_the_collector(run, name):
    async def scenario():
        async with serve_both(name) as both:
            sessions = {}
            for end in ENDS:
                await end(both)
                sessions[end.__name__] = weakref.ref(both.session(end.__name__))
                both.forget_sessions()
            await asyncio.sleep(2 * WITHIN_GATHER)
            assert both.gauge == (name == "gather_all")  # the incident counts whom it has refused
            assert [each for each, session in sessions.items() if session() is not None] == []

    run(scenario)
