"""Type 104: each request is a task of its own, answered by 201, ended with its session."""

import asyncio
import json
import struct

from bed import now, send, serve_bed, session_tasks, troubles

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX

REQUEST = protocol.ProcessConversation("c1", "en")


def answer(frame: bytes) -> dict[str, object]:
    assert struct.unpack_from("<I", frame) == (201,)
    return json.loads(frame[4:])


def test_success_is_answered_with_the_conversation(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect()
            await send(device, protocol.ProcessConversation("c1", "pt"))
            assert answer(await device.recv()) == {"conversation_id": "c1", "success": True}
            (request,) = bed.backends[Backend.CONVERSATIONS].received
            assert request.query == {"uid": "ada", "conversation_id": "c1", "language": "pt"}
            assert session_tasks().count("ws:ada:process") == 0

    run(scenario)


def test_failure_is_answered_with_the_error_and_the_session_goes_on(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            service = bed.backends[Backend.CONVERSATIONS]
            device = await bed.connect()
            await service.fail(FaultMode.STATUS_500)
            await send(device, REQUEST)
            assert answer(await device.recv()) == {
                "conversation_id": "c1",
                "error": "conversations: status 500",
            }
            await service.recover()
            await send(device, REQUEST)
            assert answer(await device.recv())["success"] is True

    run(scenario)


def test_a_library_that_cancels_its_caller_is_answered_with_an_error_as_well(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.fail(Backend.CONVERSATIONS, FaultMode.CANCELS_CALLER)
            device = await bed.connect()
            await send(device, REQUEST)
            assert answer(await device.recv()) == {
                "conversation_id": "c1",
                "error": "CancelledError",
            }

    run(scenario)


def test_a_service_that_never_answers_is_an_error_after_300_s(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.CONVERSATIONS].fail(FaultMode.NEVER_ANSWERS)
            device = await bed.connect()
            for _ in range(15):
                await send(device, protocol.Heartbeat())
                await asyncio.sleep(20)
            await send(device, REQUEST)
            asked = now()
            await asyncio.sleep(200)
            await send(device, protocol.Heartbeat())
            assert "error" in answer(await device.recv())
            assert now() - asked == config.CONVERSATION_TIMEOUT

    run(scenario)


def test_requests_run_side_by_side(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.CONVERSATIONS].fail(FaultMode.SLOW, seconds=10)
            device = await bed.connect()
            await send(device, *(protocol.ProcessConversation(f"c{n}", "en") for n in range(5)))
            await asyncio.sleep(1)
            assert session_tasks().count("ws:ada:process") == 5
            for _ in range(5):
                await device.recv()
            assert now() == 10

    run(scenario)


def test_a_request_in_flight_is_cancelled_at_the_disconnect(run, variant, caplog):
    async def scenario():
        async with serve_bed(variant) as bed:
            await bed.backends[Backend.CONVERSATIONS].fail(FaultMode.NEVER_ANSWERS)
            device = await bed.connect()
            await send(device, REQUEST)
            await asyncio.sleep(1)
            assert "ws:ada:process" in session_tasks()
            await device.close()
            await asyncio.sleep(config.SPEAKER_SAMPLES_POLL_INTERVAL + 1)
            bed.assert_at_rest()

    run(scenario)
    assert troubles(caplog.records) == []


def test_an_answer_that_comes_after_the_device_has_gone_is_one_line_in_the_log(
    run, variant, caplog
):
    async def scenario():
        async with serve_bed(variant) as bed:
            storage, service = bed.backends[Backend.STORAGE], bed.backends[Backend.CONVERSATIONS]
            await storage.fail(FaultMode.NEVER_ANSWERS)  # keeps the session from ending at once
            await service.fail(FaultMode.SLOW, seconds=10)
            device = await bed.connect()
            await send(device, protocol.Conversation("c1"), protocol.Audio(0.0, bytes(2)), REQUEST)
            await asyncio.sleep(1)
            await device.close()
            await asyncio.sleep(15)
            assert "ws:ada:process" not in session_tasks()

    run(scenario)
    assert troubles(caplog.records)[0] == "ada: disconnected before the answer about c1"


def test_an_answer_that_is_no_json_is_told_as_an_error_and_ends_nothing_else(run, variant, caplog):
    async def scenario():
        async with serve_bed(variant) as bed:
            await bed.backends[Backend.CONVERSATIONS].fail(FaultMode.GARBAGE)
            device = await bed.connect()
            await send(device, REQUEST)
            assert "error" in answer(await device.recv())
            await asyncio.sleep(5)
            assert (bed.gauge, device.close_code) == (1, None)
            assert "ws:ada:process" not in session_tasks()
            await device.close()
            await asyncio.sleep(config.SPEAKER_SAMPLES_POLL_INTERVAL + 1)
            bed.assert_at_rest()

    run(scenario)
    (trouble,) = troubles(caplog.records)
    assert trouble.startswith("ada: c1 not processed: JSONDecodeError")
