"""The wire against the published table, byte for byte, and the constants against the record."""

import csv
import json
import struct

import pytest

from ghosts import settings
from ghosts.paths import DATA
from ghosts.pusher import wire

PUBLISHED = {
    b"\x64\0\0\0": wire.Heartbeat(),
    b"\x65\0\0\0" + struct.pack("<d", 1_778_630_400.5) + b"\1\2": wire.Audio(
        1_778_630_400.5, b"\1\2"
    ),
    b'\x66\0\0\0{"segments": [{"text": "hi"}], "memory_id": "m"}': wire.Transcript(
        [{"text": "hi"}], "m"
    ),
    b'\x66\0\0\0{"segments": [], "memory_id": null}': wire.Transcript([], None),
    "\x67\0\0\0c/1 é".encode(): wire.Conversation("c/1 é"),
    b'\x68\0\0\0{"conversation_id": "c", "language": "pt"}': wire.ProcessConversation("c", "pt"),
    b'\x69\0\0\0{"person_id": "p", "conversation_id": "c", "segment_ids": ["s"]}': (
        wire.SpeakerSample("p", "c", ["s"])
    ),
}


@pytest.mark.parametrize(("frame", "message"), PUBLISHED.items())
def test_each_type_is_written_and_read_as_published(frame, message):
    assert wire.encode(message) == frame
    assert wire.decode(frame) == message


def test_a_request_without_a_language_is_english_and_other_keys_are_passed_over():
    frame = struct.pack("<I", 104) + b'{"conversation_id": "c", "byok_keys": {"openai": "k"}}'
    assert wire.decode(frame) == wire.ProcessConversation("c", "en")


def test_an_id_may_have_128_characters():
    longest = wire.Conversation("c" * 128)
    assert wire.decode(wire.encode(longest)) == longest
    with pytest.raises(wire.WireError, match="type 103"):
        wire.decode(wire.encode(wire.Conversation("c" * 129)))


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (wire.encode_answer(wire.Processed("c")), {"conversation_id": "c", "success": True}),
        (wire.encode_answer(wire.Processed("c", "no")), {"conversation_id": "c", "error": "no"}),
    ],
)
def test_the_answer_says_success_or_the_error(answer, fields):
    assert answer[:4] == struct.pack("<I", 201)
    assert json.loads(answer[4:]) == fields


def test_the_answer_of_type_201_is_no_message_for_a_server():
    with pytest.raises(wire.UnknownTypeError, match="201"):
        wire.decode(wire.encode_answer(wire.Processed("c")))


def test_sizes_are_those_of_the_record():
    second = wire.encode(wire.Audio(0.0, bytes(settings.audio_bytes(1, 8000))))
    assert len(second) == 16_012
    assert len(wire.encode(wire.Audio(0.0, bytes(settings.audio_bytes(1, 16_000))))) == 32_012
    chunk = settings.audio_bytes(settings.PRIVATE_CLOUD_CHUNK_SECONDS, 8000)
    assert chunk == 960_000
    assert chunk < settings.MAX_FRAME_BYTES


IN_BOTH = {
    "sample_rate": settings.DEFAULT_SAMPLE_RATE,
    "bytes_per_sample": settings.BYTES_PER_SAMPLE,
    "chunk_duration": settings.PRIVATE_CLOUD_CHUNK_SECONDS,
    "private_cloud_queue_limit": settings.PRIVATE_CLOUD_QUEUE_MAX,
    "private_cloud_tick": settings.PRIVATE_CLOUD_TICK,
    "private_cloud_retries": settings.PRIVATE_CLOUD_MAX_RETRIES,
    "speaker_sample_queue_limit": settings.SPEAKER_SAMPLES_QUEUE_MAX,
    "speaker_sample_tick": settings.SPEAKER_SAMPLES_TICK,
    "speaker_sample_min_age": settings.SPEAKER_SAMPLES_MIN_AGE,
    "transcript_queue_limit": settings.TRANSCRIPTS_QUEUE_MAX,
    "transcript_tick": settings.TRANSCRIPTS_TICK,
    "audio_bytes_queue_limit": settings.AUDIO_BYTES_QUEUE_MAX,
    "receive_timeout": settings.WS_RECEIVE_TIMEOUT,
    "background_drain_timeout": settings.BG_DRAIN_TIMEOUT,
    "cancel_acknowledge_timeout": settings.CANCEL_ACK_TIMEOUT,
    "webhook_timeout": settings.WEBHOOK_READ_TIMEOUT,
    "webhook_connect_timeout": settings.WEBHOOK_CONNECT_TIMEOUT,
    "webhook_concurrency_limit": settings.WEBHOOK_CONNECTIONS,
    "speech_client_timeout": settings.SPEAKER_SAMPLES_TIMEOUT,
    "speech_client_connections": settings.SPEAKER_SAMPLES_CONNECTIONS,
}


@pytest.mark.parametrize(("name", "value"), IN_BOTH.items(), ids=IN_BOTH)
def test_the_service_runs_with_the_constant_of_the_record(name, value):
    with (DATA / "service_constants.csv").open(newline="") as file:
        record = {row["name"]: float(row["value"]) for row in csv.DictReader(file)}
    assert value == record[name]


def test_a_session_is_a_ghost_only_after_its_longest_linger_by_design():
    linger = (
        settings.SPEAKER_SAMPLES_MIN_AGE + settings.SPEAKER_SAMPLES_TICK  # a queued sample
    )
    assert linger == 135
    assert linger + settings.SPEAKER_SAMPLES_TICK == settings.GHOST_AFTER
