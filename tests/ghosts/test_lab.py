"""The lab, driven by hand. Each test drives it in a process of its own: asyncio is patched there."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeAlias

import nbclient
import nbformat
import psutil
import pytest

from ghosts import plots
from ghosts.lab import Counts, Lab, LabError
from ghosts.pusher import gather_all
from ghosts.replay import Recording, load_scenario, replay
from tracemalloc_ext import awaits, retained_bytes

MIB = 2**20
Apart: TypeAlias = Callable[..., Any]


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    """Call a function in a fresh process in which asyncio is as it was; return its result."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ghosts.lab"])
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as processes:
        yield lambda function, *arguments: processes.submit(function, *arguments).result()


# --- the incident ---------------------------------------------------------------------------------


def hang_and_leave(lab: Lab, how: str = "close") -> Counts:
    lab.connect(20)
    lab.advance(minutes=2)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=16)
    lab.disconnect(15, how)
    return lab.advance(minutes=10)


def story(lifecycle: str) -> Counts:
    with Lab(lifecycle) as lab:
        return hang_and_leave(lab)


def test_half_an_hour_by_hand_shows_the_bug_and_the_fix(apart: Apart) -> None:
    broken, fixed = apart(story, "gather_all"), apart(story, "supervised")
    assert (broken.gauge, broken.tcp, broken.ghosts, broken.lost) == (20, 5, 15, 0)
    assert 1.4 < broken.retained / MIB / 15 < 1.7
    assert (fixed.gauge, fixed.tcp, fixed.ghosts, fixed.retained) == (5, 5, 0, 0)
    assert 20 * MIB < fixed.lost < 30 * MIB


def around_150_seconds() -> list[int]:
    with Lab("gather_all") as lab:
        lab.connect()
        lab.fault("storage", "never_answers")
        lab.advance(minutes=2)
        lab.disconnect(1)
        return [lab.advance(seconds=149).ghosts, lab.advance(seconds=2).ghosts]


def test_a_session_is_a_ghost_150_s_after_its_connection_closed(apart: Apart) -> None:
    assert apart(around_150_seconds) == [0, 1]


def heal_and_start_anew() -> list[tuple[int, int]]:
    with Lab("gather_all") as lab:
        seen = [hang_and_leave(lab), lab.heal("storage"), lab.advance(minutes=20)]
    with Lab("gather_all") as lab:
        lab.connect(20)
        lab.advance(minutes=2)
        lab.disconnect(15)
        seen.append(lab.advance(minutes=5))
    return [(counts.gauge, counts.ghosts) for counts in seen]


def test_healing_the_service_wakes_no_ghost_and_a_new_lab_has_none(apart: Apart) -> None:
    assert apart(heal_and_start_anew) == [(20, 15), (20, 15), (20, 15), (5, 0)]


def leave(lifecycle: str, how: str) -> tuple[int, int, int]:
    with Lab(lifecycle) as lab:
        last = hang_and_leave(lab, how)
        return last.gauge, last.tcp, last.ghosts


@pytest.mark.parametrize(
    ("how", "under_gather"),
    [
        ("close", (20, 5, 15)),
        ("reset", (20, 5, 15)),
        ("vanish", (20, 5, 15)),  # the server's pings find out
        ("silent", (20, 20, 0)),  # it answers pings; only a receive timeout ends it
    ],
)
def test_every_way_of_leaving(apart: Apart, how: str, under_gather: tuple[int, int, int]) -> None:
    assert apart(leave, "gather_all", how) == under_gather
    assert apart(leave, "supervised", how) == (5, 5, 0)


# --- what a device does ---------------------------------------------------------------------------


def talk_for_95_seconds() -> Recording:
    with Lab("supervised") as lab:
        lab.connect(3)
        lab.advance(seconds=95)
        lab.disconnect("device-001")
        lab.advance(seconds=100)
        return lab.recording()


def test_every_second_of_a_device_that_left_is_received_and_stored(apart: Apart) -> None:
    recording = apart(talk_for_95_seconds)
    second = recording.scenario.sample_rate * 2
    until_the_last_frame = 190
    assert recording.audio.received == (95 + 2 * until_the_last_frame) * second
    assert recording.audio.lost == 0
    assert [event.who for event in recording.events if event.kind == "device_left"] == [
        "device-001"
    ]


def hang(backend: str, **sends: int) -> dict[str, dict[str, object]]:
    with Lab("gather_all") as lab:
        lab.connect(**sends)
        lab.connect()
        lab.fault(backend, "trickles", seconds=5)
        lab.advance(minutes=3)
        return lab.table().to_dict("index")


@pytest.mark.parametrize(
    ("backend", "sends", "waits_in"),
    [
        ("transcript_webhook", "transcript_every", "transcripts: send_transcript"),
        ("speaker_samples", "speaker_sample_every", "speaker_samples: take_speaker_sample"),
        ("conversations", "process_conversation_every", "process: process_conversation"),
    ],
)
def test_the_table_says_which_call_a_session_waits_in(
    apart: Apart, backend: str, sends: str, waits_in: str
) -> None:
    rows = apart(lambda_free_hang, backend, sends)
    assert rows["device-000"]["waits in"].split(", ")[0] == waits_in
    assert rows["device-001"]["waits in"] == ""


def lambda_free_hang(backend: str, sends: str) -> dict[str, dict[str, object]]:
    return hang(backend, **{sends: 20})
