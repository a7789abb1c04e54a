"""The production scenario: its recordings at full scale, and how a replay compares with them."""

from typing import Final

import pytest

from ghosts.config import STORAGE_WORKERS
from ghosts.paths import DATA
from ghosts.records.recording import Recording

MIB: Final = 2**20
DEVICES: Final = 271
LEAVING: Final = 249
GHOSTS: Final = 194
_COUNTS: Final = (
    "t",
    "gauge",
    "tcp",
    "ghosts",
    "orphans",
    "tasks",
    "leaked_sessions",
    "workers_blocked",
)


def stored_recording(variant: str) -> Recording:
    return Recording.load(DATA / "recordings" / f"production_full_{variant}.json")


def retained_by_ghosts(recording: Recording) -> list[int]:
    return [session.retained_bytes for session in recording.sessions if session.ghost]


def first_all_blocked(recording: Recording) -> int:
    """Return the index of the first sample in which every upload worker is blocked."""
    return next(
        number
        for number, sample in enumerate(recording.samples)
        if sample.workers_blocked == STORAGE_WORKERS
    )


def assert_same_counts(full: Recording, tenth: Recording) -> None:
    """Assert that two scales of one scenario differ in bytes alone, and there by ten times."""
    assert (full.scale, tenth.scale) == (1, 0.1)
    for one, other in zip(full.samples, tenth.samples, strict=True):
        assert [getattr(one, name) for name in _COUNTS] == [
            getattr(other, name) for name in _COUNTS
        ]
    assert full.audio.received == pytest.approx(10 * tenth.audio.received, rel=0.01)
    assert full.audio.lost == pytest.approx(10 * tenth.audio.lost, rel=0.01)
