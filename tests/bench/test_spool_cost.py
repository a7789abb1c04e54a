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

from ghosts.config import audio_bytes
from ghosts.pusher.spool import Spool
from ghosts.pusher.spool_file import Key
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay

_BUILD: Final = Path(__file__).parents[2] / "build" / "bench"
_FRAME: Final = bytes(audio_bytes(1, 8000))
_MINUTES: Final = 6
_WRITTEN_BACK_AFTER: Final = ("dirty_expire_centisecs", "dirty_writeback_centisecs")
"""Settings of Linux' virtual memory: at which age data is to be written, and how often that is
looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolCost:
    """What a frame, one second of audio, takes if so many devices send one each second."""

    devices: int
    append_cpu_us: float
    """Microseconds of processor time to append it."""
    deliver_cpu_us: float
    """Microseconds of processor time to read it for its delivery, and to delete it."""
    longest_append_ms: float
    """Milliseconds, by the wall clock, of the longest append."""


def _cost(devices: int) -> SpoolCost:
    appending = delivering = longest = 0.0
    with TemporaryDirectory() as folder, Spool(Path(folder) / "spool", 2**32) as spool:
        for minute in range(_MINUTES):
            for number in range(60 * devices):
                cpu, wall = time.process_time(), time.perf_counter()
                spool.append(_key(number % devices), 60.0 * minute, _FRAME)
                appending += time.process_time() - cpu
                longest = max(longest, time.perf_counter() - wall)
            cpu = time.process_time()
            for device in range(devices):
                delivery = spool.next_delivery(_key(device))
                assert delivery is not None
                spool.delivered(delivery)
            delivering += time.process_time() - cpu
    frames = _MINUTES * 60 * devices
    return SpoolCost(
        devices=devices,
        append_cpu_us=appending / frames * 1e6,
        deliver_cpu_us=delivering / frames * 1e6,
        longest_append_ms=longest * 1e3,
    )


def _key(device: int) -> Key:
    return Key(f"user-{device}", "conversation")


def _seconds_at_risk() -> float | None:
    """Return how old audio is, at most, that the kernel has not written; None if not Linux."""
    settings = [Path("/proc/sys/vm") / name for name in _WRITTEN_BACK_AFTER]
    if not all(setting.exists() for setting in settings):
        return None
    return sum(int(setting.read_text()) for setting in settings) / 100


def _replay_cpu(variant: str, measure_memory: bool) -> float:
    scenario = load_scenario("production")
    began = time.process_time()
    replay(scenario, variant, measure_memory=measure_memory)
    return time.process_time() - began


def test_a_frame_costs_the_same_with_many_devices_as_with_one() -> None:
    costs = [min((_cost(devices) for _ in range(3)), key=_cpu) for devices in (1, 22, 216)]
    print()
    for cost in costs:
        print(
            f"{cost.devices:3} devices: append {cost.append_cpu_us:.0f} us, deliver"
            f" {cost.deliver_cpu_us:.0f} us, longest append {cost.longest_append_ms:.1f} ms"
        )
    _BUILD.mkdir(parents=True, exist_ok=True)
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    results = {
        "machine": f"{machine}, {os.cpu_count()} processors",
        "seconds_at_risk": _seconds_at_risk(),
        "costs": [asdict(cost) for cost in costs],
    }
    (_BUILD / "spool.json").write_text(json.dumps(results, indent=1) + "\n")
    assert _cpu(costs[-1]) < 2 * _cpu(costs[0])


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
