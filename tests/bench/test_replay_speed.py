"""What a replay costs, beside a plain TCP program that moves and keeps the same frames."""

import time
from collections.abc import Callable

from fresh_process import in_a_fresh_process
from plain_tcp import move_and_keep

from ghosts.records.scenario import FULL, TENTH, load_scenario
from ghosts.replay.run import replay


def _plain(scale: float) -> float:
    return _seconds(lambda: move_and_keep(load_scenario("production").at_scale(scale)))


def _replayed(scale: float, lifecycle: str, measure_memory: bool = True) -> float:
    scenario = load_scenario("production").at_scale(scale)
    return _seconds(lambda: replay(scenario, lifecycle, measure_memory=measure_memory))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_a_full_replay_takes_at_most_twice_a_plain_tcp_program() -> None:
    plain = in_a_fresh_process(_plain, FULL)
    full = in_a_fresh_process(_replayed, FULL, "gather_all")
    print(f"\nfull scale: plain TCP {plain:.1f} s, replay {full:.1f} s, {full / plain:.2f} times")
    assert full <= 2 * plain


def test_a_replay_at_a_tenth_takes_less_time_than_a_full_one() -> None:
    tenth = {name: in_a_fresh_process(_replayed, TENTH, name) for name in _LIFECYCLES}
    full = in_a_fresh_process(_replayed, FULL, "gather_all")
    print("\nat a tenth:", ", ".join(f"{k} {v:.1f} s" for k, v in tenth.items()))
    assert max(tenth.values()) < full


def test_a_replay_that_measures_memory_has_four_fifths_of_the_speed_of_one_that_does_not() -> None:
    measured, unmeasured = (
        min(in_a_fresh_process(_replayed, TENTH, "gather_all", measures) for _ in range(2))
        for measures in (True, False)
    )
    print(f"\nat a tenth: memory measured {measured:.1f} s, not measured {unmeasured:.1f} s")
    assert unmeasured >= 0.8 * measured


_LIFECYCLES = ("gather_all", "supervised")
