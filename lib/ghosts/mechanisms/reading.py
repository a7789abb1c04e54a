"""Measurements on a recording: times, ghosts, memory, drains, a straight line."""

from collections.abc import Sequence
from statistics import correlation, median

from ghosts.config import BG_DRAIN_TIMEOUT, GHOST_AFTER
from ghosts.evidence import MIB
from ghosts.observation.tracker import KERNEL_EVERY
from ghosts.records.recording import Recording, Sample

MINUTE = 60


def first_with_gauge(recording: Recording, gauge: int) -> Sample:
    """Return the first sample whose gauge is that high; the last one if there is none."""
    return next((one for one in recording.samples if one.gauge >= gauge), recording.last)


def first_ghost(recording: Recording) -> Sample | None:
    """Return the first sample with a ghost."""
    return next((one for one in recording.samples if one.ghosts), None)


def mib_at_full_scale(size: float, recording: Recording) -> float:
    """Return bytes of a recording as MiB of production."""
    return size / recording.scale / MIB


def ghost_mib(recording: Recording) -> list[float]:
    """Return the MiB of audio that each ghost holds at the end, at full scale, smallest first."""
    held = (one.held_bytes for one in recording.sessions if one.ghost)
    return sorted(mib_at_full_scale(size, recording) for size in held)


def median_ghost_mib(recording: Recording) -> float | None:
    """Return the median of these; None if there are no ghosts."""
    sizes = ghost_mib(recording)
    return median(sizes) if sizes else None


def held_mib(sample: Sample, recording: Recording) -> float:
    """Return the MiB of audio in memory at full scale: of sessions, and of abandoned uploads."""
    return mib_at_full_scale(sample.queued_bytes + sample.abandoned_bytes, recording)


def cleared_ghosts(recording: Recording) -> int:
    """Count the sessions that ended more than 150 s after their connection had gone."""
    return sum(lasted > GHOST_AFTER for _, lasted in _ends(recording))


def drain_timeouts(recording: Recording, seconds: float) -> int:
    """Count the sessions that ended in the last seconds, and had used up the drain timeout.

    A connection's end is seen up to 5 s late, so that much less counts.
    """
    since = recording.scenario.duration - seconds
    return sum(
        closed > since and lasted >= BG_DRAIN_TIMEOUT - KERNEL_EVERY
        for closed, lasted in _ends(recording)
    )


def _ends(recording: Recording) -> list[tuple[float, float]]:
    """Return when each session ended, and how long after its connection had gone."""
    gone = recording.times("session_disconnected")
    closed = recording.times("session_closed")
    return [(at, at - gone.get(uid, at)) for uid, at in closed.items()]


def straightness(samples: Sequence[Sample]) -> float:
    """Return R squared of the straight line through queued audio over time; 0 if there is none."""
    sizes = [float(one.queued_bytes) for one in samples]
    if len(set(sizes)) < 2:
        return 0.0
    return correlation([one.t for one in samples], sizes) ** 2


def growth_mb(samples: Sequence[Sample], recording: Recording, minutes: float = 10) -> float:
    """Return the mean growth of queued audio in MB per ``minutes``, at full scale."""
    if len(samples) < 2:
        return 0.0
    first, last = samples[0], samples[-1]
    rate = (last.queued_bytes - first.queued_bytes) / (last.t - first.t)
    return rate * minutes * MINUTE / recording.scale / 1e6


def is_growing(recording: Recording, minutes: int) -> bool:
    """Return whether there are more ghosts at the end than ``minutes`` before."""
    since = recording.last.t - minutes * MINUTE
    earlier = next(one for one in recording.samples if one.t >= since)
    return recording.last.ghosts > earlier.ghosts
