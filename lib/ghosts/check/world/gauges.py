"""The gauges of a service that move with its connections, and where they are raised."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ghosts.check.own import own_frame
from ghosts.check.result import Place
from ghosts.check.waits import place_of

Values = dict[str, float]


def gauge_values() -> Values:
    """Return the value of each gauge of prometheus_client in this process, by name and labels."""
    client: Any = sys.modules.get("prometheus_client")
    if client is None:
        return {}
    return {
        sample.name + _labels(sample.labels): value
        for registry in _registries(client)
        for metric in registry.collect()
        if metric.type == "gauge" and not metric.name.startswith(("process_", "python_"))
        for sample in metric.samples
        for value in [sample.value]
    }


def _labels(labels: dict[str, str]) -> str:
    """Return labels as Prometheus writes them."""
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{{{pairs}}}" if pairs else ""


def _registries(client: Any) -> list[Any]:
    found = [each for each in gc.get_objects() if type(each) is client.CollectorRegistry]
    # After gc.freeze(), as before a fork, the collector lists no object that was there by then.
    return found if client.REGISTRY in found else [client.REGISTRY, *found]


def moving(before: Values, connected: Values, devices: int) -> list[str]:
    """Return the gauges that have risen by one for each device that has connected."""
    return [
        name
        for name, value in connected.items()
        if devices and value - before.get(name, 0.0) == devices
    ]


@contextmanager
def raises_recorded() -> Iterator[dict[str, Place]]:
    """Yield a dictionary of where each gauge was last raised, by its name."""
    places: dict[str, Place] = {}
    client: Any = sys.modules.get("prometheus_client")
    if client is None:
        yield places
        return
    raise_by = client.Gauge.inc

    def inc(gauge: Any, amount: float = 1) -> None:
        frame = own_frame(sys._getframe(1))
        if frame is not None:
            places[gauge._name] = place_of(frame.f_code, frame.f_lineno)
        raise_by(gauge, amount)

    client.Gauge.inc = inc
    try:
        yield places
    finally:
        client.Gauge.inc = raise_by
