"""Checks that a replay is the same whenever, wherever and however often it is sampled."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, load_scenario
from ghosts.replay.run import replay


def busy_production(*, fewer: int, parts: int, share: float) -> Scenario:
    """Production with ``fewer`` times fewer devices, in a ``parts``-th of its time.

    Its devices also talk, switch conversations and make requests; ``share`` of the uploads hang.
    """
    scenario = load_scenario("production")
    busy = [
        replace(
            group,
            arrive=(group.arrive[0] // parts, group.arrive[1] // parts),
            transcript_every=60,
            speaker_sample_every=120,
            switch_conversation_every=240,
            process_conversation_every=300,
        )
        for group in scenario.fewer(fewer).devices
    ]
    return replace(
        scenario,
        duration=scenario.duration // parts,
        devices=tuple(busy),
        faults=tuple(replace(fault, share=share) for fault in scenario.faults),
        audio_webhook_seconds=30.0,
    )


def trace(scenario: Scenario, variant: str, *, measure_memory: bool = False) -> Recording:
    return replay(scenario, variant, measure_memory=measure_memory).without_memory()


def _spin() -> None:
    while True:
        pass


@contextmanager
def _both_cores_busy() -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    spinners = [context.Process(target=_spin, daemon=True) for _ in range(2)]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.join()


def check_that_runs_repeat(scenario: Scenario, variant: str) -> None:
    """Replay in a script, in a running loop, in another process, and on a busy machine."""
    first = trace(scenario, variant, measure_memory=True)
    assert (first.last.ghosts > 0) is (variant == "gather_all")

    async def as_in_a_kernel() -> Recording:
        return trace(scenario, variant)

    assert trace(scenario, variant) == first
    assert asyncio.run(as_in_a_kernel()) == first
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(trace, scenario, variant).result() == first
    with _both_cores_busy():
        assert trace(scenario, variant) == first


def check_that_sampling_changes_nothing(rarely: Scenario, variant: str) -> None:
    often = replace(rarely, sample_every=rarely.sample_every // 4)
    few, many = (replay(scenario, variant, measure_memory=False) for scenario in (rarely, often))
    assert many.events == few.events
    assert many.audio == few.audio
    assert [sample for sample in many.samples if sample in few.samples] == list(few.samples)


def check_that_both_forms_of_the_fix_are_the_same_from_outside(scenario: Scenario) -> None:
    by_hand, owned = trace(scenario, "supervised_by_hand"), trace(scenario, "supervised")
    assert by_hand.samples == owned.samples
    assert Counter(by_hand.events) == Counter(owned.events)  # but for the order within a moment
    assert owned.last.ghosts == 0
