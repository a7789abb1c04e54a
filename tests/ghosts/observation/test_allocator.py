"""What the allocator says grows and falls with what is allocated, and is None where it cannot."""

import ctypes
from collections.abc import Iterator

import pytest
from lifecycles import scenario

from ghosts.observation import allocator as module
from ghosts.observation.allocator import allocator, trim
from ghosts.records.recording import Recording
from ghosts.records.snapshot import Allocator, Trimmed
from ghosts.replay.run import replay

MIB = 2**20
needs_glibc = pytest.mark.skipif(allocator() is None, reason="not glibc's malloc")


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    module._glibc.cache_clear()
    yield
    module._glibc.cache_clear()


def now() -> Allocator:
    found = allocator()
    assert found is not None
    assert found.held_bytes >= found.in_use_bytes > 0
    return found


class Blocks:
    """Blocks of malloc's own, which Python's object allocator has no part in."""

    def __init__(self, size: int, count: int) -> None:
        self._libc = ctypes.CDLL(None)
        self._libc.malloc.restype = ctypes.c_void_p
        self._libc.malloc.argtypes = [ctypes.c_size_t]
        self._libc.free.argtypes = [ctypes.c_void_p]
        self._blocks = (ctypes.c_void_p * count)(*(self._libc.malloc(size) for _ in range(count)))

    def free(self, every: int = 1) -> None:
        for index in range(0, len(self._blocks), every):
            self._libc.free(self._blocks[index])


@needs_glibc
@pytest.mark.parametrize(
    ("size", "count"), [(64, 200_000), (1_000, 20_000), (16_000, 1_000), (8 * MIB, 2)]
)
def test_what_is_in_use_grows_by_what_is_allocated_and_falls_by_what_is_freed(
    size: int, count: int
) -> None:
    before = now()
    blocks = Blocks(size, count)
    full = now()
    blocks.free()
    after = now()
    fallen = full.in_use_bytes - after.in_use_bytes
    # Each block has a head of 16 bytes, and a pointer here that is not freed yet.
    assert full.in_use_bytes - before.in_use_bytes == pytest.approx((size + 24) * count, rel=0.1)
    assert fallen == pytest.approx((size + 16) * count, rel=0.1)
    assert full.held_bytes - before.held_bytes >= -MIB
    assert abs(after.in_use_bytes - before.in_use_bytes) < 8 * count + 0.05 * size * count


@needs_glibc
def test_the_audio_of_python_is_in_it() -> None:
    before = now()
    pieces = [bytes(16_000) for _ in range(1_000)]
    assert now().in_use_bytes - before.in_use_bytes == pytest.approx(16_000_000, rel=0.05)
    del pieces
    assert abs(now().in_use_bytes - before.in_use_bytes) < MIB


@needs_glibc
def test_what_is_freed_between_blocks_in_use_is_held_and_no_longer_in_use() -> None:
    blocks = Blocks(8_000, 4_000)
    full = now()
    blocks.free(every=2)
    half = now()
    assert full.in_use_bytes - half.in_use_bytes == pytest.approx(16_000_000, rel=0.05)
    assert half.held_bytes >= full.held_bytes - MIB


@needs_glibc
def test_trimming_returns_resident_memory_before_and_after() -> None:
    blocks = Blocks(8_000, 4_000)
    for index in range(4_000):
        ctypes.memset(blocks._blocks[index], 1, 8_000)
    blocks.free(every=2)
    trimmed = trim()
    assert isinstance(trimmed, Trimmed)
    assert trimmed.rss_before_bytes - trimmed.rss_after_bytes > 0
    assert now().in_use_bytes > 0


class NoGlibc:
    """A C library that has no such functions."""


def test_where_the_c_library_is_another_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: NoGlibc())
    module._glibc.cache_clear()
    assert (allocator(), trim()) == (None, None)
    recording = recorded(measure_memory=True)
    assert {sample.allocator for sample in recording.samples} == {None}
    assert recording.trimmed is None
    assert recording.last.rss_bytes > 0


def recorded(*, measure_memory: bool) -> Recording:
    one = scenario(duration=60, stay=10, sample_every=30)
    return replay(one, "gather_all", measure_memory=measure_memory)


@needs_glibc
def test_a_recording_carries_it_if_memory_is_measured() -> None:
    recording = recorded(measure_memory=True)
    for sample in recording.samples:
        assert sample.allocator is not None
        assert 0 < sample.allocator.in_use_bytes <= sample.allocator.held_bytes
    assert recording.trimmed is not None
    assert recording.trimmed.rss_before_bytes >= recording.last.rss_bytes // 2
    without = recording.without_memory()
    assert (without.trimmed, {sample.allocator for sample in without.samples}) == (None, {None})


def test_a_recording_does_not_carry_it_if_memory_is_not_measured() -> None:
    recording = recorded(measure_memory=False)
    assert recording.trimmed is None
    assert {(sample.allocator, sample.rss_bytes) for sample in recording.samples} == {(None, 0)}
