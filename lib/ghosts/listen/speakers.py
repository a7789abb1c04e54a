"""Speakers: whose voices were heard in a conversation, and which of them the user knows."""

import logging
from collections import defaultdict
from typing import Any, Final

from async_tasks import gather_chunked
from ghosts import settings
from ghosts.backends import BackendError, ListenClients
from ghosts.pusher.wire import SpeakerSample

_log = logging.getLogger("ghosts.listen")
_THE_USER: Final = "user"


class Speakers:
    """One session's speakers of the conversation that is going on, with what each has said."""

    def __init__(self, uid: str, clients: ListenClients, *, enabled: bool) -> None:
        self._uid = uid
        self._clients = clients
        self._enabled = enabled
        self._said: defaultdict[str, list[str]] = defaultdict(list)

    def note(self, segments: list[dict[str, Any]]) -> None:
        """Take note of who has said what."""
        if self._enabled:
            for segment in segments:
                self._said[segment["speaker"]].append(segment["id"])

    async def know_the_user(self) -> None:
        """Look the user's own voice up; return at once if that is switched off."""
        if not self._enabled:
            return
        try:
            await self._clients.who_speaks(self._uid, _THE_USER)
        except BackendError as error:
            _log.warning("%s: the user's own voice is not known: %s", self._uid, error)

    async def identify(self, conversation_id: str, label: str) -> list[SpeakerSample]:
        """Look up who has spoken, and forget it; return a request for each whom the user knows.

        A few at a time, a chunk after the other, each for 15 s at most. Who could not be looked up
        is logged, and counted under ``label``.
        """
        said, self._said = self._said, defaultdict(list)
        found = await gather_chunked(
            [self._clients.who_speaks(self._uid, speaker) for speaker in said],
            chunk_size=settings.SPEAKERS_AT_ONCE,
            label=label,
            timeout=settings.USERS_TIMEOUT,
        )
        return [
            SpeakerSample(one.value, conversation_id, segment_ids)
            for one, segment_ids in zip(found, said.values(), strict=True)
            if one.value is not None
        ]
