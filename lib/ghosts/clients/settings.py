"""Settings of a pod's clients: as published, and with a deadline for every call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from ghosts import config
from ghosts.backends import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """The limits of a pod's clients."""

    timeouts: Mapping[Backend, aiohttp.ClientTimeout]
    """The timeout of each backend, in seconds."""
    upload_workers: int = config.STORAGE_WORKERS
    """The size of the upload pool, which all sessions of the pod share."""


_WEBHOOK = aiohttp.ClientTimeout(
    total=None,
    sock_connect=config.WEBHOOK_CONNECT_TIMEOUT,
    sock_read=config.WEBHOOK_READ_TIMEOUT,
)

PUBLISHED: Final = ClientSettings(
    timeouts={
        Backend.STORAGE: aiohttp.ClientTimeout(total=None),
        Backend.TRANSCRIPT_WEBHOOK: _WEBHOOK,
        Backend.AUDIO_WEBHOOK: _WEBHOOK,
        Backend.SPEAKER_SAMPLES: aiohttp.ClientTimeout(total=config.SPEAKER_SAMPLES_TIMEOUT),
        Backend.CONVERSATIONS: aiohttp.ClientTimeout(total=config.CONVERSATION_TIMEOUT),
        Backend.USERS: aiohttp.ClientTimeout(total=config.USERS_TIMEOUT),
        Backend.SPEECH_TO_TEXT: aiohttp.ClientTimeout(total=None),
        Backend.PEOPLE: aiohttp.ClientTimeout(total=config.USERS_TIMEOUT),
        Backend.APPS: _WEBHOOK,
        Backend.USAGE: aiohttp.ClientTimeout(total=config.USERS_TIMEOUT),
    }
)
"""As published: an upload has no deadline, and a webhook only a limit between two bytes.

Speech to text is a stream without a deadline; here each piece of it is a call.
"""

DEADLINES: Final = ClientSettings(
    timeouts={
        **PUBLISHED.timeouts,
        Backend.STORAGE: aiohttp.ClientTimeout(total=config.UPLOAD_DEADLINE),
        Backend.TRANSCRIPT_WEBHOOK: aiohttp.ClientTimeout(total=config.WEBHOOK_DEADLINE),
        Backend.AUDIO_WEBHOOK: aiohttp.ClientTimeout(total=config.WEBHOOK_DEADLINE),
        Backend.SPEAKER_SAMPLES: aiohttp.ClientTimeout(total=config.SPEAKER_SAMPLES_DEADLINE),
        Backend.SPEECH_TO_TEXT: aiohttp.ClientTimeout(total=config.SPEECH_DEADLINE),
        Backend.APPS: aiohttp.ClientTimeout(total=config.WEBHOOK_DEADLINE),
    }
)
"""Every call has a total timeout, which an answer that trickles does not extend."""
