"""Killing a process of a pod, and what is found after it: its spool, and storage as it was left."""

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
from doomed_pod import Doom, pod_in
from speech import Told, arrived

from ghosts.config import SPOOL_MAX_BYTES
from ghosts.pusher.spool import Key, Spool
from ghosts.simulation.backends import Received
from ghosts.variants import SHIPPED

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
    run, folder: Path, kept: Sequence[Received], variant: str = SHIPPED.name
) -> Told:
    """What storage has when a pod after that has had its time, checked to be in order, and once."""

    async def scenario() -> Told:
        async with pod_in(folder, variant, kept) as bed:
            await asyncio.sleep(LONG_ENOUGH)
            assert bed.held == 0
            return arrived(bed.stored)

    return run(scenario)


def unsent(folder: Path) -> int:
    with Spool(folder / "spool", SPOOL_MAX_BYTES) as spool:
        return spool.size


def confirmed_bytes(killed: Remains) -> int:
    """What the process knew to be stored: of the last delivery it had no answer."""
    return sum(one.bytes for one in killed.kept[:-1])
