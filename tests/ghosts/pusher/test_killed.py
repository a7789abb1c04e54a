"""A process that is killed, at whatever moment, loses no audio, and none arrives twice.

Each test kills a real one. The next process, or a simulation here, finds its spool, and storage as
it was left.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import doomed_pod
import pytest
from doomed_pod import Doom, pod_in
from pod import size
from speech import Told, arrived

from ghosts.backends import FaultMode
from ghosts.backends.server import Received
from ghosts.pusher import Spool, shipped, supervised
from ghosts.pusher.spool import Key
from ghosts.settings import SPOOL_MAX_BYTES

LONG_ENOUGH = 300
"""Seconds in which a pod has delivered all that it has found."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What a process that was killed had said."""

    taken: Told
    """What its sessions had taken."""
    kept: list[Received]
    """What storage has, from before as well."""


@contextmanager
def started(doom: Doom) -> Iterator["subprocess.Popen[str]"]:
    """A process to which that is going to happen. In the end it is killed, come what may."""
    with (
        log_of(doom).open("w") as log,
        subprocess.Popen(
            [sys.executable, doomed_pod.__file__],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            json.dump(asdict(doom), process.stdin)
            process.stdin.close()
            yield process
        finally:
            process.kill()


def log_of(doom: Doom) -> Path:
    return Path(doom.folder) / "log"


def remains(doom: Doom, process: "subprocess.Popen[str]", lines: Iterable[str]) -> Remains:
    """Read what the process has said by the time at which it was killed."""
    taken: Told = Counter()
    kept = list(doom.kept)
    for line in lines:
        match json.loads(line):
            case {"taken": [uid, conversation_id, length]}:
                taken[Key(uid, conversation_id)] += length
            case {"kept": received}:
                kept.append(Received(**received))
    assert process.wait() == -signal.SIGKILL, log_of(doom).read_text()
    return Remains(taken, kept)


def kills_itself(folder: Path, **doom: object) -> Remains:
    doomed = Doom(folder=str(folder), **doom)
    with started(doomed) as process:
        return remains(doomed, process, process.stdout)


def is_killed(folder: Path, after_lines: int) -> Remains:
    """Kill a process from outside, at no moment that it could know of."""
    doomed = Doom(folder=str(folder))
    with started(doomed) as process:
        lines = list(islice(process.stdout, after_lines))
        process.kill()
        return remains(doomed, process, [*lines, *process.stdout])


def delivered_in_the_end(
    run, folder: Path, kept: Sequence[Received], lifecycle: str = shipped.__name__
) -> Told:
    """What storage has when a pod after that has had its time, checked to be in order, and once."""

    async def scenario() -> Told:
        async with pod_in(folder, lifecycle, kept) as pod:
            await asyncio.sleep(LONG_ENOUGH)
            assert pod.held == 0
            return arrived(pod.stored)

    return run(scenario)


def unsent(folder: Path) -> int:
    with Spool(folder / "spool.sqlite", SPOOL_MAX_BYTES) as spool:
        return spool.size


@pytest.mark.parametrize("storage", [FaultMode.NEVER_ANSWERS, FaultMode.ANSWER_LOST, None])
def test_killed_while_devices_talk_nothing_that_was_received_is_lost_or_stored_twice(
    run, tmp_path, storage
):
    killed = kills_itself(tmp_path, storage=storage, second=150.5)
    assert killed.taken[Key("ada", "c1")] == size(150)
    assert bool(killed.kept) == (storage is not FaultMode.NEVER_ANSWERS)
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_while_devices_talk_as_published_nothing_of_what_was_received_is_left(run, tmp_path):
    killed = kills_itself(
        tmp_path, lifecycle=supervised.__name__, storage=FaultMode.NEVER_ANSWERS, second=150.5
    )
    assert killed.taken[Key("ada", "c1")] == size(150)
    left = delivered_in_the_end(run, tmp_path, killed.kept, supervised.__name__)
    assert left == Counter()


@pytest.mark.parametrize("deliveries", [1, 7])
def test_killed_after_storage_has_kept_a_delivery_and_before_it_answers_stores_it_once(
    run, tmp_path, deliveries
):
    killed = kills_itself(tmp_path, deliveries=deliveries)
    assert len(killed.kept) == deliveries
    # The last one is in the spool as well, for nobody has heard of it.
    confirmed = sum(one.bytes for one in killed.kept[:-1])
    assert unsent(tmp_path) == killed.taken.total() - confirmed
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_again_and_again_while_it_delivers_what_the_one_before_has_left(run, tmp_path):
    first = kills_itself(tmp_path, storage=FaultMode.NEVER_ANSWERS, second=200.5)
    kept: list[Received] = []
    for deliveries in (1, 4):
        next_one = kills_itself(tmp_path, talk=False, kept=kept, deliveries=deliveries)
        assert len(next_one.kept) == len(kept) + deliveries
        kept = next_one.kept
    assert unsent(tmp_path) > 0
    assert delivered_in_the_end(run, tmp_path, kept) == first.taken


@pytest.mark.parametrize("after_lines", [3, 100, 700])
def test_killed_from_outside_at_any_moment_loses_nothing_that_was_taken(run, tmp_path, after_lines):
    killed = is_killed(tmp_path, after_lines)
    in_the_end = delivered_in_the_end(run, tmp_path, killed.kept)
    assert killed.taken <= in_the_end
    # A frame may be in the spool that the process had no time to tell of.
    assert (in_the_end - killed.taken).total() <= size(1)
