"""What is run, and how large."""

from typing import Final

from async_tasks_cost.chunked import CHUNKED
from async_tasks_cost.create import CREATE
from async_tasks_cost.drain import DRAIN
from async_tasks_cost.gather import GATHER, GATHER_TIMEOUT
from async_tasks_cost.idle import IDLE
from async_tasks_cost.measure import Size, Workload
from async_tasks_cost.metric import METRIC
from async_tasks_cost.session import SESSION, SESSION_WITHOUT_SLEEP, SESSIONS_AT_ONCE
from async_tasks_cost.sleep import SLEEP
from async_tasks_cost.supervise import SUPERVISE

_SMALL: Final = (Size(10, seconds=0.1, rounds=20), Size(100, seconds=0.1, rounds=5))
_AT_10_000: Final = Size(10_000, traced="all", seconds=1.0, rounds=5)
# A hundred thousand items take a peer up to ten seconds, and three times that when traced.
_AT_100_000: Final = Size(100_000, traced="two", rounds=3)

PLAN: Final[dict[Workload, tuple[Size, ...]]] = {
    SUPERVISE: (
        *_SMALL,
        Size(1_000, traced="all", seconds=1.0, rounds=10),
        Size(10_000),
    ),
    SESSION: (Size(1_000, seconds=1.0, rounds=5),),
    SESSION_WITHOUT_SLEEP: (Size(1_000, rounds=5),),
    SESSIONS_AT_ONCE: (Size(1_000, traced="all", rounds=5),),
    DRAIN: (*_SMALL, Size(1_000), _AT_10_000),
    GATHER: (*_SMALL, Size(1_000), Size(10_000, traced="all"), _AT_100_000),
    GATHER_TIMEOUT: (
        Size(10_000, traced="all"),
        Size(100_000, timed="two", traced="two", rounds=2),
    ),
    CHUNKED: (Size(10_000, rounds=3),),
    SLEEP: (*_SMALL, Size(1_000), _AT_10_000),
    CREATE: (Size(10_000, traced="all", rounds=3),),
    METRIC: (Size(10_000, rounds=3),),
    IDLE: (Size(10_000, rounds=3),),
}
