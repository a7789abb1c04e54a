"""Slow tests use the helpers and fixtures of `tests/ghosts`. `make test-all` runs them."""

import sys
from importlib import import_module
from pathlib import Path

from hypothesis import settings

_GHOSTS = Path(__file__).parents[1] / "ghosts"
_HELPERS = (".", "check", "matrix", "observation", "replay", "simulation")
sys.path[:0] = [str(_GHOSTS / folder) for folder in _HELPERS]

# 2,000 schedules, other ones on each run, instead of 60 that are always the same.
settings.register_profile("soak", max_examples=2000, print_blob=True)


_shared = import_module("shared_fixtures")
dask_executor = _shared.dask_executor
run = _shared.run
static_labels = _shared.static_labels
