"""Conversations: when one is over, and who sees to it that each is processed."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable

from async_tasks import sleep_until_shutdown, ticks
from ghosts import settings
from ghosts.listen.link import Requests
from ghosts.service import Lifetime


class Unprocessed:
    """A pod's list of the conversations that are not processed yet, by user.

    It outlives sessions: what one of them has left, the user's next one takes up. The record keeps
    it in a database; here it is the pod's.
    """

    def __init__(self) -> None:
        self._by_user: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._going_on: set[str] = set()
        self._numbers = itertools.count()

    def __repr__(self) -> str:
        return f"<Unprocessed {sum(map(len, self._by_user.values()))} conversations>"

    def begin(self, uid: str, unix_time: float) -> str:
        """Return the id of a new conversation, that no other has had; it is going on."""
        conversation_id = f"{uid}/{unix_time:.0f}/{next(self._numbers)}"
        self._going_on.add(conversation_id)
        return conversation_id

    def end(self, conversation_id: str) -> None:
        """Take note that it is over."""
        self._going_on.discard(conversation_id)

    def add(self, uid: str, conversation_id: str) -> None:
        """Take note of a conversation in which something was said."""
        self._by_user[uid][conversation_id] = None

    def remove(self, uid: str, conversation_id: str) -> None:
        """Forget one: it is processed."""
        if uid in self._by_user:
            self._by_user[uid].pop(conversation_id, None)
            if not self._by_user[uid]:
                del self._by_user[uid]

    def of(self, uid: str) -> list[str]:
        """Return a user's that are over, the oldest first."""
        return [one for one in self._by_user.get(uid, ()) if one not in self._going_on]


class Conversations:
    """One session's: the one that is going on, and the requests for those that are over."""

    def __init__(
        self,
        uid: str,
        language: str,
        lifetime: Lifetime,
        requests: Requests,
        left: Unprocessed,
        unix_time: Callable[[], float],
    ) -> None:
        self._uid = uid
        self._language = language
        self._lifetime = lifetime
        self._requests = requests
        self._left = left
        self._unix_time = unix_time
        self._began_at = self._now()
        self._said_at: float | None = None
        self.id = left.begin(uid, unix_time())

    def __repr__(self) -> str:
        return f"<Conversations {self.id}>"

    def said(self) -> None:
        """Take note that something was said."""
        self._said_at = self._now()
        self._left.add(self._uid, self.id)

    async def run(self, at_its_end: Callable[[str], Awaitable[None]]) -> None:
        """End a conversation after 120 s of silence, or 4 hours; looked at every 5 s.

        ``at_its_end`` is called with the id of one that is over. It returns once the session is.
        """
        async for _ in ticks(self._lifetime.shutdown, settings.CONVERSATION_TICK):
            if self._lifetime.over:
                return
            if self._is_over():
                over = self.id
                self._said_at, self._began_at = None, self._now()
                self.id = self._left.begin(self._uid, self._unix_time())
                self._left.end(over)
                await at_its_end(over)
                self._requests.add(over, self._language)

    async def take_up(self) -> None:
        """After 7 s, ask for the conversations that earlier sessions have left."""
        if await sleep_until_shutdown(
            self._lifetime.shutdown, settings.PENDING_CONVERSATIONS_AFTER
        ):
            return
        for conversation_id in self._left.of(self._uid):
            self._requests.add(conversation_id, self._language)

    def leave(self) -> None:
        """Take note that nothing more will be said: the user's next session may take it up."""
        self._left.end(self.id)

    def processed(self, conversation_id: str) -> None:
        """Forget one: it is processed."""
        self._left.remove(self._uid, conversation_id)

    def _is_over(self) -> bool:
        if self._said_at is None:
            return False
        silence, length = self._now() - self._said_at, self._now() - self._began_at
        return silence >= settings.CONVERSATION_SILENCE or length >= settings.CONVERSATION_LONGEST

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
