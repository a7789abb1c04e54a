"""For the whole test run: what kernels see of this machine, what notebooks may leave behind, and
which objects a garbage collection looks at.
"""

import gc

import pytest
from kernel_environment import isolate_kernels

pytest_plugins = ["quick_nbval", "leftovers"]

isolate_kernels()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first: two workers that take one file after the other then end together."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True, scope="module")
def _frozen_heap() -> None:
    """Exempt what there is before a module's first test from all garbage collections.

    Replays and simulations collect garbage, to find what is leaked. With the half a million objects
    of libraries and other tests, that would be 40 % of their processor time. What the module's
    tests make is collected as ever.
    """
    gc.collect()
    gc.freeze()
