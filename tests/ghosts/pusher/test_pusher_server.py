"""The server's other face: plain HTTP for Prometheus and for probes."""

import asyncio

import aiohttp
import pytest
from bed import Bed, audio, now, send, serve_bed, size
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.parser import text_string_to_metric_families

from ghosts import config, protocol
from ghosts.backends import Backend
from ghosts.records.fault import FaultMode
from ghosts.variants import FIX, SHIPPED


async def get(bed: Bed, path: str) -> tuple[int, str, str]:
    url = f"http://127.0.0.1:{bed.pusher.port}{path}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def samples(bed: Bed) -> dict[tuple[str, str], float]:
    _, _, text = await get(bed, "/metrics")
    return {
        (sample.name, sample.labels.get("reason", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_served_in_the_text_format_with_its_content_type(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            status, content_type, text = await get(bed, "/metrics")
            assert (status, content_type) == (200, CONTENT_TYPE_LATEST)
            families = {family.name: family for family in text_string_to_metric_families(text)}
            assert families["pusher_active_ws_connections"].type == "gauge"
            assert families["pusher_audio_dropped_bytes"].type == "counter"
            assert families["async_drain_duration_seconds"].type == "histogram"
            assert all(family.documentation for family in families.values())

    run(scenario)


def test_the_metrics_tell_connections_and_where_the_audio_went(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            devices = [await bed.connect(uid) for uid in ("ada", "grace")]
            await send(devices[0], audio(1), protocol.Conversation("c"), audio(60), audio(5))
            await asyncio.sleep(3)
            found = await samples(bed)
            assert found["pusher_active_ws_connections", ""] == 2
            assert found["pusher_audio_received_bytes_total", ""] == size(66)
            assert found["pusher_audio_stored_bytes_total", ""] == size(60)
            assert found["pusher_audio_dropped_bytes_total", "no_conversation"] == size(1)

    run(scenario)


def test_no_label_names_a_user_or_a_conversation(run, variant):
    async def scenario():
        async with serve_bed(variant) as bed:
            await bed.backends[Backend.STORAGE].fail(FaultMode.NEVER_ANSWERS)
            device = await bed.connect("ada-lovelace")
            await send(device, audio(1), protocol.Conversation("conversation-42"), audio(60))
            await asyncio.sleep(3)
            await device.close()
            await asyncio.sleep(60)
            _, _, text = await get(bed, "/metrics")
            assert "ada-lovelace" not in text
            assert "conversation-42" not in text
            labels = {
                name
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                for name in sample.labels
            }
            python_itself = {"generation", "implementation", "major", "minor", "patchlevel"}
            assert labels <= {"label", "reason", "le", "version"} | python_itself

    run(scenario)


def test_health_is_answered_also_while_every_session_is_stuck(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            await bed.backends[Backend.STORAGE].fail(FaultMode.NEVER_ANSWERS)
            device = await bed.connect()
            await send(device, protocol.Conversation("c"), audio(60))
            await asyncio.sleep(3)
            assert (await get(bed, "/health"))[::2] == (200, "ok\n")
            assert (await get(bed, "/health?probe=1"))[0] == 200

    run(scenario)


@pytest.mark.parametrize("path", ["/metrics/", "/healthz", "/favicon.ico"])
def test_any_other_path_is_not_found(run, path):
    async def scenario():
        async with serve_bed(FIX) as bed:
            assert (await get(bed, path))[0] == 404

    run(scenario)


def test_a_pod_keeps_its_port_in_mind_after_it_has_stopped(run):
    async def scenario():
        async with serve_bed(FIX) as bed:
            port = bed.pusher.port
            await bed.pusher.stop()
            assert bed.pusher.port == port > 0
            with pytest.raises(OSError, match="Connect call failed"):
                await bed.connect()

    run(scenario)


def test_a_session_that_is_still_set_up_when_its_pod_is_told_to_stop_ends_with_the_others(run):
    async def scenario():
        async with serve_bed(SHIPPED) as bed:
            await bed.backends[Backend.USERS].fail(FaultMode.SLOW, seconds=5)
            device = await bed.connect()
            await asyncio.sleep(1)
            began = now()
            await bed.pusher.stop(grace=config.TERMINATION_GRACE)
            assert now() - began < 10
            assert device.close_code == 1001
            bed.assert_at_rest()

    run(scenario)
