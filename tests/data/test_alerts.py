"""What lets one see ghosts: the kernel's count beside the gauge, the alert rules, the dashboard."""

import asyncio
import json
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from alerts_from_a_replay import STORIES
from bed import Bed, audio, send, serve_bed
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from promql_parser import MatchOp, VectorSelector, parse, walk

from async_tasks import supervise_tasks
from ghosts import protocol
from ghosts.alerts import RULES
from ghosts.backends import Backend
from ghosts.config import GHOST_AFTER
from ghosts.paths import DATA
from ghosts.plots.style import GAUGE, GHOSTS, MEMORY, TCP
from ghosts.pusher import Pusher
from ghosts.records.fault import FaultMode
from ghosts.records.scenario import Through, load_scenario
from ghosts.replay.run import replay
from ghosts.simulation.clock import simulate
from ghosts.simulation.test_bed import open_test_bed
from ghosts.variants import FIX, VARIANTS
from ghosts.ws_server import SessionServer

ROOT = Path(__file__).resolve().parents[2]

# --- the kernel's count ---------------------------------------------------------------------------


async def exposed_by(server: SessionServer) -> dict[str, float]:
    """What Prometheus gets that has no labels, over a connection of its own."""
    url = f"http://127.0.0.1:{server.port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()
    return {sample.name: sample.value for sample in samples(text) if not sample.labels}


async def counts(server: SessionServer, service: str) -> tuple[float, float]:
    values = await exposed_by(server)
    return values[f"{service}_active_ws_connections"], values[f"{service}_tcp_connections"]


def samples(text: str) -> list[Sample]:
    return [each for family in text_string_to_metric_families(text) for each in family.samples]


async def three_leave_while_storage_hangs(bed: Bed) -> None:
    await bed.fail(Backend.STORAGE, FaultMode.NEVER_ANSWERS)
    devices = [await bed.connect(uid) for uid in ("ada", "grace", "joan")]
    for device in devices:
        await send(device, protocol.Conversation("c"), audio(60))
    await asyncio.sleep(3)
    assert await counts(bed.pusher, "pusher") == (3, 3)
    for device in devices:
        await device.close()
    await asyncio.sleep(GHOST_AFTER + 1)


@pytest.mark.parametrize(("name", "gauge"), [("gather_all", 3), ("supervised", 0)])
def test_where_the_gauge_counts_ghosts_the_tcp_metric_does_not(run, name: str, gauge: int) -> None:
    async def scenario() -> None:
        async with serve_bed(VARIANTS[name]) as bed:
            await three_leave_while_storage_hangs(bed)
            assert await counts(bed.pusher, "pusher") == (gauge, 0)
            await bed.connect("late")
            await asyncio.sleep(1)
            assert await counts(bed.pusher, "pusher") == (gauge + 1, 1)

    run(scenario)


def test_listen_and_the_pusher_each_count_their_own_port(run) -> None:
    async def scenario() -> None:
        async with open_test_bed(FIX, through_listen=True, measure_memory=False) as bed:
            assert bed.listen is not None
            _, device = await asyncio.open_connection("127.0.0.1", bed.listen.port)
            device.write(b"GET /v4/listen")  # it has yet to say who it is
            await asyncio.sleep(1)
            assert await counts(bed.listen, "listen") == (0, 1)
            assert await counts(bed.pusher, "pusher") == (0, 0)
            device.close()
            await asyncio.sleep(1)
            assert await counts(bed.listen, "listen") == (0, 0)

    run(scenario)


def test_who_asked_for_the_metrics_and_comes_back_as_a_device_is_counted(run) -> None:
    async def scenario() -> None:
        async with serve_bed(FIX) as bed:
            here = ("127.0.0.1", free_port())
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", bed.pusher.port, local_addr=here
            )
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n")
            assert b"pusher_tcp_connections 0.0" in await reader.read()
            writer.close()
            await asyncio.sleep(1)
            await bed.connect("ada", local_addr=here)
            await asyncio.sleep(1)
            assert await counts(bed.pusher, "pusher") == (1, 1)

    run(scenario)


def free_port() -> int:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])


def test_it_can_be_read_before_a_pod_starts_and_after_it_has_stopped(run) -> None:
    async def scenario() -> None:
        async with serve_bed(FIX) as bed:
            early = Pusher(FIX.pusher.lifecycle, bed.clients)
            assert "pusher_tcp_connections 0.0" in early.metrics.exposition()
            await bed.connect("ada")
            assert "pusher_tcp_connections 1.0" in bed.pusher.metrics.exposition()
        assert "pusher_tcp_connections 0.0" in bed.pusher.metrics.exposition()

    run(scenario)


def test_a_look_at_the_gauge_does_not_ask_the_operating_system(run, monkeypatch) -> None:
    async def scenario() -> None:
        async with serve_bed(FIX) as bed:
            await bed.connect("ada")
            await asyncio.sleep(1)
            with monkeypatch.context() as patch:
                patch.delattr("ghosts.ws_server.server.established_peers")
                assert bed.gauge == 1
                assert bed.pusher.metrics.received_bytes == 0
                with pytest.raises(NameError, match="established_peers"):
                    bed.pusher.metrics.exposition()

    run(scenario)


# --- the rules and the dashboard ------------------------------------------------------------------

GROUPS = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
RECORDS = [rule for group in GROUPS for rule in group["rules"] if "record" in rule]
DASHBOARD = json.loads((DATA / "dashboards" / "ghosts.json").read_text(encoding="utf-8"))
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in (*RECORDS, *ALERTS))
    for panel in PANELS.values():
        yield from (target["expr"] for target in panel["targets"])
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield from re.findall(r"label_values\((.+), \w+\)", variable["query"])


@pytest.fixture(scope="module")
def exposed() -> list[Sample]:
    """What both services expose, sessions having ended in every way and drains run out of time."""
    texts: list[str] = []
    simulate(a_loop_returns)
    for scenario in ("task_crashes_late", "heartbeat_ends"):
        replay(
            load_scenario(scenario),
            "supervised",
            measure_memory=False,
            at_end=lambda bed: texts.append(bed.pusher.metrics.exposition()),
        )
    replay(
        replace(load_scenario("device_closes"), through=Through.LISTEN),
        "supervised",
        measure_memory=False,
        at_end=lambda bed: texts.append(bed.listen.metrics.exposition()),
    )
    return [sample for text in texts for sample in samples(text)]


async def a_loop_returns() -> None:
    """No loop of the services does, as long as its session lasts."""
    receive = asyncio.create_task(asyncio.Event().wait())
    loop = asyncio.create_task(asyncio.sleep(1))
    await supervise_tasks(receive_task=receive, bg_tasks=[loop], label="pusher")
    receive.cancel()


def wanted(expr: str, outer: Mapping[str, list[str]] | None = None) -> Iterator[tuple[str, Any]]:
    """Each metric that an expression reads, with the values that it wants of each label.

    What a rule records is read through, down to what the services export.
    """
    selectors: list[VectorSelector] = []
    walk(
        parse(expr),
        lambda node: selectors.append(node) if isinstance(node, VectorSelector) else None,
    )
    for selector in selectors:
        labels = dict(outer or {})
        for matcher in selector.matchers.matchers:
            values = matcher.value.split("|") if matcher.op == MatchOp.Re else [matcher.value]
            labels[matcher.name] = values
        for name in labels.pop("__name__", [selector.name]):
            rules = [rule for rule in RECORDS if rule["record"] == name]
            for rule in rules:
                given = rule.get("labels", {})
                rest = {label: each for label, each in labels.items() if label not in given}
                yield from wanted(rule["expr"], rest)
            if not rules:
                yield str(name), labels


@pytest.mark.parametrize("expr", sorted(set(expressions())))
def test_every_expression_reads_what_the_services_really_export(
    expr: str, exposed: list[Sample]
) -> None:
    reads = list(wanted(expr))
    assert reads
    for name, labels in reads:
        mine = [sample.labels for sample in exposed if sample.name == name]
        assert mine, name
        for label, values in labels.items():
            if label != "pod":  # that is the target's
                assert {each.get(label) for each in mine} >= set(values), name


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_says_how_bad_it_is_where_and_what_to_do(
    alert: dict[str, Any], exposed: list[Sample]
) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    texts = alert["annotations"]
    assert set(texts) == {"summary", "description"}
    assert all(len(text.split()) > 5 for text in texts.values())
    names = {name for name, _ in wanted(alert["expr"])}
    there = {label for sample in exposed if sample.name in names for label in sample.labels}
    recorded = {label for rule in RECORDS for label in rule.get("labels", {})}
    used = set(re.findall(r"\$labels\.(\w+)", " ".join(texts.values())))
    assert "pod" in used or "fleet" in texts["summary"]
    assert used <= {"pod"} | there | recorded


def test_every_alert_is_set_off_by_a_replay_and_the_calm_ones_set_off_none() -> None:
    told = {alert for story in STORIES for alert in story.alerts}
    assert told == {alert["alert"] for alert in ALERTS}
    assert {story.alerts for story in STORIES if story.scenario == "healthy_twin"} == {()}


# --- the dashboard --------------------------------------------------------------------------------


def test_grafanas_own_model_reads_the_dashboard_and_loses_nothing_of_its_panels() -> None:
    register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD)))
    assert read["title"] == DASHBOARD["title"]
    assert read["schemaVersion"] == DASHBOARD["schemaVersion"]
    for before, after in zip(DASHBOARD["panels"], read["panels"], strict=True):
        for key in ("id", "type", "title", "description", "gridPos", "targets", "fieldConfig"):
            assert after[key] == before[key]
    before, after = DASHBOARD["templating"]["list"], read["templating"]["list"]
    assert [each["query"] for each in after] == [each["query"] for each in before]


def test_panels_have_units_their_own_place_and_the_datasource_that_is_chosen() -> None:
    (source,) = (one for one in DASHBOARD["templating"]["list"] if one["type"] == "datasource")
    assert source["query"] == "prometheus"
    places: set[tuple[int, int]] = set()
    for panel in PANELS.values():
        assert panel["fieldConfig"]["defaults"]["unit"] in {"short", "bytes", "s"}
        uses = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {use["uid"] for use in uses} == {f"${{{source['name']}}}"}
        at = panel["gridPos"]
        place = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not place & places
        places |= place
    assert len(PANELS) == len(DASHBOARD["panels"])


def test_what_is_drawn_has_the_colours_of_the_figures() -> None:
    colours: dict[str, set[str]] = {}
    for panel in PANELS.values():
        fields = panel["fieldConfig"]
        overrides = {
            each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
            for each in fields["overrides"]
        }
        for target in panel["targets"]:
            chosen = [
                colour
                for pattern, colour in overrides.items()
                if re.search(pattern, target["legendFormat"])
            ] or [fields["defaults"]["color"].get("fixedColor", "")]
            (metric,) = re.findall(r"[\w:]+(?={)", target["expr"])
            colours.setdefault(metric, set()).update(chosen)
    assert colours["pusher_active_ws_connections"] == {GAUGE.color}
    assert colours["listen_active_ws_connections"] == {GAUGE.color}
    assert colours["pusher_tcp_connections"] == {TCP.color}
    assert colours["listen_tcp_connections"] == {TCP.color}
    assert colours["pod:ghost_connections:difference"] == {GHOSTS.color}
    assert colours["fleet:connections_without_device:difference"] == {GHOSTS.color}
    assert colours["process_resident_memory_bytes"] == {MEMORY.color}


# --- promtool -------------------------------------------------------------------------------------


def test_make_alerts_without_promtool_says_in_one_line_where_it_comes_from() -> None:
    silent = ["--no-print-directory", "--old-file=.venv/.installed"]
    command = ["make", *silent, "alerts", "PROMTOOL="]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert run.stdout == ""
    (line, *_) = run.stderr.splitlines()
    assert "apt install prometheus" in line
