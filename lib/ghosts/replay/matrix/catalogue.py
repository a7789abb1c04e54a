"""The catalogue of faults, by name, and what is tried against them."""

from typing import Final

from ghosts.listen import LISTEN_LIFECYCLES

LISTEN: Final = "listen/"
"""What the name of a row begins with, where devices come to the pusher through listen."""
LISTEN_ROWS: Final = tuple(f"{LISTEN}{name}" for name in LISTEN_LIFECYCLES)
"""Both services under the lifecycles of the same name."""
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
LISTEN_FAULTS: Final = (
    *FAULTS,
    "speech_never_answers",
    "speech_fails",
    "apps_trickle",
    "pusher_restarts",
    "pusher_away",
)
"""The same, where devices come through listen, and five that there are only there."""
