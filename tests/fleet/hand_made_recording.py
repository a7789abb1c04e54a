"""A recording of a pod that wears out, made by hand: an hour until the workers are blocked."""

from dataclasses import fields, replace
from typing import Any, Final

from fleet.quantity import MIB
from ghosts.backends import Backend
from ghosts.records.device_group import DeviceGroup
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import FORMAT, Audio, Event, Recording, Sample, SessionAtEnd
from ghosts.records.scenario import Scenario

END: Final = 10_800
EXHAUSTED: Final = 3600
"""Second of the first sample with 16 blocked workers."""
HANGS: Final = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS, start=0.0, share=0.012)


def sample(t: float, blocked: int, *, queued_mib: float, abandoned_mib: float = 0.0) -> Sample:
    shown = "t", "tcp", "workers_blocked", "queued_bytes", "abandoned_bytes", "allocator", "listen"
    counts = {field.name: 0 for field in fields(Sample) if field.name not in shown}
    return Sample(
        t=t,
        tcp=20,
        workers_blocked=blocked,
        queued_bytes=round(queued_mib * MIB),
        abandoned_bytes=round(abandoned_mib * MIB),
        **counts,
    )


def recording(*, ghosts: int, left_behind_mib: float = 0.0, most_blocked: int = 16) -> Recording:
    """Ten devices leave after the workers are blocked and in time to be judged, some as ghosts.

    Two more leave before, and one too late: none of these three may count as a departure that
    made a ghost.
    """
    left = {f"early-{n}": 1800.0 for n in range(2)}
    left |= {f"judged-{n}": 4000.0 + 100 * n for n in range(10)}
    left["late-0"] = END - 10.0
    sessions = [SessionAtEnd(uid="early-0", ghost=True, held_bytes=0, retained_bytes=MIB)]
    sessions += [
        SessionAtEnd(uid=f"judged-{n}", ghost=True, held_bytes=0, retained_bytes=(n + 5) * MIB)
        for n in range(ghosts)
    ]
    return Recording(
        format=FORMAT,
        scenario=Scenario(
            name="production",
            summary="",
            seed=1,
            duration=END,
            devices=(DeviceGroup(name="device", count=13),),
            faults=(HANGS,),
            scale=1.0,
        ),
        variant="made_by_hand",
        scale=1.0,
        samples=(
            sample(30, 0, queued_mib=2),
            sample(120, 0, queued_mib=8),
            sample(180, 0, queued_mib=10),
            sample(240, min(1, most_blocked), queued_mib=100),
            sample(EXHAUSTED, most_blocked, queued_mib=200, abandoned_mib=3),
            sample(END, most_blocked, queued_mib=500, abandoned_mib=3 + 11 * left_behind_mib),
        ),
        audio=Audio(received=0, stored=0, lost=0, queued=0),
        events=tuple(Event(t=t, kind="device_left", who=who) for who, t in left.items()),
        sessions=tuple(sessions),
        versions={},
    )


def with_fault(of: Recording, **changes: Any) -> Recording:
    """The same recording of a scenario whose fault is another."""
    fault = replace(HANGS, **changes)
    return replace(of, scenario=replace(of.scenario, faults=(fault,)))
