"""Private cloud as one would ship it: audio is put into the spool when it is received."""

from async_tasks import poll
from ghosts.protocol import Audio
from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.spool_file import Key, SpoolError
from ghosts.pusher.spool_uploader import SpoolUploader
from ghosts.ws_server import StopSignals


class SpooledCloud:
    """The audio of one session, which goes to the pod's spool. None of it is kept in memory.

    Audio that is received before a conversation has begun belongs to one with an empty id.
    """

    held_bytes = 0
    """Bytes of audio in memory: none."""

    def __init__(
        self, uid: str, signals: StopSignals, uploader: SpoolUploader, metrics: PusherMetrics
    ) -> None:
        self._key = Key(uid, "")
        self._signals = signals
        self._uploader = uploader
        self._metrics = metrics
        self._work = signals.work_event()
        self._refused = False

    def __repr__(self) -> str:
        return f"<SpooledCloud {self._key.uid}: {self._uploader.spool!r}>"

    def add(self, audio: Audio) -> None:
        """Put audio into the spool; when this returns, it survives the process.

        Raises:
            SpoolError: it does not fit or cannot be written, and is counted as dropped. So is all
                audio after it: what is stored has no gap.
        """
        if not audio.pcm:
            return
        self._metrics.received.inc(len(audio.pcm))
        try:
            if self._refused:
                raise SpoolError("audio before it was not kept")
            self._uploader.accept(self._key, audio.started_at, audio.pcm)
        except SpoolError:
            self._refused = True
            self._metrics.dropped.labels("spool_full").inc(len(audio.pcm))
            raise

    def switch(self, conversation_id: str) -> None:
        """Begin a conversation: the audio that follows belongs to it."""
        if conversation_id != self._key.conversation_id:
            self.cut()
            self._key = self._key._replace(conversation_id=conversation_id)

    def cut(self) -> None:
        """End the conversation: its audio is due, however short it is."""
        self._uploader.end(self._key)

    async def upload_queued(self) -> None:
        """Return at the disconnect: there is nothing to finish."""
        async for _ in poll(self._signals.shutdown, 0, work=self._work):
            if self._signals.ending:
                return
