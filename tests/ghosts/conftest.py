"""Variants, and simulated time that leaves nothing unsaid."""

from collections.abc import Iterator

import pytest
from quick_checks import quick_checks
from shared_fixtures import dask_executor, run, static_labels

from ghosts.variants import LISTEN_VARIANTS, VARIANTS, Variant

__all__ = ["dask_executor", "run", "static_labels"]


# The incident, and the fix in both of its forms; the steps between them are in the matrix.
@pytest.fixture(params=["gather_all", "supervised", "supervised_by_hand"])
def variant(request: pytest.FixtureRequest) -> Variant:
    return VARIANTS[request.param]


# The variants that listen has.
@pytest.fixture(params=LISTEN_VARIANTS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[name for name in LISTEN_VARIANTS if name != "gather_all"])
def fixed(request: pytest.FixtureRequest) -> str:
    """Those of them that have the fix."""
    return request.param


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Make the checks of a module start quickly."""
    with quick_checks():
        yield
