import asyncio
import gc
import sys
import tracemalloc
import weakref

import pytest

from tracemalloc_ext import growth, settle, settle_now, snapshot


@pytest.fixture
def tracing():
    tracemalloc.start()
    yield
    tracemalloc.stop()


class Ring:
    def __init__(self):
        self.itself = self


def test_growth_by_owner_is_exact_and_ordered():
    owners = {"b": [], "a": [], "quiet": [], "big": [], "freed": [bytes(bytearray(300))]}
    before = snapshot(owners)
    owners["b"].append(bytearray(100))
    owners["a"].append(bytearray(100))
    owners["big"].append(bytearray(5000))
    owners["freed"].clear()
    result = growth(before, snapshot(owners))
    assert [row.owner for row in result.owners] == ["big", "a", "b", "freed"]
    grown = sys.getsizeof([]) - sys.getsizeof(owners["big"])
    assert result.owners[0].size == sys.getsizeof(owners["big"][0]) - grown
    assert result.owners[-1].size < -300


def test_an_owner_that_comes_or_goes_counts_in_full():
    chunk = bytes(bytearray(1000))
    result = growth(snapshot({"gone": bytes(bytearray(500))}), snapshot({"new": chunk}))
    assert [(row.owner, row.size) for row in result.owners] == [
        ("new", sys.getsizeof(chunk)),
        ("gone", -sys.getsizeof(bytes(500))),
    ]


def test_shared_growth_is_told_apart():
    common = []
    owners = {"a": [common], "b": [common]}
    before = snapshot(owners)
    common.append(bytes(bytearray(1000)))
    result = growth(before, snapshot(owners))
    assert result.owners == ()
    assert 1000 < result.shared < 1200
    assert "shared" in str(result)


@pytest.mark.usefixtures("tracing")
def test_growth_by_line_names_the_line_and_no_machine_path():
    before = snapshot()
    kept = [bytearray(100_000) for _ in range(5)]
    result = growth(before, snapshot())
    assert result.lines is not None
    top = result.lines[0]
    assert top.file == "test_growth.py"
    assert top.source == "kept = [bytearray(100_000) for _ in range(5)]"
    assert 500_000 < top.size < 501_000
    assert top.blocks >= 2 * len(kept)
    assert f"test_growth.py:{top.line}" in str(result)
    assert not any(row.file.startswith("/") for row in result.lines)


@pytest.mark.usefixtures("tracing")
def test_measuring_does_not_show_in_what_is_measured():
    before = snapshot()
    result = growth(before, snapshot())
    assert result.lines is not None
    assert not any("tracemalloc" in row.file for row in result.lines)


def test_without_tracing_lines_are_unknown_and_owners_are_counted():
    result = growth(snapshot({"a": []}), snapshot({"a": [bytes(bytearray(1000))]}))
    assert result.lines is None
    assert result.owners[0].size > 1000
    assert "by line\n  unknown: tracemalloc was not tracing" in str(result)


def test_a_long_report_is_cut_and_states_how_many_rows_are_left_out():
    owners = {f"owner {n:02}": bytes(bytearray(1000)) for n in range(15)}
    report = str(growth(snapshot(), snapshot(owners)))
    assert "owner 09" in report
    assert "owner 10" not in report
    assert "and 5 more" in report


def test_settle_frees_what_only_the_loop_or_a_cycle_held(simulate):
    async def main():
        loop = asyncio.get_running_loop()
        gc.disable()
        try:
            ring, held = Ring(), Ring()
            dead = [weakref.ref(ring), weakref.ref(held)]
            loop.call_soon(id, held)
            del ring, held
            began = loop.time()
            assert [ref() is None for ref in dead] == [False, False]
            await settle()
            assert [ref() is None for ref in dead] == [True, True]
            assert loop.time() == began
        finally:
            gc.enable()

    simulate(main())


def test_settle_now_collects_cycles():
    gc.disable()
    try:
        ring = weakref.ref(Ring())
        assert ring() is not None
        settle_now()
        assert ring() is None
    finally:
        gc.enable()


def test_what_is_not_known_of_resident_memory_is_said(monkeypatch, tmp_path):
    result = growth(snapshot(), snapshot())
    assert result.unexplained is None
    assert str(result).splitlines()[-1].startswith("  unknown, as tracemalloc was not tracing: ")
    # The name `tracemalloc_ext.growth` is that of the function.
    monkeypatch.setattr(sys.modules["tracemalloc_ext.growth"], "_STATM", tmp_path / "none")
    result = growth(snapshot(), snapshot())
    assert result.resident is None
    assert str(result).endswith("resident memory\n  unknown on this system")
