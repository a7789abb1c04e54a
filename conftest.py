"""For the whole test run: what kernels see of this machine, what notebooks may leave behind, and
which objects a garbage collection looks at.
"""

import gc
import sys

import pytest
from kernel_environment import isolate_kernels

# jsonschema checks formats with it if it is there, and no notebook's schema has one of them. Its
# import builds 38 parsers, which takes each process of a run 2 s. So nbval is loaded here, and not
# by pytest, which would do so before.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
pytest_plugins = ["nbval.plugin", "leftovers"]

isolate_kernels()


@pytest.fixture(autouse=True, scope="module")
def _frozen_heap() -> None:
    """Exempt what there is before a module's first test from all garbage collections.

    Replays and simulations collect garbage, to find what is leaked. With the half a million objects
    of libraries and other tests, that would be 40 % of their processor time. What the module's
    tests make is collected as ever.
    """
    gc.collect()
    gc.freeze()
