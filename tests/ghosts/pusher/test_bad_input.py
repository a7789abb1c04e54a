"""Whatever a peer sends: the right answer, one line in the log, nothing left, no audio lost."""

import asyncio
import json
import struct

import pytest
from bed import Bed, audio, now, send, serve_bed, size, troubles
from websockets.asyncio.client import ClientConnection

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.variants import FIX, Variant

GATHER_LINGERS = config.SPEAKER_SAMPLES_POLL_INTERVAL + 1


def frame(kind: int, payload: bytes | str | object = b"") -> bytes:
    if not isinstance(payload, bytes):
        payload = (payload if isinstance(payload, str) else json.dumps(payload)).encode()
    return struct.pack("<I", kind) + payload


REFUSED_FRAMES = {
    "a text frame": ("hello", 1003),
    "no bytes at all": (b"", 1007),
    "less than a type": (b"\x65\x00\x00", 1007),
    "audio without a head": (frame(101), 1007),
    "audio under 12 bytes": (frame(101, bytes(7)), 1007),
    "audio that starts at no time": (struct.pack("<Id", 101, float("nan")), 1007),
    "a conversation that is not UTF-8": (frame(103, b"\xff\xfe"), 1007),
    "a conversation without an id": (frame(103), 1007),
    "a conversation id of 1 MB": (frame(103, b"c" * 1_000_000), 1007),
    "a conversation id of two lines": (frame(103, "c\nWARNING forged"), 1007),
    "JSON that is not UTF-8": (frame(102, b'{"segments": ["\xff"]}'), 1007),
    "broken JSON": (frame(102, '{"segments": ['), 1007),
    "no JSON": (frame(104), 1007),
    "two JSON values": (frame(105, "{} {}"), 1007),
    "NaN, which is not JSON": (frame(102, '{"segments": [{"start": NaN}]}'), 1007),
    "an integer of 5,000 digits": (frame(102, "9" * 5000), 1007),
    "100,000 lists in each other": (frame(102, "[" * 100_000), 1007),
    "segments 100,000 deep": (
        frame(102, '{"segments": [{"a": ' + "[" * 100_000 + "]" * 100_000 + "}]}"),
        1007,
    ),
    "a list for a transcript": (frame(102, []), 1007),
    "a transcript without segments": (frame(102, {"memory_id": "m"}), 1007),
    "segments that are numbers": (frame(102, {"segments": [1, 2]}), 1007),
    "a memory id that is a list": (frame(102, {"segments": [], "memory_id": []}), 1007),
    "null for a request": (frame(104, None), 1007),
    "a request without a conversation": (frame(104, {"language": "en"}), 1007),
    "a request for an empty id": (frame(104, {"conversation_id": ""}), 1007),
    "a request with half a surrogate": (frame(104, '{"conversation_id": "\\ud800"}'), 1007),
    "a language that is a number": (frame(104, {"conversation_id": "c", "language": 1}), 1007),
    "a language with half a surrogate": (
        frame(104, '{"conversation_id": "c", "language": "\\ud800"}'),
        1007,
    ),
    "a sample without segments": (frame(105, {"person_id": "p", "conversation_id": "c"}), 1007),
    "a sample of a person of no name": (
        frame(105, {"person_id": "\ud800", "conversation_id": "c", "segment_ids": []}),
        1007,
    ),
    "segment ids that are numbers": (
        frame(105, {"person_id": "p", "conversation_id": "c", "segment_ids": [1]}),
        1007,
    ),
    "a frame over the limit": (bytes(config.MAX_FRAME_BYTES + 1), 1009),
}


async def talk_for_a_while(bed: Bed) -> ClientConnection:
    device = await bed.connect()
    await send(device, protocol.Conversation("morning"), audio(1.5))
    await asyncio.sleep(3)
    return device


async def assert_nothing_left_or_lost(bed: Bed) -> None:
    await asyncio.sleep(GATHER_LINGERS)
    bed.assert_at_rest()
    assert sum(received.bytes for received in bed.stored) == size(1.5)
    assert bed.dropped == {}


def refuse(run, variant: Variant, caplog, bad: bytes | str, code: int) -> None:
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await talk_for_a_while(bed)
            await device.send(bad)
            await device.wait_closed()
            assert (device.close_code, now()) == (code, 3)
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith("ada: ")
    assert len(line) < 200


@pytest.mark.parametrize(("bad", "code"), REFUSED_FRAMES.values(), ids=REFUSED_FRAMES)
def test_a_frame_that_cannot_be_read_ends_the_session_and_loses_no_audio(run, caplog, bad, code):
    refuse(run, FIX, caplog, bad, code)


@pytest.mark.parametrize("bad", ["a text frame", "broken JSON", "a frame over the limit"])
def test_every_variant_ends_its_session_at_a_frame_that_cannot_be_read(run, variant, caplog, bad):
    """One frame of each close code: how it was refused is all that a lifecycle sees of it."""
    refuse(run, variant, caplog, *REFUSED_FRAMES[bad])


@pytest.mark.parametrize("kind", [0, 99, 106, 201, 2**32 - 1])
def test_a_frame_of_an_unknown_type_is_named_in_the_log_and_the_session_goes_on(run, caplog, kind):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await talk_for_a_while(bed)
            await device.send(frame(kind, b"whatever \xff"))
            await asyncio.sleep(1)
            assert bed.gauge == 1
            await send(device, audio(2))
            await device.close()
            await asyncio.sleep(GATHER_LINGERS)
            bed.assert_at_rest()
            assert sum(received.bytes for received in bed.stored) == size(3.5)

    run(scenario)
    assert troubles(caplog.records) == [f"ada: frame ignored: unknown type {kind}"]


def test_a_transcript_just_too_deep_to_be_written_again_crashes_no_loop(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            for depth in (20, *range(900, 1000), 1_500, 9_000):
                device = await bed.connect()
                lists = "[" * depth + "]" * depth
                await device.send(frame(102, '{"segments": [{"text": ' + lists + "}]}"))
                await asyncio.sleep(2)
                assert device.close_code == (None if depth == 20 else 1007)
                await device.close()
            await asyncio.sleep(GATHER_LINGERS)
            bed.assert_at_rest()
            assert len(bed.backends[Backend.TRANSCRIPT_WEBHOOK].received) == 1

    run(scenario)
    troubles(caplog.records)
