"""Requests to process a conversation, which wait for their answer of type 201."""

import asyncio
import logging
from dataclasses import dataclass

from ghosts import settings
from ghosts.pusher import wire

_log = logging.getLogger("ghosts.listen")


@dataclass(slots=True)
class _Waiting:
    language: str
    sent_at: float | None = None
    """None on a connection that it was not sent on."""
    retries: int = 0


class Requests:
    """One session's, the oldest first; beyond 100 the oldest goes, and is the next session's.

    A request stays until it is answered, whatever connections come and go. One without an answer
    is sent again after 120 s, on every new connection, and from the third time on with an error in
    the log.
    """

    def __init__(self, uid: str) -> None:
        self._uid = uid
        self._waiting: dict[str, _Waiting] = {}

    def __repr__(self) -> str:
        return f"<Requests {self._uid}: {len(self._waiting)} without an answer>"

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, conversation_id: str, language: str) -> None:
        """Take a request, once."""
        if conversation_id in self._waiting:
            return
        if len(self._waiting) == settings.REQUESTS_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[conversation_id] = _Waiting(language)

    def answered(self, conversation_id: str) -> None:
        """Forget one, whatever the answer was."""
        self._waiting.pop(conversation_id, None)

    def link_down(self) -> None:
        """Have all of them sent on the next connection."""
        for one in self._waiting.values():
            one.sent_at = None

    def take_due(self) -> list[wire.ProcessConversation]:
        """Return what is to be sent now; it counts as sent."""
        now = asyncio.get_running_loop().time()
        due = []
        for conversation_id, one in self._waiting.items():
            if one.sent_at is not None:
                if now - one.sent_at < settings.REQUEST_TIMEOUT:
                    continue
                self._count_retry(conversation_id, one)
            one.sent_at = now
            due.append(wire.ProcessConversation(conversation_id, one.language))
        return due

    def _count_retry(self, conversation_id: str, one: _Waiting) -> None:
        one.retries += 1
        if one.retries == settings.REQUEST_RETRIES:
            _log.error("%s: %s is without an answer for long", self._uid, conversation_id)
            one.retries = 0
