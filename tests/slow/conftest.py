"""Slow tests use the helpers and fixtures of `tests/ghosts`. `make test-all` runs them."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from hypothesis import settings

_GHOSTS = Path(__file__).parents[1] / "ghosts"
_HELPERS = (".", "matrix", "observation", "replay", "simulation")
sys.path[:0] = [str(_GHOSTS / folder) for folder in _HELPERS]

# 2,000 schedules, other ones on each run, instead of 60 that are always the same.
settings.register_profile("soak", max_examples=2000, print_blob=True)


def _conftest_of_ghosts() -> ModuleType:
    """Load it under a name of its own: every `conftest.py` is imported as ``conftest``."""
    spec = spec_from_file_location("ghosts_conftest", _GHOSTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_fixtures = _conftest_of_ghosts()
dask_executor = _fixtures.dask_executor
run = _fixtures.run
_static_labels = _fixtures._static_labels
