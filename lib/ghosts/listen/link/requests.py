"""Requests to process a conversation, until the pusher answers them."""

import asyncio
import logging
from dataclasses import dataclass

from ghosts import config, protocol

_log = logging.getLogger("ghosts.listen")


@dataclass(slots=True)
class _Waiting:
    language: str
    sent_at: float | None = None
    """Seconds of the loop's clock; None: it was not sent on the current connection."""
    retries: int = 0


class Requests:
    """The requests of one session, the oldest first, across connections.

    Beyond 100 the oldest is dropped; the user's next session requests that conversation. A request
    without an answer is sent again after 120 s, and on every new connection. Every third time an
    error is logged.
    """

    def __init__(self, uid: str) -> None:
        self._uid = uid
        self._waiting: dict[str, _Waiting] = {}

    def __repr__(self) -> str:
        return f"<Requests {self._uid}: {len(self._waiting)} without an answer>"

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, conversation_id: str, language: str) -> None:
        """Add a request, unless the conversation has one."""
        if conversation_id in self._waiting:
            return
        if len(self._waiting) == config.REQUESTS_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[conversation_id] = _Waiting(language)

    def answered(self, conversation_id: str) -> None:
        """Remove a request that was answered, with success or an error."""
        self._waiting.pop(conversation_id, None)

    def link_down(self) -> None:
        """Record that the connection is closed: all requests are due on the next one."""
        for one in self._waiting.values():
            one.sent_at = None

    def take_due(self) -> list[protocol.ProcessConversation]:
        """Return the requests that are due, and mark them as sent."""
        now = asyncio.get_running_loop().time()
        due = []
        for conversation_id, one in self._waiting.items():
            if one.sent_at is not None:
                if now - one.sent_at < config.REQUEST_TIMEOUT:
                    continue
                self._count_retry(conversation_id, one)
            one.sent_at = now
            due.append(protocol.ProcessConversation(conversation_id, one.language))
        return due

    def _count_retry(self, conversation_id: str, one: _Waiting) -> None:
        one.retries += 1
        if one.retries == config.REQUEST_RETRIES:
            _log.error("%s: %s is without an answer for long", self._uid, conversation_id)
            one.retries = 0
