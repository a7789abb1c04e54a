"""What keeps the memory of an asyncio program alive, and where its tasks are suspended.

The standard library's `tracemalloc` reports where bytes were allocated. This package reports which
objects still refer to them.

- `retained_bytes`, `retained_by`: the bytes that an object keeps alive, such as a session or a task
  with the frames it is suspended in; bytes and bytearrays included, shared objects counted once.
  `leaves_of`: the bytes and strings that an object reaches.
- `settle`, `snapshot`, `growth`: what grew between two moments, by owner, by line, and outside of
  Python's allocators.
- `why`: the chain of references that keeps an object alive, from a task down to the buffer.
- `awaits`: the chain of awaits of a stuck task, down to the line where it is suspended.
- `Watch`: how long a task has been suspended there.

Only the standard library is needed. Everything works with simulated time, with pure-Python tasks
such as those of `nest_asyncio`, from another thread than the loop's, and in a notebook. In a
notebook `Out`, `_` and `sys.last_traceback` keep objects alive; `why` names them.
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
