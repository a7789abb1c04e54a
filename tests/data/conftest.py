"""The tests of the alerts use the test bed and the fixtures of `tests/ghosts`."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "ghosts"))

_shared = import_module("shared_fixtures")
run = _shared.run
static_labels = _shared.static_labels
