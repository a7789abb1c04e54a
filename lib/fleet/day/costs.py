"""What a connection costs its pod, read off a full replay."""

from dataclasses import dataclass
from statistics import mean
from typing import Final, Self

from fleet.quantity import MIB, CapacityError
from ghosts.backends import Backend
from ghosts.config import GHOST_AFTER, PRIVATE_CLOUD_CHUNK_SECONDS, STORAGE_WORKERS, audio_bytes
from ghosts.evidence import fact
from ghosts.records.fault import FaultMode
from ghosts.records.recording import Recording, Sample

_FIRST_MINUTE: Final = PRIVATE_CLOUD_CHUNK_SECONDS
"""Seconds of a replay in which the first chunks are not yet complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Memory per pod and connection, in MiB, and what happens when audio cannot be stored."""

    pod: float
    """Memory of a pod without connections: the public record's, for a replay is not a pod."""
    healthy: float
    """Memory of a connection whose uploads return: audio that is not uploaded yet.

    Connections whose audio is not stored are charged the same: apps and webhooks have buffers too.
    """
    stuck_per_minute: float
    """Audio that a stuck connection gains a minute."""
    stuck_most: float
    """Memory of the largest stuck connection."""
    ghosts_per_departure: float
    """Ghosts made when the device of a stuck connection leaves."""
    left_behind: float
    """Memory that stays in the pod when such a device leaves and makes no ghost."""
    blocks_workers: bool
    """Whether an upload that never returns blocks a worker until the container restarts."""
    share: float
    """Share of uploads that never return, in the scenario that was replayed."""

    @classmethod
    def measured(cls, recording: Recording) -> Self:
        """Read them off a full replay in which a share of all uploads never returns.

        All its connections store audio. Departures count from the moment at which all workers are
        blocked; in a replay that never has a blocked worker, all departures count.

        Raises:
            CapacityError: the recording is of another kind, or too short.
        """
        share = _share(recording)
        exhausted = _exhausted(recording)
        since = 0.0 if exhausted is None else exhausted.t
        left = {who: t for who, t in recording.times("device_left").items() if t > since}
        judged = {who for who, t in left.items() if t <= recording.last.t - GHOST_AFTER}
        if not judged:
            raise CapacityError(f"{recording.scenario.name}: too short: no departure to judge")
        ghosts = {each.uid for each in recording.sessions if each.ghost}
        abandoned = recording.last.abandoned_bytes
        abandoned -= exhausted.abandoned_bytes if exhausted else 0
        healthy = _healthy(recording)
        retained = [each.retained_bytes / MIB for each in recording.sessions]
        chunk = audio_bytes(60, recording.scenario.sample_rate)
        return cls(
            pod=fact("memory_baseline").value,
            healthy=healthy,
            stuck_per_minute=chunk / MIB,
            stuck_most=max([healthy, *retained]),
            ghosts_per_departure=len(judged & ghosts) / len(judged),
            left_behind=abandoned / len(left) / MIB,
            blocks_workers=exhausted is not None,
            share=share,
        )

    def stuck(self, seconds: float) -> float:
        """Return the memory of a connection, beyond a healthy one, stuck for that long."""
        return min(self.stuck_per_minute * seconds / 60, self.stuck_most - self.healthy)


def _share(recording: Recording) -> float:
    """Return the share of uploads that never return, from the first second to the last."""
    for fault in recording.scenario.faults:
        hangs = fault.backend is Backend.STORAGE and fault.mode is FaultMode.NEVER_ANSWERS
        always = fault.start == 0 and fault.end is None
        if recording.scale == 1 and hangs and always and 0 < fault.share < 1:
            return fault.share
    raise CapacityError(
        f"{recording.scenario.name}: should be a full replay with a storage fault never_answers "
        "from second 0 and a share above 0 and below 1"
    )


def _exhausted(recording: Recording) -> Sample | None:
    """Return the first sample with all workers blocked; None if none is ever blocked."""
    most = max(each.workers_blocked for each in recording.samples)
    if 0 < most < STORAGE_WORKERS:
        raise CapacityError(
            f"{recording.scenario.name}: too short: should end with all {STORAGE_WORKERS} upload "
            f"workers blocked; got {most}"
        )
    all_blocked = (each for each in recording.samples if each.workers_blocked >= STORAGE_WORKERS)
    return next(all_blocked, None)


def _healthy(recording: Recording) -> float:
    """Return the audio of a connection before any worker is blocked, in MiB.

    A call counts as blocked after 150 s: the audio of the first such connection is included.
    """
    early = []
    for sample in recording.samples:
        if sample.workers_blocked:
            break
        if sample.t > _FIRST_MINUTE and sample.tcp:
            early.append(sample.queued_bytes / sample.tcp / MIB)
    if not early:
        raise CapacityError(f"{recording.scenario.name}: no sample before the first blocked worker")
    return mean(early)
