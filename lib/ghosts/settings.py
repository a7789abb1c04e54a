"""Every constant of the services, with its unit and its source.

``omi#N`` is issue or pull request N of the public repository BasedHardware/omi; ``published`` is
read in that repository's source as of the incident; ``ours`` is a value the record does not give.
"""

from typing import Final

# --- the two bounds that the fix introduced, and the acknowledgement it added in review ---------
WS_RECEIVE_TIMEOUT: Final = 300.0
"""Seconds without a frame after which a session ends (omi#7283)."""
BG_DRAIN_TIMEOUT: Final = 30.0
"""Seconds the loops have to finish after a disconnect, before they are cancelled (omi#7283)."""
CANCEL_ACK_TIMEOUT: Final = 5.0
"""Seconds a cancelled task has to acknowledge it (omi#7283)."""

# --- the link -----------------------------------------------------------------------------------
DEFAULT_SAMPLE_RATE: Final = 8000
"""Hz, when the query names none (published)."""
MAX_SAMPLE_RATE: Final = 48_000
"""Hz; above it the server closes with 1008 (published, later version)."""
BYTES_PER_SAMPLE: Final = 2
"""PCM, 16 bit, mono (published)."""
WS_BACKLOG: Final = 2048
"""Connections that wait to be accepted: the default of the server that ran the pusher (uvicorn)."""
WS_PING_INTERVAL: Final = 20.0
"""Seconds between WebSocket pings: the default of the server that ran the pusher (omi#5194)."""
WS_PING_TIMEOUT: Final = 20.0
"""Seconds a peer has to answer a ping: the default of the server that ran the pusher (omi#5194)."""
WS_CLOSE_TIMEOUT: Final = 3.0
"""Seconds for the closing handshake (published for the client; the server's is not known)."""
WS_OPEN_TIMEOUT: Final = 10.0
"""Seconds for the opening handshake (ours)."""
MAX_FRAME_BYTES: Final = 2**20
"""Bytes; a larger frame is refused with 1009 (ours; an audio frame has 96 kB at most)."""
MAX_ID_LENGTH: Final = 128
"""Characters of a uid, of any other id, and of a language code (ours)."""
MAX_JSON_DEPTH: Final = 32
"""Lists and objects in each other in a transcript (ours; what is deeper cannot be passed on)."""

# --- private cloud: the user's own audio, on its way to storage ---------------------------------
PRIVATE_CLOUD_TICK: Final = 1.0
"""Seconds between two looks at the queue (published)."""
PRIVATE_CLOUD_CHUNK_SECONDS: Final = 60
"""Seconds of audio in a chunk: 960,000 bytes at 8 kHz (published)."""
PRIVATE_CLOUD_BATCH_SECONDS: Final = 60
"""Seconds of audio, or of age, at which a conversation's batch is uploaded (omi#5555)."""
PRIVATE_CLOUD_QUEUE_MAX: Final = 20
"""Chunks; the oldest is dropped beyond it (omi#6762)."""
PRIVATE_CLOUD_MAX_RETRIES: Final = 3
"""Uploads of a batch after the first, before it is given up (published)."""
STORAGE_WORKERS: Final = 16
"""Threads that upload, shared by a whole pod (omi#6762)."""

# --- speaker samples ----------------------------------------------------------------------------
SPEAKER_SAMPLES_TICK: Final = 15.0
"""Seconds between two looks at the queue (published)."""
SPEAKER_SAMPLES_MIN_AGE: Final = 120.0
"""Seconds a request waits before it is processed (published)."""
SPEAKER_SAMPLES_QUEUE_MAX: Final = 100
"""Requests (omi#4784)."""
SPEAKER_SAMPLES_TIMEOUT: Final = 300.0
"""Seconds for one request to the speech service (published)."""
SPEAKER_SAMPLES_CONNECTIONS: Final = 8
"""Connections to the speech service, per pod (published)."""

# --- transcripts --------------------------------------------------------------------------------
TRANSCRIPTS_TICK: Final = 1.0
"""Seconds between two looks at the queue (published)."""
TRANSCRIPTS_QUEUE_MAX: Final = 50
"""Transcripts (omi#4784)."""

# --- audio bytes, for the apps that want them ---------------------------------------------------
AUDIO_BYTES_QUEUE_MAX: Final = 20
"""Pieces (omi#4784)."""

# --- clients ------------------------------------------------------------------------------------
WEBHOOK_CONNECT_TIMEOUT: Final = 2.0
"""Seconds (published)."""
WEBHOOK_READ_TIMEOUT: Final = 15.0
"""Seconds between two bytes of an answer, which is why a trickle can outlast it (published)."""
WEBHOOK_CONNECTIONS: Final = 64
"""Connections, and requests in flight, per pod (published)."""
CONVERSATION_TIMEOUT: Final = 300.0
"""Seconds to process a conversation (ours: the record gives the speech service's)."""
USERS_TIMEOUT: Final = 15.0
"""Seconds to read what a user has switched on, before the gauge goes up (ours)."""

# --- what the shipped version adds --------------------------------------------------------------
UPLOAD_DEADLINE: Final = 30.0
"""Seconds for one upload, from its start on a worker to the last byte of the answer (ours)."""
WEBHOOK_DEADLINE: Final = 15.0
"""Seconds for one call of a webhook, however its answer trickles (ours: as long as published
between two bytes)."""
SPEAKER_SAMPLES_DEADLINE: Final = 20.0
"""Seconds for one request to the speech service: less than a drain (ours)."""
SPOOL_MAX_BYTES: Final = 4 * 2**30
"""Bytes of audio in a pod's spool: three hours of 22 devices at 8 kHz, as many as the largest pod
on record really had (ours)."""
SPOOL_DISK_RESERVE: Final = 16 * 2**20
"""Bytes of its disk that the spool does not fill: to forget what is delivered takes room too (ours;
the log grows to 4 MiB, and a frame)."""
SPOOL_BATCH_BYTES: Final = 960_000
"""Bytes of a delivery, at most: a minute at 8 kHz, as published for a batch."""
SPOOL_BATCH_AGE: Final = 60.0
"""Seconds that a conversation's audio may wait before it is delivered, as published for a batch."""
DELIVERY_BACKOFF: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a failed delivery is tried again, by the number of failures; the last one from
then on (ours)."""

# --- listen: the device's side ------------------------------------------------------------------
CLIENT_PING: Final = 10.0
"""Seconds between two pings, which are text messages, to a device (published)."""
CLIENT_INACTIVITY: Final = 90.0
"""Seconds without a message of the device after which its session ends (published)."""
USAGE_TICK: Final = 60.0
"""Seconds between two records of usage (published)."""
SPEECH_TICK: Final = 1.0
"""Seconds of speech that are heard at a time (ours: the record's is a stream)."""
SPEECH_DEADLINE: Final = 10.0
"""Seconds to have a piece of speech heard, in the shipped version (ours)."""
SPEECH_BACKOFF: Final = 2.0
"""Seconds before a piece of speech is sent again that was not heard (ours)."""
CONVERSATION_SILENCE: Final = 120.0
"""Seconds in which nothing is said that end a conversation (published, the least of what a user can
choose)."""
CONVERSATION_LONGEST: Final = 14_400.0
"""Seconds after which a conversation ends in any case (published)."""
CONVERSATION_TICK: Final = 5.0
"""Seconds between two looks at whether the conversation is over (published)."""
PENDING_CONVERSATIONS_AFTER: Final = 7.0
"""Seconds after which a session has earlier conversations processed (published)."""
APPS_AT_ONCE: Final = 8
"""Apps that are told at the same time (published, for audio)."""
APPS_DEADLINE: Final = 20.0
"""Seconds for telling all of a user's apps, after which those that are left are not told (ours)."""
SPEAKERS_AT_ONCE: Final = 4
"""Speakers that are looked up in one go (ours)."""
LISTEN_DRAIN_TIMEOUT: Final = 45.0
"""Seconds that the shipped version has for what waits, once its device has gone: longer than a
session of the pusher that was told to stop takes to hang up, so that another can be reached
(ours)."""
LISTEN_LANGUAGES: Final = ("de", "en", "es", "fr", "multi")
"""Languages that a session may ask for (ours; the record's list is longer)."""

# --- listen: the pusher's side ------------------------------------------------------------------
SEND_TICK: Final = 1.0
"""Seconds between two frames of audio, or of transcripts, to the pusher (published)."""
SEGMENT_BUFFER_MAX: Final = 1000
"""Segments that wait for the pusher; the oldest goes beyond it (published)."""
AUDIO_BUFFER_MAX: Final = 10 * 2**20
"""Bytes of audio that wait for the pusher; the oldest goes beyond it (published)."""
PUSHER_HEARTBEAT: Final = 20.0
"""Seconds between heartbeats to the pusher (omi#5237)."""
PUSHER_RECEIVE_TICK: Final = 5.0
"""Seconds that one wait for the pusher's next frame takes at most (published)."""
PUSHER_PING_INTERVAL: Final = 30.0
"""Seconds between WebSocket pings to the pusher (published)."""
PUSHER_PING_TIMEOUT: Final = 60.0
"""Seconds that the pusher has to answer one (published)."""
REQUESTS_MAX: Final = 100
"""Requests that wait for an answer of type 201; the oldest goes beyond it (published)."""
REQUEST_TIMEOUT: Final = 120.0
"""Seconds without an answer after which a request is sent again (published)."""
REQUEST_RETRIES: Final = 3
"""Times that a request is sent again before that is an error in the log (published: it is kept, and
its timer started anew)."""
CONNECT_TRIES: Final = 5
"""Times that a new session tries to connect before it goes on without a pusher (published)."""
CONNECT_BACKOFF: Final = 1.0
"""Seconds before the second try, doubled each time, and up to a second more (published)."""
CONNECT_BACKOFF_MAX: Final = 15.0
"""Seconds between two such tries, at most (published)."""
RECONNECT_BACKOFF: Final = 1.0
"""Seconds before a lost connection is tried anew, doubled each time (published)."""
RECONNECT_BACKOFF_MAX: Final = 60.0
"""Seconds between two such tries, at most (published)."""
RECONNECT_JITTER: Final = 0.25
"""The part by which these are longer or shorter, drawn anew each time (published)."""
LINK_PROVEN: Final = 10.0
"""Seconds that a connection has to last for the next loss of it to be a new one (ours)."""
RECONNECT_TRIES: Final = 6
"""Tries after which a session is degraded (published)."""
DEGRADED_PAUSE: Final = 60.0
"""Seconds between two tries of a degraded session (published)."""
BREAKER_FAILURES: Final = 20
"""Failures to connect that open a pod's breaker (omi#6025)."""
BREAKER_WINDOW: Final = 30.0
"""Seconds within which they have to come (omi#6025)."""
BREAKER_OPEN: Final = 60.0
"""Seconds that it stays open, before it lets one through to try (omi#6025)."""
TERMINATION_GRACE: Final = 120.0
"""Seconds that a pod has to end by itself when it is told to (published, stored chart)."""

GHOST_AFTER: Final = 150.0
"""Seconds after its connection closed beyond which a session is a ghost.

By design a handler lingers: up to 135 s for a queued speaker sample and 15 s for the tick that
sees it (published: see the speaker constants above).
"""


def audio_bytes(seconds: float, sample_rate: int) -> int:
    """Return the size in bytes of that much audio at that rate in Hz."""
    return int(seconds * sample_rate) * BYTES_PER_SAMPLE
