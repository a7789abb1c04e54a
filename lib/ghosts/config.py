"""Every constant of the services, with its unit and its source.

``omi#N`` is issue or pull request N of the public repository BasedHardware/omi; ``published`` is
from the source in that repository as of the incident; ``ours`` is not in the public record.
"""

from typing import Final

# --- the bounds that the fix introduced ---------------------------------------------------------
WS_RECEIVE_TIMEOUT: Final = 300.0
"""Seconds without a frame after which a session ends (omi#7283)."""
BG_DRAIN_TIMEOUT: Final = 30.0
"""Seconds that loops have to finish after a disconnect, before they are cancelled (omi#7283)."""
CANCEL_ACK_TIMEOUT: Final = 5.0
"""Seconds that a cancelled task has to end (omi#7283)."""

# --- the link -----------------------------------------------------------------------------------
DEFAULT_SAMPLE_RATE: Final = 8000
"""Hz, when the query has no sample rate (published)."""
MAX_SAMPLE_RATE: Final = 48_000
"""Hz; above it the server closes with 1008 (published, later version)."""
BYTES_PER_SAMPLE: Final = 2
"""PCM, 16 bit, mono (published)."""
WS_BACKLOG: Final = 2048
"""Connections that wait to be accepted: the default of uvicorn, the pusher's server."""
WS_PING_INTERVAL: Final = 20.0
"""Seconds between WebSocket pings: the default of the pusher's server (omi#5194)."""
WS_PING_TIMEOUT: Final = 20.0
"""Seconds that a peer has to answer a ping: the default of the pusher's server (omi#5194)."""
WS_CLOSE_TIMEOUT: Final = 3.0
"""Seconds for the closing handshake (published for the client; the server's is not known)."""
WS_OPEN_TIMEOUT: Final = 10.0
"""Seconds for the opening handshake (ours)."""
MAX_FRAME_BYTES: Final = 2**20
"""Bytes; a larger frame is refused with 1009 (ours; a second of audio has 96 kB at most)."""
MAX_ID_LENGTH: Final = 128
"""Characters of a uid, of any other id, and of a language code (ours)."""
MAX_JSON_DEPTH: Final = 32
"""Levels of nesting in a transcript (ours; deeper JSON cannot be encoded again)."""

# --- private cloud: the user's own audio, to be stored ------------------------------------------
PRIVATE_CLOUD_POLL_INTERVAL: Final = 1.0
"""Seconds between polls of the queue (published)."""
PRIVATE_CLOUD_CHUNK_SECONDS: Final = 60
"""Seconds of audio in a chunk: 960,000 bytes at 8 kHz (published)."""
PRIVATE_CLOUD_BATCH_SECONDS: Final = 60
"""Seconds of audio, or of age, at which the batch of a conversation is uploaded (omi#5555)."""
PRIVATE_CLOUD_QUEUE_MAX: Final = 20
"""Chunks; the oldest is dropped beyond it (omi#6762)."""
PRIVATE_CLOUD_MAX_RETRIES: Final = 3
"""Attempts to upload a batch after the first, before it is dropped (published)."""
STORAGE_WORKERS: Final = 16
"""Upload workers of a pod (omi#6762)."""

# --- speaker samples ----------------------------------------------------------------------------
SPEAKER_SAMPLES_POLL_INTERVAL: Final = 15.0
"""Seconds between polls of the queue (published)."""
SPEAKER_SAMPLES_MIN_AGE: Final = 120.0
"""Seconds that a request is queued before it is sent (published)."""
SPEAKER_SAMPLES_QUEUE_MAX: Final = 100
"""Requests (omi#4784)."""
SPEAKER_SAMPLES_TIMEOUT: Final = 300.0
"""Seconds for one request to the speech service (published)."""
SPEAKER_SAMPLES_CONNECTIONS: Final = 8
"""Connections to the speech service, per pod (published)."""

# --- transcripts --------------------------------------------------------------------------------
TRANSCRIPTS_POLL_INTERVAL: Final = 1.0
"""Seconds between polls of the queue (published)."""
TRANSCRIPTS_QUEUE_MAX: Final = 50
"""Transcripts (omi#4784)."""

# --- audio bytes, for the audio webhook ---------------------------------------------------------
AUDIO_BYTES_QUEUE_MAX: Final = 20
"""Pieces (omi#4784)."""

# --- clients ------------------------------------------------------------------------------------
WEBHOOK_CONNECT_TIMEOUT: Final = 2.0
"""Seconds (published)."""
WEBHOOK_READ_TIMEOUT: Final = 15.0
"""Seconds between two bytes of an answer; one that trickles never reaches it (published)."""
WEBHOOK_CONNECTIONS: Final = 64
"""Connections, and requests in flight, per pod (published)."""
CONVERSATION_TIMEOUT: Final = 300.0
"""Seconds to process a conversation (ours; the record has it for the speech service only)."""
USERS_TIMEOUT: Final = 15.0
"""Seconds to read the features of a user, at admission (ours)."""

# --- what the shipped version adds --------------------------------------------------------------
UPLOAD_DEADLINE: Final = 30.0
"""Seconds for one upload, from its start on a worker to the last byte of the answer (ours)."""
WEBHOOK_DEADLINE: Final = 15.0
"""Seconds for one call of a webhook in total (ours; published between two bytes)."""
SPEAKER_SAMPLES_DEADLINE: Final = 20.0
"""Seconds for one request to the speech service: less than a drain (ours)."""
SPOOL_MAX_BYTES: Final = 4 * 2**30
"""Bytes of audio in the spool of a pod (ours): three hours of 22 devices at 8 kHz, as many as the
largest pod on record had live connections."""
SPOOL_DISK_RESERVE: Final = 16 * 2**20
"""Bytes of disk that the spool leaves free for what else is on it (ours)."""
SPOOL_BATCH_BYTES: Final = 960_000
"""Bytes of audio in a delivery, at most (published for a batch): a minute at 8 kHz."""
SPOOL_BATCH_AGE: Final = 60.0
"""Seconds of age at which the audio of a conversation is due (published for a batch)."""
DELIVERY_BACKOFF: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next attempt of a delivery, by the number of failures; the last one repeats
(ours)."""

# --- listen: devices ----------------------------------------------------------------------------
CLIENT_PING: Final = 10.0
"""Seconds between pings to a device, which are text messages (published)."""
CLIENT_INACTIVITY: Final = 90.0
"""Seconds without a message from a device after which its session ends (published)."""
USAGE_POLL_INTERVAL: Final = 60.0
"""Seconds between records of usage (published)."""
SPEECH_POLL_INTERVAL: Final = 1.0
"""Seconds between calls of speech to text (ours; published, it is a stream)."""
SPEECH_DEADLINE: Final = 10.0
"""Seconds for one call of speech to text, in the version to ship (ours)."""
SPEECH_BACKOFF: Final = 2.0
"""Seconds before a failed call of speech to text is repeated (ours)."""
CONVERSATION_SILENCE: Final = 120.0
"""Seconds of silence that end a conversation (published; the shortest that a user can choose)."""
CONVERSATION_LONGEST: Final = 14_400.0
"""Seconds after which a conversation ends also without silence (published)."""
CONVERSATION_POLL_INTERVAL: Final = 5.0
"""Seconds between checks whether the conversation has ended (published)."""
PENDING_CONVERSATIONS_AFTER: Final = 7.0
"""Seconds after which a session requests conversations that earlier ones left (published)."""
APPS_AT_ONCE: Final = 8
"""Apps that are called at the same time (published for audio)."""
APPS_DEADLINE: Final = 20.0
"""Seconds to call all apps of a user; the rest are not called (ours)."""
SPEAKERS_AT_ONCE: Final = 4
"""Speakers that are looked up at the same time (ours)."""
LISTEN_DRAIN_TIMEOUT: Final = 45.0
"""Seconds that the drain of the version to ship has (ours). A session of the pusher takes less to
end at a graceful shutdown, so the next pod of the pusher can be reached in that time."""
LISTEN_LANGUAGES: Final = ("de", "en", "es", "fr", "multi")
"""Languages that a handshake may have (ours; the published list is longer)."""

# --- listen: the link to the pusher -------------------------------------------------------------
SEND_POLL_INTERVAL: Final = 1.0
"""Seconds between frames of audio, or of transcripts, to the pusher (published)."""
SEGMENT_BUFFER_MAX: Final = 1000
"""Segments queued for the pusher; beyond it the oldest is dropped (published)."""
AUDIO_BUFFER_MAX: Final = 10 * 2**20
"""Bytes of audio queued for the pusher; beyond it the oldest is dropped (published)."""
PUSHER_HEARTBEAT: Final = 20.0
"""Seconds between heartbeats to the pusher (omi#5237)."""
PUSHER_RECEIVE_POLL_INTERVAL: Final = 5.0
"""Seconds to wait for a frame of the pusher before due requests are sent (published)."""
PUSHER_PING_INTERVAL: Final = 30.0
"""Seconds between WebSocket pings to the pusher (published)."""
PUSHER_PING_TIMEOUT: Final = 60.0
"""Seconds that the pusher has to answer a ping (published)."""
REQUESTS_MAX: Final = 100
"""Requests without an answer; beyond it the oldest is dropped (published)."""
REQUEST_TIMEOUT: Final = 120.0
"""Seconds without an answer after which a request is sent again (published)."""
REQUEST_RETRIES: Final = 3
"""Times that a request is sent again before an error is logged (published: it is kept, and its
timer restarts)."""
CONNECT_TRIES: Final = 5
"""Attempts of a new session to connect, before it continues without the pusher (published)."""
CONNECT_BACKOFF: Final = 1.0
"""Seconds before the second attempt, doubled each time, and up to a second more (published)."""
CONNECT_BACKOFF_MAX: Final = 15.0
"""Seconds between these attempts, at most (published)."""
RECONNECT_BACKOFF: Final = 1.0
"""Seconds before the first attempt to reconnect, doubled each time (published)."""
RECONNECT_BACKOFF_MAX: Final = 60.0
"""Seconds between these attempts, at most (published)."""
RECONNECT_JITTER: Final = 0.25
"""Fraction by which these pauses are longer or shorter, at random (published)."""
LINK_PROVEN: Final = 10.0
"""Seconds that a connection has to last before the pauses start from the first again (ours)."""
RECONNECT_TRIES: Final = 6
"""Attempts to reconnect after which a session is degraded (published)."""
DEGRADED_PAUSE: Final = 60.0
"""Seconds between attempts of a degraded session (published)."""
BREAKER_FAILURES: Final = 20
"""Failures to connect that open the circuit breaker of a pod (omi#6025)."""
BREAKER_WINDOW: Final = 30.0
"""Seconds within which these failures have to occur (omi#6025)."""
BREAKER_OPEN: Final = 60.0
"""Seconds that the circuit breaker refuses attempts, before a probe is made (omi#6025)."""
TERMINATION_GRACE: Final = 120.0
"""Seconds that a pod has to end at a graceful shutdown (published, stored chart)."""

GHOST_AFTER: Final = 150.0
"""Seconds after its TCP connection closed beyond which a session is a ghost.

By design a session lingers: up to 135 s for a queued speaker sample, and 15 s for the poll that
finds it (published: see the speaker constants above).
"""


def audio_bytes(seconds: float, sample_rate: int) -> int:
    """Return the bytes of ``seconds`` of audio at ``sample_rate`` Hz, in whole samples."""
    return int(seconds * sample_rate) * BYTES_PER_SAMPLE
