"""A report that no service has to be run for."""

from dataclasses import replace

from ghosts.check.check import Report
from ghosts.check.confinement.audit import SideEffect
from ghosts.check.findings import find
from ghosts.check.plan import Dependency, Phase, Protocol, parse_cell
from ghosts.check.result import CellResult, Harm, Place, Symptom
from ghosts.check.service import Service

HANDLER = Place("ws", "app.py", 48, "await asyncio.gather(read(), work())")
GUILTY = Place("<upload>", "app.py", 12, 'await post("<storage>" & data)')
GHOST = Symptom(
    harm=Harm.GHOST,
    device=0,
    chain=(HANDLER, GUILTY),
    waits_for="an answer of storage",
    seconds=239.0,
    held_bytes=123_456,
    detail="POST /a to storage has had no full answer for 243 s",
)
LEAK = Symptom(harm=Harm.LEAKED, device=1, kept_by=("app.SESSIONS", "<Session at 0x7f12ab34cd>"))
CUT_OFF = Symptom(harm=Harm.CUT_OFF, device=2, detail="1011 (internal error)")
STORAGE = Dependency(
    name="storage", protocol=Protocol.HTTP, phases=(Phase.SESSION,), calls=7, place="app.py:12"
)


def result(name, *symptoms, clean_after=0.0, **measures):
    """What a cell of three devices has shown, two of which have left."""
    cell = parse_cell(name)
    measures = {"devices": 3, "left": 2, "clean_after": clean_after} | measures
    return CellResult(cell=cell, symptoms=list(symptoms), **measures)


def report(*results, **changes):
    """A report of these results, in the order in which their cells are said to have ended."""
    findings, notes = find(results)
    made = Report(
        service=Service(target="app:app", path="/ws?token=abc"),
        dependencies=(STORAGE,),
        results=results,
        not_run=(parse_cell("storage=garbage,silent"),),
        findings=tuple(findings),
        notes=tuple(notes),
        real_seconds=12.3,
    )
    return replace(made, **changes)


def usual():
    """A report with findings, a note, an exception, side effects, and a cell that was not run."""
    effects = [
        SideEffect("writes cache.json", "app.py:3 in save", False),
        SideEffect("sends to statsd:8125 (UDP)", None, True),
    ]
    return report(
        result("storage=never_answers,close", GHOST, GHOST, LEAK, clean_after=None),
        result("storage=refuses,reset", CUT_OFF, exceptions=["KeyError: <3 at 0x7f12ab34cd>"]),
        result("healthy,stop", stopped_after=77.4, gauges={"active": (0.0, 3.0, 0.0)}),
        result("storage=trickles,close", GHOST, clean_after=None, exceptions=["ValueError: late"]),
        result("healthy,close", side_effects=effects),
        result("healthy,silent"),
    )
