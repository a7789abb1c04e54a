"""The lab: one pusher on simulated time, driven step by step with plain calls.

    lab = Lab("gather_all")
    lab.connect(50)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=16)
    lab.disconnect(25)
    lab.advance(minutes=3)
    lab.plot()

It is for use by hand in a notebook; measurements belong in `ghosts.replay`. It has the same parts
as a replay, at a tenth of production's audio bytes. Simulated time does not pass between two calls.

A plain call has to run the lab's loop while the notebook's own loop is running. That needs
`nest_asyncio`, which replaces asyncio's tasks and futures in the whole process with slower ones
written in Python, each of which takes a fifth more memory. This cannot be undone; it happens when
the first `Lab` is made, not when this module is imported. Replays give the same results afterwards.
"""

from ghosts.lab.counts import Counts
from ghosts.lab.errors import LabError
from ghosts.lab.lab import Lab

__all__ = ["Counts", "Lab", "LabError"]
