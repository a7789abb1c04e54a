"""The same scenario and seed give the same recording, sample for sample, wherever it runs."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ghosts.replay import Recording, Scenario, load_scenario, replay


def _scenario() -> Scenario:
    """Production with a tenth of its devices in half the time, who also talk, switch and ask."""
    scenario = load_scenario("production")
    busy = [
        replace(
            group,
            arrive=(group.arrive[0] // 2, group.arrive[1] // 2),
            transcript_every=60,
            speaker_sample_every=120,
            switch_conversation_every=240,
            process_conversation_every=300,
        )
        for group in scenario.fewer(10).devices
    ]
    return replace(
        scenario,
        duration=scenario.duration // 2,
        devices=tuple(busy),
        audio_webhook_seconds=30.0,
    )


def _trace(lifecycle: str, *, measure_memory: bool = False) -> Recording:
    return replay(_scenario(), lifecycle, measure_memory=measure_memory).without_memory()


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


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised"])
def test_runs_repeat_in_a_script_in_a_running_loop_in_another_process_and_under_load(
    lifecycle: str,
) -> None:
    first = _trace(lifecycle, measure_memory=True)
    assert (first.last.ghosts > 0) is (lifecycle == "gather_all")

    async def as_in_a_kernel() -> Recording:
        return _trace(lifecycle)

    assert _trace(lifecycle) == first
    assert asyncio.run(as_in_a_kernel()) == first
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_trace, lifecycle).result() == first
    with _both_cores_busy():
        assert _trace(lifecycle) == first


def test_the_fix_as_published_and_the_fix_with_an_owner_cannot_be_told_apart_from_outside() -> None:
    by_hand, owned = _trace("supervised_by_hand"), _trace("supervised")
    assert by_hand.samples == owned.samples
    assert Counter(by_hand.events) == Counter(owned.events)  # but for the order within a moment
    assert owned.last.ghosts == 0


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised", "shipped"])
def test_what_happens_does_not_depend_on_how_often_samples_are_taken(lifecycle: str) -> None:
    rarely = _scenario()
    often = replace(rarely, sample_every=rarely.sample_every // 4)
    few, many = (replay(scenario, lifecycle, measure_memory=False) for scenario in (rarely, often))
    assert many.events == few.events
    assert many.audio == few.audio
    assert [sample for sample in many.samples if sample in few.samples] == list(few.samples)


def test_another_seed_gives_another_recording() -> None:
    scenario = _scenario()
    other = replace(scenario, seed=scenario.seed + 1)
    assert replay(other, "gather_all", measure_memory=False).events != _trace("gather_all").events
