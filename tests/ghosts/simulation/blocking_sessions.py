"""Sessions that do not return to the loop, and a watch that finds them sooner than in a replay."""

import asyncio
import json
import re
import time

import pytest

from ghosts.pusher import PusherSession
from ghosts.simulation import blocked

SOON = 0.3
"""Seconds of processor time after which a turn is suspected here."""


def suspect_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocked, "_CPU_SECONDS", SOON)
    monkeypatch.setattr(blocked, "_CHECK_EVERY", 0.02)


def place_in(function: str, source: str = "") -> str:
    """Return a pattern for the words of a line in this file."""
    return rf"it is in {function}, at \S*blocking_sessions\.py:\d+: {re.escape(source)}"


def busy_for(seconds: float) -> None:
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


async def for_ever(session: PusherSession) -> None:
    while True:
        pass  # this line


async def suppresses_errors(session: PusherSession) -> None:
    while True:
        try:
            raise ValueError
        except Exception:  # this line, or one beside it
            pass


async def in_a_library(session: PusherSession) -> None:
    numbers = list(range(1_000))
    while True:
        json.dumps(numbers)


async def in_a_task(session: PusherSession) -> None:
    await asyncio.create_task(for_ever(session), name="the one")
