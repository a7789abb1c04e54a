"""The pod of the exercise: two of its devices have left, and their sessions do not end."""

from dataclasses import replace
from typing import Final

from ghosts.backends import Backend
from ghosts.lab import Lab
from ghosts.plots.replay import gauge_against_tcp
from ghosts.plots.style import Figure

UID: Final = "device-000"


def hung_pod() -> Lab:
    """Return a pod two of whose devices have left a moment ago, and whose sessions do not end.

    What fails there is for the reader to find out. To be closed when it is not needed any more.
    """
    lab = Lab("gather_all")
    lab.connect(4, transcript_every=60, speaker_sample_every=120)
    lab.advance(seconds=65)
    lab.fault(Backend.STORAGE, "slow", seconds=40)
    lab.fault(Backend.TRANSCRIPT_WEBHOOK, "trickles")
    lab.advance(minutes=6, seconds=58)
    lab.disconnect(2)
    lab.advance(seconds=18)
    return lab


def plot(lab: Lab) -> Figure:
    """Draw the gauge against the TCP connections, as `Lab.plot` does, without naming a fault."""
    recording = lab.recording()
    return gauge_against_tcp(replace(recording, scenario=replace(recording.scenario, faults=())))
