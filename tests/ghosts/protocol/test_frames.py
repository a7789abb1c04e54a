"""The wire against the published table, byte for byte, and the constants against the record."""

import csv
import json
import struct

import pytest

from ghosts import config, protocol
from ghosts.paths import DATA

PUBLISHED = {
    b"\x64\0\0\0": protocol.Heartbeat(),
    b"\x65\0\0\0" + struct.pack("<d", 1_778_630_400.5) + b"\1\2": protocol.Audio(
        1_778_630_400.5, b"\1\2"
    ),
    b'\x66\0\0\0{"segments": [{"text": "hi"}], "memory_id": "m"}': protocol.Transcript(
        [{"text": "hi"}], "m"
    ),
    b'\x66\0\0\0{"segments": [], "memory_id": null}': protocol.Transcript([], None),
    "\x67\0\0\0c/1 é".encode(): protocol.Conversation("c/1 é"),
    b'\x68\0\0\0{"conversation_id": "c", "language": "pt"}': protocol.ProcessConversation(
        "c", "pt"
    ),
    b'\x69\0\0\0{"person_id": "p", "conversation_id": "c", "segment_ids": ["s"]}': (
        protocol.SpeakerSample("p", "c", ["s"])
    ),
}


@pytest.mark.parametrize(("frame", "message"), PUBLISHED.items())
def test_each_type_is_written_and_read_as_published(frame, message):
    assert protocol.encode(message) == frame
    assert protocol.decode(frame) == message


def test_a_request_without_a_language_is_english_and_other_keys_are_passed_over():
    frame = struct.pack("<I", 104) + b'{"conversation_id": "c", "byok_keys": {"openai": "k"}}'
    assert protocol.decode(frame) == protocol.ProcessConversation("c", "en")


def test_an_id_may_have_128_characters():
    longest = protocol.Conversation("c" * 128)
    assert protocol.decode(protocol.encode(longest)) == longest
    with pytest.raises(protocol.FrameError, match="type 103"):
        protocol.decode(protocol.encode(protocol.Conversation("c" * 129)))


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (
            protocol.encode_answer(protocol.Processed("c")),
            {"conversation_id": "c", "success": True},
        ),
        (
            protocol.encode_answer(protocol.Processed("c", "no")),
            {"conversation_id": "c", "error": "no"},
        ),
    ],
)
def test_the_answer_says_success_or_the_error(answer, fields):
    assert answer[:4] == struct.pack("<I", 201)
    assert json.loads(answer[4:]) == fields


def test_the_answer_of_type_201_is_no_message_for_a_server():
    with pytest.raises(protocol.UnknownFrameTypeError, match="201"):
        protocol.decode(protocol.encode_answer(protocol.Processed("c")))


def test_sizes_are_those_of_the_record():
    second = protocol.encode(protocol.Audio(0.0, bytes(config.audio_bytes(1, 8000))))
    assert len(second) == 16_012
    assert len(protocol.encode(protocol.Audio(0.0, bytes(config.audio_bytes(1, 16_000))))) == 32_012
    chunk = config.audio_bytes(config.PRIVATE_CLOUD_CHUNK_SECONDS, 8000)
    assert chunk == 960_000
    assert chunk < config.MAX_FRAME_BYTES


IN_BOTH = {
    "sample_rate": config.DEFAULT_SAMPLE_RATE,
    "bytes_per_sample": config.BYTES_PER_SAMPLE,
    "chunk_duration": config.PRIVATE_CLOUD_CHUNK_SECONDS,
    "private_cloud_queue_limit": config.PRIVATE_CLOUD_QUEUE_MAX,
    "private_cloud_tick": config.PRIVATE_CLOUD_POLL_INTERVAL,
    "private_cloud_retries": config.PRIVATE_CLOUD_MAX_RETRIES,
    "speaker_sample_queue_limit": config.SPEAKER_SAMPLES_QUEUE_MAX,
    "speaker_sample_tick": config.SPEAKER_SAMPLES_POLL_INTERVAL,
    "speaker_sample_min_age": config.SPEAKER_SAMPLES_MIN_AGE,
    "transcript_queue_limit": config.TRANSCRIPTS_QUEUE_MAX,
    "transcript_tick": config.TRANSCRIPTS_POLL_INTERVAL,
    "audio_bytes_queue_limit": config.AUDIO_BYTES_QUEUE_MAX,
    "receive_timeout": config.WS_RECEIVE_TIMEOUT,
    "background_drain_timeout": config.BG_DRAIN_TIMEOUT,
    "cancel_acknowledge_timeout": config.CANCEL_ACK_TIMEOUT,
    "webhook_timeout": config.WEBHOOK_READ_TIMEOUT,
    "webhook_connect_timeout": config.WEBHOOK_CONNECT_TIMEOUT,
    "webhook_concurrency_limit": config.WEBHOOK_CONNECTIONS,
    "speech_client_timeout": config.SPEAKER_SAMPLES_TIMEOUT,
    "speech_client_connections": config.SPEAKER_SAMPLES_CONNECTIONS,
}


@pytest.mark.parametrize(("name", "value"), IN_BOTH.items(), ids=IN_BOTH)
def test_the_service_runs_with_the_constant_of_the_record(name, value):
    with (DATA / "service_constants.csv").open(newline="") as file:
        record = {row["name"]: float(row["value"]) for row in csv.DictReader(file)}
    assert value == record[name]


def test_a_session_is_a_ghost_only_after_its_longest_linger_by_design():
    linger = (
        config.SPEAKER_SAMPLES_MIN_AGE + config.SPEAKER_SAMPLES_POLL_INTERVAL  # a queued sample
    )
    assert linger == 135
    assert linger + config.SPEAKER_SAMPLES_POLL_INTERVAL == config.GHOST_AFTER
