"""For tests: refuse labels that would grow without end."""

import re
from collections import defaultdict
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry

MOST_VALUES: Final = 20
"""Values of one label that a test run may see; a dashboard has no room for more."""
_WORDS: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_BUCKET: Final = "le"


def check_cardinality(registry: CollectorRegistry = REGISTRY, *, prefix: str = "async_") -> None:
    """Raise ValueError when a label looks like an id, naming the metric, the label and the value.

    Every value of a label is a time series for ever, so it has to come from the code and not from
    a connection: lower-case words, as in ``pusher_bg``, and at most 20 of them. Metrics whose names
    do not start with ``prefix`` are not looked at. To be called at the end of each test.
    """
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in registry.collect():
        if family.name.startswith(prefix):
            for sample in family.samples:
                for label, value in sample.labels.items():
                    if label != _BUCKET:
                        values[family.name, label].add(value)
    for (metric, label), seen in sorted(values.items()):
        for value in sorted(seen):
            if not _WORDS.fullmatch(value):
                raise ValueError(f"{metric}: {label}={value!r} looks like an id; labels are static")
        if len(seen) > MOST_VALUES:
            raise ValueError(f"{metric}: {label} has {len(seen)} values; labels are static")
