"""Speakers: who speaks in a conversation, and which of them the user knows."""

import logging
from collections import defaultdict
from typing import Any, Final

from async_tasks import gather_chunked
from ghosts import config
from ghosts.clients import BackendError, ListenClients
from ghosts.protocol import SpeakerSample

_log = logging.getLogger("ghosts.listen")
_THE_USER: Final = "user"


class Speakers:
    """The speakers of the current conversation of one session, with the ids of their segments.

    Args:
        uid: The user.
        clients: Looks up voices.
        enabled: Whether the user has switched it on; if not, nothing is looked up.
    """

    def __init__(self, uid: str, clients: ListenClients, *, enabled: bool) -> None:
        self._uid = uid
        self._clients = clients
        self._enabled = enabled
        self._said: defaultdict[str, list[str]] = defaultdict(list)

    def note(self, segments: list[dict[str, Any]]) -> None:
        """Record the speakers of ``segments``."""
        if self._enabled:
            for segment in segments:
                self._said[segment["speaker"]].append(segment["id"])

    async def know_the_user(self) -> None:
        """Look up the user's own voice. A failure is logged."""
        if not self._enabled:
            return
        try:
            await self._clients.who_speaks(self._uid, _THE_USER)
        except BackendError as error:
            _log.warning("%s: the user's own voice is not known: %s", self._uid, error)

    async def identify(self, conversation_id: str, label: str) -> list[SpeakerSample]:
        """Look up the speakers so far; return a request for each whom the user knows.

        They are looked up in chunks of four, 15 s each at most. A failure is logged, and counted
        with ``label``. The next call starts with no speakers.

        Args:
            conversation_id: The conversation of the requests.
            label: The label of the metrics.
        """
        said, self._said = self._said, defaultdict(list)
        found = await gather_chunked(
            [self._clients.who_speaks(self._uid, speaker) for speaker in said],
            chunk_size=config.SPEAKERS_AT_ONCE,
            label=label,
            timeout=config.USERS_TIMEOUT,
        )
        return [
            SpeakerSample(one.value, conversation_id, segment_ids)
            for one, segment_ids in zip(found, said.values(), strict=True)
            if one.value is not None
        ]
