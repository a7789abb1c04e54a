"""Makes happen in a run what a scenario has no key for: a bug in a loop, one that ends late."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ghosts.exercises.catalogue.the_lifecycle.plans import CRASH_AT, Plan
from ghosts.simulation.clock import sleep_until
from ghosts.simulation.test_bed import TestBed

_Call = Callable[..., Awaitable[None]]
BUG: Final = "a bug in a loop of the session"
_CALLS: Final = {
    "transcripts": "send_transcript",
    "speaker_samples": "take_speaker_sample",
    "audio_bytes": "send_audio",
}
"""By the loop, the method of the clients in which it raises an exception."""


def make_crash(bed: TestBed, plan: Plan) -> None:
    """Let a loop of each crashing device raise an exception at `CRASH_AT`."""
    for loop, call in _CALLS.items():
        setattr(bed.clients, call, _crashing(getattr(bed.clients, call), plan, loop))


def _crashing(call: _Call, plan: Plan, loop: str) -> _Call:
    async def calling(uid: str, *arguments: Any) -> None:
        early = asyncio.get_running_loop().time() < CRASH_AT - 10
        if early or plan.loop_that_raises(uid) != loop:
            return await call(uid, *arguments)
        await sleep_until(CRASH_AT)
        raise RuntimeError(BUG)

    return calling


def make_slow_to_cancel(bed: TestBed) -> None:
    """Let the transcripts loop of each session take a second to end once it is cancelled."""
    send = bed.clients.send_transcript

    async def sending(*arguments: Any) -> None:
        try:
            await send(*arguments)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            raise

    bed.clients.send_transcript = sending  # type: ignore[method-assign, assignment]
