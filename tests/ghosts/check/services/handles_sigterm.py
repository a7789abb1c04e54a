"""A service that handles SIGTERM from its import on, and so does not end by it."""

import signal

from reported import waits_for_storage

__all__ = ["waits_for_storage"]

signal.signal(signal.SIGTERM, lambda number, frame: None)
