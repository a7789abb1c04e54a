"""An event loop whose clock skips idle time. Needs looptime; nothing else here imports it."""

import asyncio
import sys

# looptime imports pytest for a fixture, which takes longer than all else that is loaded here.
# Where pytest is loaded already, as in a test, it stays.
_HIDDEN = "pytest" not in sys.modules
if _HIDDEN:
    sys.modules["pytest"] = None  # type: ignore[assignment]
try:
    from looptime import LoopTimeEventLoop
finally:
    if _HIDDEN:
        del sys.modules["pytest"]


class IdleSkippingLoop(LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """A selector loop whose clock starts at 0 and jumps to the next timer when the loop is idle."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Return when the threads of the default executor have ended, in real time.

        There is no time limit: a simulated one would pass at once, since the loop is idle while
        a thread ends. ``timeout`` is ignored.
        """
        await super().shutdown_default_executor()
