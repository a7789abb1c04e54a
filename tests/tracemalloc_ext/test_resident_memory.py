"""How much of the growth of resident memory Python's allocators explain."""

import mmap
import sys
import tracemalloc

import pytest

from tracemalloc_ext import growth, snapshot

SIZE = 64 * 2**20


def mapped():
    memory = mmap.mmap(-1, SIZE)
    memory.write(b"x" * SIZE)
    return memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory: Linux only")
@pytest.mark.parametrize(
    ("make", "by_python"), [(mapped, 0), (lambda: b"x" * SIZE, SIZE)], ids=["mmap", "bytes"]
)
def test_resident_memory_that_pythons_allocators_do_not_explain_is_told_apart(make, by_python):
    tracemalloc.start()
    try:
        before = snapshot()
        kept = make()
        result = growth(before, snapshot())
    finally:
        tracemalloc.stop()
    assert len(kept) == SIZE
    assert result.resident == pytest.approx(SIZE, abs=SIZE / 8)
    assert result.traced == pytest.approx(by_python, abs=SIZE / 8)
    assert result.unexplained == pytest.approx(SIZE - by_python, abs=SIZE / 8)
    report = str(result).splitlines()
    assert report[-3] == "resident memory"
    assert report[-2].split() == [f"+{result.resident:,}", "B", "in", "all"]
    assert "not given out by Python's allocators: C libraries, free memory" in report[-1]
