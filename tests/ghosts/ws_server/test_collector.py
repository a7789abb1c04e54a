"""How often garbage is collected belongs to the process: it is restored, whatever happens."""

import gc
from collections.abc import Iterator

import pytest

from ghosts.ws_server import fewer_collections


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, ...]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_the_threshold_is_higher_in_the_block_and_restored_after_it(thresholds):
    with fewer_collections():
        young, *older = gc.get_threshold()
        assert young > thresholds[0]
        assert tuple(older) == thresholds[1:]
    assert gc.get_threshold() == thresholds


def test_it_is_restored_after_an_error(thresholds):
    with pytest.raises(KeyboardInterrupt), fewer_collections():
        raise KeyboardInterrupt
    assert gc.get_threshold() == thresholds


def test_of_two_threads_whose_blocks_overlap_the_last_restores_it(thresholds):
    first, second = fewer_collections(), fewer_collections()
    first.__enter__()
    raised = gc.get_threshold()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == raised != thresholds
    second.__exit__(None, None, None)
    assert gc.get_threshold() == thresholds


@pytest.mark.parametrize("young", [0, 1_000_000], ids=["off", "higher already"])
def test_a_process_that_collects_less_often_already_keeps_its_threshold(young):
    gc.set_threshold(young)
    before = gc.get_threshold()
    with fewer_collections():
        assert gc.get_threshold() == before
    assert gc.get_threshold() == before
