"""Simulated time for every test of this folder."""

from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge
from simulated import Simulation

from async_tasks import Metrics, SessionScope, check_cardinality


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
