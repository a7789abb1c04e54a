"""How long a pod's clients wait, and whether unsent audio outlives its session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from ghosts import settings
from ghosts.backends.faults import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What can be set about a pod without touching its sessions.

    ``spool_bytes`` is the size of the spool for audio that storage has not taken yet; 0 is none:
    then audio waits in memory, for as long as its session does. ``grace`` is the seconds that
    sessions have to end by themselves when the pod is told to; 0 is none: then they are cancelled.
    """

    timeouts: Mapping[Backend, aiohttp.ClientTimeout]
    upload_workers: int = settings.STORAGE_WORKERS
    """Threads that upload, shared by all sessions of the pod."""
    spool_bytes: int = 0
    grace: float = 0.0


_WEBHOOK = aiohttp.ClientTimeout(
    total=None,
    sock_connect=settings.WEBHOOK_CONNECT_TIMEOUT,
    sock_read=settings.WEBHOOK_READ_TIMEOUT,
)

PUBLISHED: Final = ClientSettings(
    timeouts={
        Backend.STORAGE: aiohttp.ClientTimeout(total=None),
        Backend.TRANSCRIPT_WEBHOOK: _WEBHOOK,
        Backend.AUDIO_WEBHOOK: _WEBHOOK,
        Backend.SPEAKER_SAMPLES: aiohttp.ClientTimeout(total=settings.SPEAKER_SAMPLES_TIMEOUT),
        Backend.CONVERSATIONS: aiohttp.ClientTimeout(total=settings.CONVERSATION_TIMEOUT),
        Backend.USERS: aiohttp.ClientTimeout(total=settings.USERS_TIMEOUT),
        Backend.SPEECH_TO_TEXT: aiohttp.ClientTimeout(total=None),
        Backend.PEOPLE: aiohttp.ClientTimeout(total=settings.USERS_TIMEOUT),
        Backend.APPS: _WEBHOOK,
        Backend.USAGE: aiohttp.ClientTimeout(total=settings.USERS_TIMEOUT),
    }
)
"""As published: an upload has no deadline, and a webhook only one between two bytes.

Speech is sent to a stream that has none either; here a call stands for each piece of it.
"""

DEADLINES: Final = ClientSettings(
    timeouts={
        **PUBLISHED.timeouts,
        Backend.STORAGE: aiohttp.ClientTimeout(total=settings.UPLOAD_DEADLINE),
        Backend.TRANSCRIPT_WEBHOOK: aiohttp.ClientTimeout(total=settings.WEBHOOK_DEADLINE),
        Backend.AUDIO_WEBHOOK: aiohttp.ClientTimeout(total=settings.WEBHOOK_DEADLINE),
        Backend.SPEAKER_SAMPLES: aiohttp.ClientTimeout(total=settings.SPEAKER_SAMPLES_DEADLINE),
        Backend.SPEECH_TO_TEXT: aiohttp.ClientTimeout(total=settings.SPEECH_DEADLINE),
        Backend.APPS: aiohttp.ClientTimeout(total=settings.WEBHOOK_DEADLINE),
    }
)
"""Every call ends by a deadline that nothing in its answer can put off."""

SHIPPED: Final = ClientSettings(
    timeouts=DEADLINES.timeouts,
    spool_bytes=settings.SPOOL_MAX_BYTES,
    grace=settings.TERMINATION_GRACE,
)
"""The same deadlines, a spool, and time to end."""
