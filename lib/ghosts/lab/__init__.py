"""The lab: one pusher on simulated time, driven step by step with plain calls.

    lab = Lab("gather_all")
    lab.connect(50)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=16)
    lab.disconnect(25)
    lab.advance(minutes=3)
    lab.plot()

It is for a person at a notebook; what is to be measured belongs in `ghosts.replay`. It is made of
the same parts as a replay, at a tenth of production's audio bytes, and its time stands still
between two calls.

A plain call has to run the lab's loop while the notebook's own is running. That takes
`nest_asyncio`, which replaces asyncio's tasks and futures, in the whole process, by slower ones in
Python, of which each takes a fifth more memory. Nothing can take that back; it is done when a first
Lab is made, not when this module is imported. Replays work afterwards as before.
"""

from ghosts.lab.counts import Counts
from ghosts.lab.errors import LabError
from ghosts.lab.lab import Lab

__all__ = ["Counts", "Lab", "LabError"]
