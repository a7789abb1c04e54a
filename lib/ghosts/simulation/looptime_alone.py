"""looptime without pytest, which it would import for a fixture: a third of a replay's start.

Where pytest is loaded already, as in a test, it stays.
"""

import sys

_HIDDEN = "pytest" not in sys.modules
if _HIDDEN:
    sys.modules["pytest"] = None  # type: ignore[assignment]
try:
    from looptime import LoopTimeEventLoop
finally:
    if _HIDDEN:
        del sys.modules["pytest"]

__all__ = ["LoopTimeEventLoop"]
