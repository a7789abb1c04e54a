"""Messages from listen to a device: text frames of JSON, except for the ping."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

PING: Final = "ping"


class Status(StrEnum):
    """The stages of setting up a session, in this order (published)."""

    INITIATING = "initiating"
    PROCESSING = "processing"
    STT_INITIATING = "stt_initiating"
    READY = "ready"


def status(of: Status) -> str:
    """Return the message that a stage was reached."""
    return json.dumps({"type": "service_status", "status": of})


def heard(segments: Sequence[dict[str, Any]]) -> str:
    """Return the message with transcribed segments."""
    return json.dumps({"type": "segments", "segments": segments})


def processed(conversation_id: str) -> str:
    """Return the message that a conversation was processed."""
    return json.dumps({"type": "conversation_processed", "conversation_id": conversation_id})
