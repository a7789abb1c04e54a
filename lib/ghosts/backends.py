"""The backends: the services that sessions call."""

from enum import StrEnum
from typing import Final


class Backend(StrEnum):
    """A service that sessions call."""

    STORAGE = "storage"
    TRANSCRIPT_WEBHOOK = "transcript_webhook"
    AUDIO_WEBHOOK = "audio_webhook"
    SPEAKER_SAMPLES = "speaker_samples"
    CONVERSATIONS = "conversations"
    USERS = "users"
    SPEECH_TO_TEXT = "speech_to_text"
    PEOPLE = "people"
    APPS = "apps"
    USAGE = "usage"


BACKENDS: Final = tuple(Backend)
"""All backends."""
PUSHER_BACKENDS: Final = (
    Backend.STORAGE,
    Backend.TRANSCRIPT_WEBHOOK,
    Backend.AUDIO_WEBHOOK,
    Backend.SPEAKER_SAMPLES,
    Backend.CONVERSATIONS,
    Backend.USERS,
)
"""The backends that a session of the pusher calls."""
LISTEN_BACKENDS: Final = (
    Backend.USERS,
    Backend.SPEECH_TO_TEXT,
    Backend.PEOPLE,
    Backend.APPS,
    Backend.USAGE,
)
"""The backends that a session of listen calls, besides the pusher."""
