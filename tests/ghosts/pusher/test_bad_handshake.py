"""What comes before the first frame, or instead of one: refused, logged once, nothing left."""

import asyncio
import http
from urllib.parse import quote

import pytest
from bed import Bed, now, serve_bed, session_tasks, troubles
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ghosts import config
from ghosts.backends import Backend
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX

LISTEN = b"GET /v1/trigger/listen?uid=ada HTTP/1.1\r\nHost: pusher\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)

BAD_UIDS = {
    "missing": "sample_rate=8000",
    "empty": "uid=",
    "given twice": "uid=ada&uid=grace",
    "longer than 128": "uid=" + "x" * 129,
    "the name of a loop": "uid=ada:receive",
    "another line of the log": "uid=" + quote("ada\nERROR everything is lost"),
    "a terminal's escape": "uid=" + quote("\x1b[31mada"),
    "NUL": "uid=%00",
    "not UTF-8": "uid=%ff",
    "a letter that looks like another": "uid=" + quote("\u0430da"),
    "a space": "uid=ada+lovelace",
}
BAD_RATES = {
    "empty": "sample_rate=",
    "zero": "sample_rate=0",
    "negative": "sample_rate=-8000",
    "a word": "sample_rate=abc",
    "an exponent": "sample_rate=1e9",
    "a fraction": "sample_rate=8000.5",
    "above 48 kHz": "sample_rate=48001",
    "of 5,000 digits": "sample_rate=" + "9" * 5000,
    "in digits that are not ASCII": "sample_rate=" + quote("\uff18\uff10\uff10\uff10"),
    "with a separator": "sample_rate=8_000",
    "with a space": "sample_rate=+8000",
    "given twice": "sample_rate=8000&sample_rate=16000",
}
QUERIES = {f"uid {name}": query for name, query in BAD_UIDS.items()} | {
    f"rate {name}": f"uid=ada&{query}" for name, query in BAD_RATES.items()
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_bad_query_is_refused_with_1008_before_the_gauge_goes_up(run, caplog, query):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.open(query)
            await device.wait_closed()
            assert (device.close_code, now()) == (1008, 0)
            await asyncio.sleep(1)
            bed.assert_at_rest()
            assert bed.sessions == []

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith("?: refused with 1008: ")
    assert line.isprintable()
    assert len(line) < 100


@pytest.mark.parametrize(
    "query",
    ["uid=ada", "uid=a.b_c-d@e%2B1&sample_rate=800", "uid=x&sample_rate=48000&client_kind=new"],
)
def test_a_good_query_is_taken_with_8_khz_as_the_default(run, caplog, query):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.open(query)
            await asyncio.sleep(1)
            assert bed.gauge == bed.tcp() == 1
            await device.close()
            await asyncio.sleep(config.SPEAKER_SAMPLES_POLL_INTERVAL)
            bed.assert_at_rest()

    run(scenario)
    assert troubles(caplog.records) == []


@pytest.mark.parametrize("path", ["/", "/v1/trigger/listen/", "/v1/trigger", "//[", "/%0a%1b[31m"])
def test_a_wrong_path_is_answered_404_and_logged_in_one_safe_line(run, caplog, path):
    async def scenario():
        async with serve_bed(FIX) as bed:
            with pytest.raises(InvalidStatus) as refused:
                await connect(bed.url("uid=ada", path), proxy=None)
            assert refused.value.response.status_code == http.HTTPStatus.NOT_FOUND
            await asyncio.sleep(1)
            bed.assert_at_rest()

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line == f"refused with 404: {path + '?uid=ada'!r}"


async def talk_raw(bed: Bed, request: bytes) -> tuple[bytes, float]:
    """Send bytes, read until the server hangs up; return its answer and when it hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bed.pusher.port)
    writer.write(request)
    answer = await reader.read()
    hung_up = now()
    writer.close()
    await writer.wait_closed()
    return answer, hung_up


NO_HANDSHAKES = {
    "a request that is no upgrade": (LISTEN + b"\r\n", b"HTTP/1.1 426 "),
    "another WebSocket version": (
        LISTEN + UPGRADE.replace(b": 13", b": 7") + b"\r\n",
        b"HTTP/1.1 400 ",
    ),
    "an upgrade without a key": (
        LISTEN + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 400 ",
    ),
    "a path of 10,000 characters": (
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 414 ",
    ),
    "1,000 headers": (LISTEN + b"X: y\r\n" * 1000 + b"\r\n", b"HTTP/1.1 431 "),
    "the hello of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\r\n", b""),
    "a request with a body": (b"POST /health HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", b""),
}


@pytest.mark.parametrize(("request_", "answer"), NO_HANDSHAKES.values(), ids=NO_HANDSHAKES)
def test_what_is_no_handshake_is_answered_or_dropped_at_once(run, caplog, request_, answer):
    async def scenario():
        async with serve_bed(FIX) as bed:
            got, hung_up = await talk_raw(bed, request_)
            assert (got[: len(answer)], hung_up) == (answer, 0)
            await asyncio.sleep(1)
            bed.assert_at_rest()
            assert bed.sessions == []

    run(scenario)
    (line,) = troubles(caplog.records)
    assert len(line) < 200


@pytest.mark.parametrize("part", [b"", b"GET /v1/tri", LISTEN, LISTEN + UPGRADE])
def test_half_a_handshake_and_a_closed_socket_leave_nothing(run, caplog, part):
    async def scenario():
        async with serve_bed(FIX) as bed:
            _, writer = await asyncio.open_connection("127.0.0.1", bed.pusher.port)
            writer.write(part)
            await asyncio.sleep(1)
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(1)
            bed.assert_at_rest()

    run(scenario)
    assert troubles(caplog.records) == [
        "a connection ended before its opening handshake was complete"
    ]


@pytest.mark.parametrize("part", [b"", LISTEN + UPGRADE])
def test_a_handshake_that_is_never_completed_is_dropped_after_10_s(run, caplog, part):
    async def scenario():
        async with serve_bed(FIX) as bed:
            answer, hung_up = await talk_raw(bed, part)
            assert (answer, hung_up) == (b"", config.WS_OPEN_TIMEOUT)
            await asyncio.sleep(1)
            bed.assert_at_rest()

    run(scenario)
    assert len(troubles(caplog.records)) == 1


def test_a_pod_that_stops_leaves_no_half_open_connection_behind(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            device = await bed.connect()
            _, half = await asyncio.open_connection("127.0.0.1", bed.pusher.port)
            half.write(LISTEN)
            await asyncio.sleep(1)
            await bed.pusher.stop()
            await device.wait_closed()
            assert device.close_code == 1001
            half.close()
            await half.wait_closed()
            bed.assert_at_rest()
            assert now() == config.WS_OPEN_TIMEOUT

    run(scenario)


def test_a_device_that_leaves_while_its_session_is_set_up_leaves_nothing(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            await bed.backends[Backend.USERS].fail(FaultMode.SLOW, seconds=5)
            device = await bed.connect()
            await asyncio.sleep(1)
            assert (bed.gauge, bed.tcp()) == (0, 1)
            await device.close()
            await asyncio.sleep(5 + config.SPEAKER_SAMPLES_POLL_INTERVAL)
            bed.assert_at_rest()

    run(scenario)


@pytest.mark.parametrize(
    ("mode", "within"),
    [
        (FaultMode.NEVER_ANSWERS, config.USERS_TIMEOUT),
        (FaultMode.TRICKLES, config.USERS_TIMEOUT),
        (FaultMode.STATUS_500, 0),
        (FaultMode.RESETS, 0),
        (FaultMode.REFUSES, 0),
    ],
)
def test_without_the_users_backend_a_device_is_refused_with_1011_in_time(run, caplog, mode, within):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.USERS].fail(mode)
            device = await bed.connect()
            await device.wait_closed()
            assert (device.close_code, device.close_reason) == (1011, "Dirty state")
            assert now() == within
            await asyncio.sleep(1)
            bed.assert_at_rest()
            assert (bed.sessions, session_tasks()) == ([], [])

    run(scenario)
    (line,) = troubles(caplog.records)
    assert line.startswith("ada: refused with 1011: users: ")
