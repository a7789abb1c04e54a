"""Who holds the memory: what the standard library's tracemalloc does not answer.

- `retained_bytes`, `retained_by`: how many bytes an object keeps alive, a session or a task with
  the frames it is suspended in; bytes and bytearrays included, shared objects counted once.
  `leaves_of`: the bytes and texts among what an object reaches.
- `settle`, `snapshot`, `growth`: what grew between two moments, by owner and by line.
- `why`: the chain of references that keeps an object alive, from a task down to the buffer.
- `awaits`: the chain of awaits of a stuck task, down to the line where it waits.
- `Watch`: for how long it has waited there.

Only the standard library is needed. All of it works on simulated time, on pure-Python tasks as
`nest_asyncio` makes them, from another thread than the loop's, and in a notebook; there, `Out`,
`_` and `sys.last_traceback` keep objects alive, and `why` says so.
"""

from tracemalloc_ext.awaits import AwaitFrame, Awaits, awaits
from tracemalloc_ext.growth import Growth, LineGrowth, OwnerGrowth, Snapshot, growth, snapshot
from tracemalloc_ext.retained import Retained, leaves_of, retained_by, retained_bytes
from tracemalloc_ext.settle import settle, settle_now
from tracemalloc_ext.watch import Waiting, Watch
from tracemalloc_ext.why import Why, why

__all__ = [
    "AwaitFrame",
    "Awaits",
    "Growth",
    "LineGrowth",
    "OwnerGrowth",
    "Retained",
    "Snapshot",
    "Waiting",
    "Watch",
    "Why",
    "awaits",
    "growth",
    "leaves_of",
    "retained_by",
    "retained_bytes",
    "settle",
    "settle_now",
    "snapshot",
    "why",
]
