"""Conversations: when one ends, and the requests to process each."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable

from async_tasks import poll, sleep_until_shutdown
from ghosts import config
from ghosts.listen.link.requests import Requests
from ghosts.ws_server import StopSignals


class Unprocessed:
    """The conversations of a pod that are not processed yet, by user.

    They outlive their session: the user's next session requests what an earlier one left. As
    published they are in a database; here they are in the memory of the pod.
    """

    def __init__(self) -> None:
        self._by_user: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._ongoing: set[str] = set()
        self._numbers = itertools.count()

    def __repr__(self) -> str:
        return f"<Unprocessed {sum(map(len, self._by_user.values()))} conversations>"

    def begin(self, uid: str, unix_time: float) -> str:
        """Begin a conversation; return its id, which is unique in the pod.

        Args:
            uid: The user.
            unix_time: When it begins, Unix time in seconds.
        """
        conversation_id = f"{uid}/{unix_time:.0f}/{next(self._numbers)}"
        self._ongoing.add(conversation_id)
        return conversation_id

    def end(self, conversation_id: str) -> None:
        """Record that a conversation has ended."""
        self._ongoing.discard(conversation_id)

    def add(self, uid: str, conversation_id: str) -> None:
        """Add a conversation in which something was said."""
        self._by_user[uid][conversation_id] = None

    def remove(self, uid: str, conversation_id: str) -> None:
        """Remove a conversation that was processed."""
        if uid in self._by_user:
            self._by_user[uid].pop(conversation_id, None)
            if not self._by_user[uid]:
                del self._by_user[uid]

    def of(self, uid: str) -> list[str]:
        """Return the ids of a user's conversations that have ended, the oldest first."""
        return [one for one in self._by_user.get(uid, ()) if one not in self._ongoing]


class Conversations:
    """The current conversation of one session, and the requests for those that have ended.

    Args:
        uid: The user.
        language: The language of the session.
        signals: Those of the session.
        requests: Where requests to process a conversation are queued.
        left: The unprocessed conversations of the pod.
        unix_time: Returns the Unix time in seconds.
    """

    def __init__(
        self,
        uid: str,
        language: str,
        signals: StopSignals,
        requests: Requests,
        left: Unprocessed,
        unix_time: Callable[[], float],
    ) -> None:
        self._uid = uid
        self._language = language
        self._signals = signals
        self._requests = requests
        self._left = left
        self._unix_time = unix_time
        self._began_at = self._now()
        self._said_at: float | None = None
        self.id = left.begin(uid, unix_time())

    def __repr__(self) -> str:
        return f"<Conversations {self.id}>"

    def said(self) -> None:
        """Record that something was said in the current conversation."""
        self._said_at = self._now()
        self._left.add(self._uid, self.id)

    async def end_when_silent(self, on_end: Callable[[str], Awaitable[None]]) -> None:
        """End a conversation after 120 s of silence, or 4 hours; return after the disconnect.

        It polls every 5 s. The next conversation begins at once.

        Args:
            on_end: Called with the id of each conversation that has ended, before its request.
        """
        async for _ in poll(self._signals.shutdown, config.CONVERSATION_POLL_INTERVAL):
            if self._signals.ending:
                return
            if self._is_over():
                ended = self.id
                self._said_at, self._began_at = None, self._now()
                self.id = self._left.begin(self._uid, self._unix_time())
                self._left.end(ended)
                await on_end(ended)
                self._requests.add(ended, self._language)

    async def take_up(self) -> None:
        """After 7 s, request what earlier sessions left unprocessed. Return at once at shutdown."""
        if await sleep_until_shutdown(self._signals.shutdown, config.PENDING_CONVERSATIONS_AFTER):
            return
        for conversation_id in self._left.of(self._uid):
            self._requests.add(conversation_id, self._language)

    def leave(self) -> None:
        """End the current conversation; the user's next session may request it."""
        self._left.end(self.id)

    def processed(self, conversation_id: str) -> None:
        """Remove a conversation that was processed."""
        self._left.remove(self._uid, conversation_id)

    def _is_over(self) -> bool:
        if self._said_at is None:
            return False
        silence, length = self._now() - self._said_at, self._now() - self._began_at
        return silence >= config.CONVERSATION_SILENCE or length >= config.CONVERSATION_LONGEST

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
