"""The tests of the alerts use the test bed and the fixtures of `tests/ghosts`."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

_GHOSTS = Path(__file__).parents[1] / "ghosts"
sys.path.append(str(_GHOSTS))


def _conftest_of_ghosts() -> ModuleType:
    """Load it under a name of its own: every `conftest.py` is imported as ``conftest``."""
    spec = spec_from_file_location("conftest_of_ghosts", _GHOSTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_fixtures = _conftest_of_ghosts()
run = _fixtures.run
_static_labels = _fixtures._static_labels
