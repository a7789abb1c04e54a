"""How a session's receive loop is told that the pod is about to stop."""

import asyncio
from types import TracebackType
from typing import Self


class Retirement:
    """Ends the block that it is entered for with TimeoutError, once it has been asked for.

    What the block has read stays read: it is interrupted where it waits, and nowhere else.
    """

    def __init__(self) -> None:
        self.asked = False
        self._timeout = asyncio.timeout(None)
        self._entered = False

    def ask(self) -> None:
        """Ask for it, before, during or after the block."""
        self.asked = True
        if self._entered:
            self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._entered = True
        if self.asked:
            self.ask()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered = False
        await self._timeout.__aexit__(kind, error, traceback)
