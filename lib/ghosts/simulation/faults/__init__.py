"""The registry of fault modes: the behaviour of each. One file per mode."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ghosts.records.fault import FaultMode
from ghosts.simulation.faults import (
    answer_lost,
    blocks_thread,
    cancels_caller,
    garbage,
    never_answers,
    refuses,
    resets,
    slow,
    status_500,
    swallows_cancellation,
    trickles,
)
from ghosts.simulation.faults.behaviour import Call, FaultBehaviour

BEHAVIOURS: Final[Mapping[FaultMode, FaultBehaviour]] = MappingProxyType(
    {
        FaultMode.NEVER_ANSWERS: never_answers.BEHAVIOUR,
        FaultMode.SLOW: slow.BEHAVIOUR,
        FaultMode.TRICKLES: trickles.BEHAVIOUR,
        FaultMode.STATUS_500: status_500.BEHAVIOUR,
        FaultMode.GARBAGE: garbage.BEHAVIOUR,
        FaultMode.RESETS: resets.BEHAVIOUR,
        FaultMode.ANSWER_LOST: answer_lost.BEHAVIOUR,
        FaultMode.REFUSES: refuses.BEHAVIOUR,
        FaultMode.SWALLOWS_CANCELLATION: swallows_cancellation.BEHAVIOUR,
        FaultMode.CANCELS_CALLER: cancels_caller.BEHAVIOUR,
        FaultMode.BLOCKS_THREAD: blocks_thread.BEHAVIOUR,
    }
)

__all__ = ["BEHAVIOURS", "Call", "FaultBehaviour"]
