"""The catalogue of faults by name, and the rows of the matrix."""

from typing import Final

from ghosts.variants import LISTEN_VARIANTS

LISTEN: Final = "listen/"
"""The prefix of rows in which devices connect to listen, and listen to the pusher."""
LISTEN_ROWS: Final = tuple(f"{LISTEN}{name}" for name in LISTEN_VARIANTS)
"""The rows of both services: the variants that have a version of listen."""
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
"""The catalogue: scenarios of ``data/faults/``, roughly in the order in which they were fixed."""
LISTEN_FAULTS: Final = (
    *FAULTS,
    "speech_never_answers",
    "speech_fails",
    "apps_trickle",
    "pusher_restarts",
    "pusher_away",
)
"""The same for rows of listen, and five faults that only these have."""
