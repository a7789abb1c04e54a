"""The catalogue of faults, by name."""

from typing import Final

FAULTS: Final = (
    "device_closes",
    "device_resets",
    "device_vanishes",
    "burst_of_200",
    "finite_task_ends",
    "task_crashes_at_once",
    "heartbeat_ends",
    "device_silent",
    "webhook_trickles",
    "early_return",
    "cancellation_swallowed",
    "storage_never_answers",
    "storage_hangs_at_departure",
    "task_crashes_late",
    "handler_cancelled",
    "thread_blocks",
    "storage_500",
    "storage_resets",
    "storage_refuses",
    "storage_flaps",
    "storage_slow",
    "answer_lost",
)
"""The catalogue: scenarios of ``data/faults/``, roughly in the order in which they were mended."""
