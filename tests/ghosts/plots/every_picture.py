"""One figure of each plot, from stored recordings and evidence, and from small made-up days."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from made_up_listen import DEAF, deaf, drained, through_listen
from small_day import COSTS, RESTARTED, SMALL

from fleet.day import simulate
from fleet.day.simulate import Plan
from fleet.day.trace import Trace
from fleet.pods import Resources
from fleet.quantity import MIB
from fleet.values import BEFORE, load_pool, load_values
from ghosts import evidence, plots
from ghosts.alerts import evaluate_rules, load_rules, panels, recorded
from ghosts.matrix import read_matrix
from ghosts.mechanisms import read_verdicts, stored_fleets
from ghosts.paths import DATA
from ghosts.plots.style import Figure
from ghosts.records.moment import Moment, elapsed
from ghosts.records.recording import Recording
from ghosts.records.waits import SessionWaits, State, TaskWait

VARIANTS: Final = ("gather_all", "supervised", "shipped")


@cache
def full() -> list[Recording]:
    return [Recording.load(DATA / f"recordings/production_full_{name}.json") for name in VARIANTS]


@cache
def days() -> dict[str, Trace]:
    deployment = replace(load_values(*BEFORE), scaling=None, replicas=4)
    plan = Plan(day=SMALL, deployment=deployment, pool=replace(load_pool(), nodes=3), costs=COSTS)
    return {"undisturbed": simulate(plan), "restarted": simulate(replace(plan, day=RESTARTED))}


def cost() -> Figure:
    import pandas

    stored = json.loads((DATA / "bench" / "async_tasks.json").read_text())
    return plots.cost(pandas.DataFrame(stored["records"]))


def packed_node() -> Figure:
    in_use = Resources(cpu=97, memory=564 * MIB)
    return plots.packed_node(load_pool().node, {"before": load_values(*BEFORE).resources}, in_use)


def desired_pods() -> Figure:
    scaling = load_values(*BEFORE).scaling
    assert scaling is not None
    return plots.desired_pods(scaling, 24, {"live": 21.4, "the gauge": 29.0})


def left_behind() -> Figure:
    tried = [
        plots.Tried("nothing fails", "devices close"),
        plots.Tried("storage never answers", "devices close", ghosts=5, gauge_error=5),
        plots.Tried("storage refuses", "devices close", gauge_error=1),
    ]
    fixed = [plots.Tried(each.fault, each.departure) for each in tried]
    return plots.left_behind({"app.py": tried, "fixed.py": fixed})


def tasks() -> Figure:
    session = SessionWaits(
        uid="ada",
        state=State.GHOST,
        lifecycle="gather_all",
        handler="waits until all 3 tasks have ended: 2 have",
        awaited=("stream_transcript",),
        tasks=(
            TaskWait(name="receive", asks=("device",), alive=False),
            TaskWait(
                name="stream_transcript",
                asks=("speech to text",),
                waits_for="speech to text",
                asking="speech to text",
            ),
            TaskWait(name="pusher_receive", asks=("pusher",), alive=False),
        ),
        linked=True,
    )
    return plots.tasks(session)


def fleet_sweep() -> Figure:
    sweeps = {"before": dict(enumerate(days().values())), "after": dict(enumerate(days().values()))}
    return plots.fleet_sweep(sweeps, "restarts of all pods")


def timeline() -> Figure:
    start, end = Moment.parse("2026-04-28"), Moment.parse("2026-05-19")
    return plots.timeline(
        "21 days until the fix",
        [
            plots.Happened(at=start, event="Counts compared", mark="detected"),
            plots.Happened(at=Moment.parse("2026-05-13"), event="Fleet at capacity"),
            plots.Happened(at=end, event="Fix deployed", mark="fixed"),
        ],
        [plots.Phase(name="fix in work", start=start, end=end, took=elapsed(start, end))],
    )


def alert_in_time() -> Figure:
    (page,) = evaluate_rules(load_rules(), recorded(full()[0])).fired()
    return plots.alert_in_time(full()[0], page)


def dashboard() -> Figure:
    evaluated = evaluate_rules(load_rules(), recorded(full()[0]))
    return plots.dashboard(panels(evaluated.series), evaluated.fired())


PICTURES: Final[dict[str, Callable[[], Figure]]] = {
    "alert_in_time": alert_in_time,
    "allocator": lambda: plots.allocator(*full()),
    "audio": lambda: plots.audio(*full()),
    "both_gauges": lambda: plots.both_gauges(
        through_listen("gather_all", deaf, DEAF), through_listen("supervised", drained, DEAF)
    ),
    "chunks_held": lambda: plots.chunks_held(
        [evidence.chunk_queue(), evidence.chunk_queue(16_000)], evidence.fit(evidence.pods())
    ),
    "clustering": lambda: plots.clustering(evidence.facts("fleet")),
    "cost": cost,
    "dashboard": dashboard,
    "desired_pods": desired_pods,
    "diagnoses": lambda: plots.diagnoses(evidence.diagnoses()),
    "drain_durations": lambda: plots.drain_durations(
        full(), evidence.deploy_check("drain duration", 0.25)
    ),
    "explained": lambda: plots.explained(2655.0, [("One", 10.0), ("182 ghosts", 2746.0)]),
    "fleet_day": lambda: plots.fleet_day(
        days(), room={"undisturbed": 6, "restarted": 6}, limit_mib=4608
    ),
    "fleet_sweep": fleet_sweep,
    "gauge_against_tcp": lambda: plots.gauge_against_tcp(*full()[:2]),
    "ghosts_by_uptime": lambda: plots.ghosts_by_uptime(days(), hour=20),
    "lanes": lambda: plots.lanes(*full()),
    "left_behind": left_behind,
    "matrix": lambda: plots.matrix(read_matrix()),
    "mechanism_table": lambda: plots.mechanism_table(read_verdicts()),
    "memory": lambda: plots.memory(*full()[:2]),
    "memory_fit": lambda: plots.memory_fit(evidence.pods()),
    "memory_per_ghost": lambda: plots.memory_per_ghost({"at full scale": full()[0]}),
    "orphans": lambda: plots.orphans(full()[0]),
    "packed_node": packed_node,
    "pods": lambda: plots.pods(evidence.pods()),
    "regressors": lambda: plots.regressors(evidence.pods(), evidence.ordinary_pods()),
    "replayed_fleet": lambda: plots.replayed_fleet(
        stored_fleets("a_storage_stops", "b_interruption_60", "c_some_uploads_hang")
    ),
    "resident_memory": lambda: plots.resident_memory(*full()),
    "tasks": tasks,
    "timeline": timeline,
    "workers": lambda: plots.workers(*full()),
}
