"""The helpers of tests/ghosts/pusher; the rest is in tests/slow/conftest.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "ghosts" / "pusher"))
