"""What a session tells its device: text messages, of JSON but for the ping."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

PING: Final = "ping"


class Status(StrEnum):
    """How far a session has come, in this order (published)."""

    INITIATING = "initiating"
    PROCESSING = "processing"
    STT_INITIATING = "stt_initiating"
    READY = "ready"


def status(of: Status) -> str:
    """Write a status event."""
    return json.dumps({"type": "service_status", "status": of})


def heard(segments: Sequence[dict[str, Any]]) -> str:
    """Write segments as they are heard."""
    return json.dumps({"type": "segments", "segments": segments})


def processed(conversation_id: str) -> str:
    """Write that a conversation was processed."""
    return json.dumps({"type": "conversation_processed", "conversation_id": conversation_id})
