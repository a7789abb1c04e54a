"""Private cloud as one would ship it: audio is on disk before anybody has to wait for it."""

from async_tasks import ticks
from ghosts.pusher.courier import Courier
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.spool import Key, SpoolError
from ghosts.pusher.wire import Audio
from ghosts.service import Lifetime


class SpooledCloud:
    """One session's audio on its way to the pod's spool. It keeps none of it itself.

    Audio that comes before any conversation is named belongs to the one whose id is empty.
    """

    held_bytes = 0

    def __init__(self, uid: str, lifetime: Lifetime, courier: Courier, metrics: Metrics) -> None:
        self._key = Key(uid, "")
        self._lifetime = lifetime
        self._courier = courier
        self._metrics = metrics
        self._work = lifetime.work()
        self._refused = False

    def __repr__(self) -> str:
        return f"<SpooledCloud {self._key.uid}: {self._courier.spool!r}>"

    def add(self, audio: Audio) -> None:
        """Put audio into the spool.

        Raises:
            SpoolError: it did not fit or could not be written, or audio before it did not: what
                is kept has no gap. It is counted as dropped.
        """
        if not audio.pcm:
            return
        self._metrics.received.inc(len(audio.pcm))
        try:
            if self._refused:
                raise SpoolError("audio before it was not kept")
            self._courier.accept(self._key, audio.started_at, audio.pcm)
        except SpoolError:
            self._refused = True
            self._metrics.dropped.labels("spool_full").inc(len(audio.pcm))
            raise

    def switch(self, conversation_id: str) -> None:
        """From here on, audio belongs to this conversation."""
        if conversation_id != self._key.conversation_id:
            self.cut()
            self._key = self._key._replace(conversation_id=conversation_id)

    def cut(self) -> None:
        """Have what has come delivered, however short."""
        self._courier.end(self._key)

    async def run(self) -> None:
        """Return once the session is over: there is nothing to finish."""
        async for _ in ticks(self._lifetime.shutdown, 0, work=self._work):
            if self._lifetime.over:
                return
