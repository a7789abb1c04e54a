"""What the spool costs: a frame, what a power loss may take, and a replay of production."""

import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fresh_process import in_a_fresh_process

from ghosts.config import SPOOL_BATCH_BYTES, audio_bytes
from ghosts.pusher.spool import Key, Spool
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay

_BUILD: Final = Path(__file__).parents[2] / "build" / "bench"
_FRAME: Final = bytes(audio_bytes(1, 8000))
_DEVICES: Final = 22
_MINUTES: Final = 6
_LOG_LIMIT: Final = 1000 * 4096
"""Bytes of SQLite's log at which a commit writes it back, and waits for the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolCost:
    """What a frame, one second of audio, takes if so many frames share a transaction."""

    frames_per_transaction: int
    append_cpu_us: float
    """Microseconds of processor time to append it, with its part of the commit."""
    deliver_cpu_us: float
    """Microseconds of processor time to read it for its delivery, and to delete it."""
    longest_commit_ms: float
    """Milliseconds, by the wall clock, of the longest commit: one that waited for the disk."""
    log_bytes: float
    """Bytes of SQLite's log."""
    frames_at_risk: float
    """Frames since the last wait for the disk, at most: what a power loss may take."""


def _cost(frames_per_transaction: int) -> SpoolCost:
    with TemporaryDirectory() as folder, Spool(Path(folder) / "spool", 2**32) as spool:
        log_bytes = _log_bytes(spool, Path(folder) / "spool-wal", frames_per_transaction)
        appending = delivering = longest = 0.0
        for minute in range(_MINUTES):
            for first in range(0, 60 * _DEVICES, frames_per_transaction):
                cpu, wall = time.process_time(), time.perf_counter()
                _append(spool, minute, range(first, first + frames_per_transaction))
                appending += time.process_time() - cpu
                longest = max(longest, time.perf_counter() - wall)
            cpu = time.process_time()
            for device in range(_DEVICES):
                delivery = spool.next_delivery(_key(device), SPOOL_BATCH_BYTES)
                assert delivery is not None
                spool.delivered(delivery)
            delivering += time.process_time() - cpu
    frames = _MINUTES * 60 * _DEVICES
    return SpoolCost(
        frames_per_transaction=frames_per_transaction,
        append_cpu_us=appending / frames * 1e6,
        deliver_cpu_us=delivering / frames * 1e6,
        longest_commit_ms=longest * 1e3,
        log_bytes=log_bytes,
        frames_at_risk=_LOG_LIMIT / log_bytes + frames_per_transaction,
    )


def _log_bytes(spool: Spool, log: Path, frames_per_transaction: int) -> float:
    """Return what a frame takes of the log, while that is below its limit."""
    before = log.stat().st_size
    for number in range(4):
        first = number * frames_per_transaction
        _append(spool, 0, range(first, first + frames_per_transaction))
    return (log.stat().st_size - before) / (4 * frames_per_transaction)


def _append(spool: Spool, minute: int, numbers: range) -> None:
    for number in numbers:
        spool.append(_key(number % _DEVICES), 60.0 * minute, _FRAME)
    spool.commit()


def _key(device: int) -> Key:
    return Key(f"user-{device}", "conversation")


def _replay_cpu(variant: str, measure_memory: bool) -> float:
    scenario = load_scenario("production")
    began = time.process_time()
    replay(scenario, variant, measure_memory=measure_memory)
    return time.process_time() - began


def test_frames_that_share_a_transaction_cost_less_than_frames_with_one_each() -> None:
    costs = [min((_cost(frames) for _ in range(3)), key=_cpu) for frames in (1, 2, 22)]
    print()
    for cost in costs:
        print(
            f"{cost.frames_per_transaction:2} frames a transaction: append {cost.append_cpu_us:.0f}"
            f" us, deliver {cost.deliver_cpu_us:.0f} us, longest commit"
            f" {cost.longest_commit_ms:.0f} ms, {cost.frames_at_risk:.0f} frames at risk"
        )
    _BUILD.mkdir(parents=True, exist_ok=True)
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    results = {
        "machine": f"{machine}, {os.cpu_count()} processors",
        "costs": [asdict(cost) for cost in costs],
    }
    (_BUILD / "spool.json").write_text(json.dumps(results, indent=1) + "\n")
    assert _cpu(costs[-1]) < _cpu(costs[0])


def test_production_takes_at_most_half_as_much_again_under_shipped_as_under_the_incident() -> None:
    took = {
        variant: min(in_a_fresh_process(_replay_cpu, variant, True) for _ in range(3))
        for variant in ("gather_all", "shipped")
    }
    ratio = took["shipped"] / took["gather_all"]
    print(
        f"\nprocessor time: {took['gather_all']:.1f} s, {took['shipped']:.1f} s: {ratio:.2f} times"
    )
    assert ratio <= 1.5


def _cpu(cost: SpoolCost) -> float:
    return cost.append_cpu_us + cost.deliver_cpu_us
