"""Which gauges a check sees in its process."""

import subprocess
import sys

_FROZEN = """
import gc
from prometheus_client import CollectorRegistry, Gauge
from ghosts.check.world.gauges import gauge_values

Gauge("in_the_default_registry", "").set(1)
gc.freeze()  # as a server does before it forks its workers
other = CollectorRegistry()
Gauge("in_another_registry", "", registry=other).set(2)
print(gauge_values())
"""


def test_gauges_that_are_exempt_from_garbage_collection_are_seen() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _FROZEN], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "{'in_the_default_registry': 1.0, 'in_another_registry': 2.0}"
