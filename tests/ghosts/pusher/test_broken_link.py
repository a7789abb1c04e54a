"""Below the protocol of the pusher: frames that break WebSocket's rules, or that never end."""

import asyncio

import pytest
from bed import Bed, audio, now, reset, send, serve_bed, size, troubles
from websockets.asyncio.client import ClientConnection

from ghosts import config, protocol
from ghosts.variants import FIX, INCIDENT

GATHER_LINGERS = config.SPEAKER_SAMPLES_POLL_INTERVAL + 1
MASK = bytes(4)  # a mask of zeros leaves the payload as it is
HALF_A_FRAME = b"\x82\xfe\x3e\x8c" + MASK + b"\x65\0\0\0" + bytes(500)  # of 16,012 bytes


async def speak(bed: Bed, **options: object) -> ClientConnection:
    """A device that has sent two seconds of audio."""
    device = await bed.connect(**options)
    await send(device, protocol.Conversation("morning"), audio(2))
    await asyncio.sleep(3)
    return device


async def assert_nothing_left_or_lost(bed: Bed, seconds: float = 2) -> None:
    await asyncio.sleep(GATHER_LINGERS)
    bed.assert_at_rest()
    assert [received.bytes for received in bed.stored] == [size(seconds)]
    assert bed.dropped == {}


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_disconnect_in_the_middle_of_a_frame_loses_that_frame_only(run, caplog, leave):
    caplog.set_level("INFO", logger="ghosts.pusher")

    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            device.transport.write(HALF_A_FRAME)
            await asyncio.sleep(1)
            if leave == "reset":
                reset(device)
            else:
                device.transport.abort()
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    assert troubles(caplog.records) == []
    lost, ended = [one.getMessage() for one in caplog.records if one.name == "ghosts.pusher"]
    assert lost.startswith("ada: connection lost: ")
    assert ended == "ada: session ended"


VIOLATIONS = {
    "a frame without a mask": (b"\x82\x04\x64\0\0\0", 1002),
    "a reserved opcode": (b"\x83\x80" + MASK, 1002),
    "a reserved bit, as compression would set": (b"\xc2\x84" + MASK + b"\x64\0\0\0", 1002),
    "a ping of 126 bytes": (b"\x89\xfe\0\x7e" + MASK + bytes(126), 1002),
    "a continuation of nothing": (b"\x80\x80" + MASK, 1002),
    "a close frame of one byte": (b"\x88\x81" + MASK + b"\x03", 1002),
    "text that is not UTF-8": (b"\x81\x81" + MASK + b"\xff", 1007),
    "a length of 2**63 - 1": (b"\x82\xff\x7f" + b"\xff" * 7 + MASK, 1009),
}


@pytest.mark.parametrize(("violation", "code"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_frame_that_breaks_the_rules_of_websocket_ends_the_session_and_loses_no_audio(
    run, caplog, violation, code
):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            device.transport.write(violation)
            await device.wait_closed()
            assert (device.close_code, now()) == (code, 3)
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith(f"ada: connection lost: sent {code} ")


def test_a_message_in_fragments_is_one_message(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            frame = protocol.encode(audio(1))
            await device.send([frame[:3], frame[3:9], frame[9:10_000], frame[10_000:]])
            await device.close()
            await assert_nothing_left_or_lost(bed, seconds=3)

    run(scenario)
    assert troubles(caplog.records) == []


def test_fragments_do_not_get_round_the_limit_of_a_frame(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            await device.send([bytes(2**19), bytes(2**19), b"x"])
            await device.wait_closed()
            assert device.close_code == 1009
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    assert len(troubles(caplog.records)) == 1


def test_a_message_that_never_ends_is_a_silence(run, variant, caplog):
    async def scenario():
        async with serve_bed(variant) as bed:
            device = await speak(bed)
            device.transport.write(b"\x02\x84" + MASK + b"\x65\0\0\0")
            for _ in range(40):
                if device.close_code is None:
                    device.transport.write(b"\0\x84" + MASK + bytes(4))
                await asyncio.sleep(10)
            held_open = variant is INCIDENT
            assert bed.gauge == held_open
            assert (device.close_code is None) is held_open
            device.transport.abort()
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    expected = ["ada: no frame for 300 s"] if variant is not INCIDENT else []
    assert troubles(caplog.records) == expected


def test_an_offer_to_compress_is_declined_and_frames_are_understood(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed, compression="deflate")
            assert device.protocol.extensions == []
            await device.close()
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_flood_of_pings_is_answered_and_harms_nobody(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            device.transport.write((b"\x89\x80" + MASK) * 10_000)
            await (await device.ping())
            await device.close()
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    assert troubles(caplog.records) == []


def test_a_flood_of_frames_is_read_at_the_pace_of_the_session_and_in_order(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            for n in range(2000):
                await send(device, audio(0.001, at=n))
            await device.close()
            await assert_nothing_left_or_lost(bed, seconds=4)

    run(scenario)


def test_empty_audio_is_taken_and_costs_nothing(run, caplog):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await speak(bed)
            for _ in range(2000):
                await send(device, protocol.Audio(0.0, b""))
            await device.close()
            await assert_nothing_left_or_lost(bed)

    run(scenario)
    assert troubles(caplog.records) == []
