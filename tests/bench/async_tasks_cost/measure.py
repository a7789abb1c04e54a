"""Time and peak memory of several implementations of one workload, measured in turns."""

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self

OURS: Final = "async_tasks"
BASELINE: Final = "straightforward"


class Meter(Protocol):
    """Measures what runs inside its ``with`` block, which a workload enters once."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Stopwatch:
    """Wall-clock seconds."""

    seconds: float

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began


class PeakMemory:
    """The most bytes that Python held at once, beyond what it held on entry."""

    peak_bytes: int

    def __enter__(self) -> Self:
        tracemalloc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


Run = Callable[[Meter, int], Coroutine[Any, Any, object]]
"""Does a workload of size n; whatever its implementation, it returns the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """One job, what it counts, and the implementations that do it."""

    name: str
    unit: str
    implementations: Mapping[str, Run]


@dataclass(frozen=True, slots=True)
class Record:
    """The best time of an implementation in ``rounds`` runs, and its peak memory in another run."""

    workload: str
    implementation: str
    n: int
    unit: str
    seconds: float
    rounds: int
    peak_bytes: int | None = None


_MOST_ROUNDS: Final = 30
Who = Literal["all", "two", "none"]
"""All implementations, only ours and the baseline, or none."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a workload is run, for whom the time is taken, and for whom the memory.

    Each implementation is repeated for ``seconds`` but not forever, ours and the baseline at least
    ``rounds`` times, the others at least once.
    """

    n: int
    timed: Who = "all"
    traced: Who = "none"
    seconds: float = 0.5
    rounds: int = 1


def measure(workload: Workload, size: Size) -> list[Record]:
    """Take times and peaks, with the implementations in turns.

    Raises AssertionError when two of them do not return the same.
    """
    timed = _of(workload, size.timed)
    traced = _of(workload, size.traced)
    peaks = {name: _peak(run, size.n) for name, run in traced.items()}
    times: dict[str, list[float]] = {name: [] for name in timed}
    outcomes = {}
    while due := [name for name in timed if _due(name, times[name], size)]:
        for name in due:
            stopwatch = Stopwatch()
            outcomes[name] = _run(timed[name], stopwatch, size.n)
            times[name].append(stopwatch.seconds)
        assert_same(workload.name, outcomes)
    return [
        Record(workload.name, name, size.n, workload.unit, min(took), len(took), peaks.get(name))
        for name, took in times.items()
    ]


def _of(workload: Workload, who: Who) -> dict[str, Run]:
    wanted = {"all": set(workload.implementations), "two": {OURS, BASELINE}, "none": set[str]()}
    return {name: run for name, run in workload.implementations.items() if name in wanted[who]}


def _due(name: str, took: list[float], size: Size) -> bool:
    rounds = size.rounds if name in (OURS, BASELINE) else 1
    return len(took) < rounds or (sum(took) < size.seconds and len(took) < _MOST_ROUNDS)


@contextmanager
def imports_uncollected() -> Iterator[None]:
    """Keep what is there already out of garbage collections: an application imports less."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def check(workload: Workload, n: int = 10) -> None:
    """Raise AssertionError unless all implementations return the same for a small ``n``."""
    assert_same(
        workload.name,
        {name: _run(run, Stopwatch(), n) for name, run in workload.implementations.items()},
    )


def assert_same(name: str, outcomes: Mapping[str, object]) -> None:
    """Raise AssertionError unless all outcomes equal the first."""
    first = next(iter(outcomes.values()))
    different = [other for other, outcome in outcomes.items() if outcome != first]
    assert not different, f"{name}: {different} did another job than {next(iter(outcomes))}"


def _peak(run: Run, n: int) -> int:
    memory = PeakMemory()
    _run(run, memory, n)
    return memory.peak_bytes


def _run(run: Run, meter: Meter, n: int) -> object:
    gc.collect()
    return asyncio.run(run(meter, n))
