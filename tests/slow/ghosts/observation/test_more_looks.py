"""More of the looks of `tests/ghosts/observation/test_counts_do_not_depend_on_looks.py`."""

import pytest
from hypothesis import given, settings
from looks import DURATION, SAMPLE_EVERY, SOME_LOOKS, assert_looking_changes_nothing, recorded

from ghosts.records.recording import Recording


@pytest.fixture(scope="module")
def once() -> Recording:
    """Sampled once, at the end, and not looked at before."""
    return recorded(DURATION, [])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(sample_every=SAMPLE_EVERY, looks=SOME_LOOKS)
def test_sampling_and_looking_change_nothing(
    once: Recording, sample_every: int, looks: list[int]
) -> None:
    assert_looking_changes_nothing(once, sample_every, looks)
