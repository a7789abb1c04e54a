"""Simulated time for every test of this folder."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import looptime
import pytest
from prometheus_client import CollectorRegistry, Gauge

from async_tasks import Metrics, SessionScope, check_cardinality

T = TypeVar("T")


class SimulatedLoop(looptime.LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """An event loop whose clock starts at 0 and jumps to the next timer."""


class Simulation:
    """Runs coroutines; keeps the messages of the loop's exception handler ("never retrieved")."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.get_loop().set_exception_handler(
                lambda _, context: self.complaints.append(context["message"])
            )
            result = runner.run(main)
        gc.collect()
        return result

    def exits(self, main: Coroutine[Any, Any, Any], seen: Callable[[], T]) -> T:
        """Return what is ``seen`` 10 s after ``main`` ended the event loop with a SystemExit."""
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            loop = runner.get_loop()
            exiting = loop.create_task(main)
            with pytest.raises(SystemExit):
                loop.run_until_complete(exiting)
            with contextlib.suppress(SystemExit):  # again, from ``main`` itself
                loop.run_until_complete(asyncio.sleep(10))
            loop.run_until_complete(asyncio.sleep(10))
            return seen()


@pytest.fixture
def simulation() -> Simulation:
    return Simulation()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry)


@pytest.fixture
def connections(registry: CollectorRegistry) -> Callable[[], float | None]:
    """What the gauge of the scopes reads."""
    return lambda: registry.get_sample_value("connections")


@pytest.fixture
def scope_of(metrics: Metrics, registry: CollectorRegistry) -> Callable[..., SessionScope]:
    gauge = Gauge("connections", "", registry=registry)
    return lambda **options: SessionScope(
        "ws:ada", label="t", gauge=gauge, metrics=metrics, **options
    )


@pytest.fixture(autouse=True)
def _static_labels(registry: CollectorRegistry) -> Iterator[None]:
    yield
    check_cardinality()
    check_cardinality(registry)
