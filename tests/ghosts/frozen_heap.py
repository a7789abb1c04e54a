"""A fixture for folders whose tests replay in this process."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def frozen_heap() -> Iterator[None]:
    """Exempt the objects of other tests and of libraries from the collections of a replay.

    A replay collects garbage to find leaked sessions. Among the 300,000 objects of a test run, that
    is 40 % of its processor time. Objects that the test itself makes are collected as ever.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
