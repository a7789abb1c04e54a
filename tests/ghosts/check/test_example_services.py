"""The services of data/services: each fault is found at its function, corrected forms have none."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from checked import check

from ghosts.check import process
from ghosts.check.check import Report
from ghosts.check.frames_file import read_frames
from ghosts.check.service import Frame, Service

pytestmark = pytest.mark.usefixtures("quick")

FOLDER: Final = Path(__file__).parents[3] / "data" / "services"
LONG: Final = read_frames(FOLDER / "long_messages.json")
FIXED: Final = ("fixed_with_scope", "fixed_standard_library")


@dataclass(frozen=True)
class Example:
    """A service: how it is checked, and what its README promises, at which function."""

    name: str
    attribute: str
    path: str
    cells: tuple[str, ...]
    """Those in which the faults show."""
    findings: frozenset[tuple[str, str]]
    stubs: tuple[tuple[str, str], ...] = ()
    frames: tuple[Frame, ...] = (Frame("ping"),)

    def options(self) -> dict[str, object]:
        return {
            "app_dir": str(FOLDER / self.name),
            "path": self.path,
            "stubs": dict(self.stubs),
            "frames": self.frames,
        }


UPLOADS: Final = Example(
    "fastapi_uploads",
    "app",
    "/ws",
    (
        "storage.internal=never_answers,close",
        "storage.internal=never_answers,stop",
        "hooks.internal=trickles,close",
        "hooks.internal=garbage,close",
    ),
    frozenset({("GHOST", "Session.post"), ("GAUGE", "listen")}),
)
HUB: Final = Example(
    "aiohttp_hub",
    "app",
    "/ws",
    ("healthy,close", "healthy,reset", "healthy,vanish"),
    frozenset(
        {
            ("HALF_OPEN", "receive"),
            ("ORPHAN", "heartbeat"),
            ("LEAKED", "hub"),
            ("GAUGE", "hub"),
            ("STARVED", "send"),
        }
    ),
    frames=LONG,
)
REDIS: Final = Example(
    "websockets_redis",
    "handler",
    "/lobby",
    ("healthy,close", "healthy,reset", "healthy,vanish", "healthy,stop"),
    frozenset({("GHOST", "listen"), ("HALF_OPEN", "listen")}),
    (("localhost:6379", "redis_stub:redis"),),
    frames=LONG,
)
EXAMPLES: Final = (UPLOADS, HUB, REDIS)


def found(report: Report) -> set[tuple[str, str]]:
    return {(each.harm.name, each.line.function if each.line else "") for each in report.findings}


def examples() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


@cache
def faulty(example: Example) -> Report:
    """Return what the cells of an example show, which two tests look at."""
    target = f"app:{example.attribute}"
    return check(target, *example.cells, stay=12.5, devices=3, **example.options())


@examples()
def test_each_fault_is_found_at_its_function_and_there_only(example: Example) -> None:
    report = faulty(example)
    assert found(report) == example.findings
    assert report.not_run == ()


@pytest.mark.slow
@examples()
def test_the_form_with_a_scope_has_no_fault_in_the_same_cells(example: Example) -> None:
    target = f"{FIXED[0]}:{example.attribute}"
    report = check(target, *example.cells, stay=12.5, devices=3, **example.options())
    assert report.findings == ()


def test_the_ghosts_of_uploads_are_all_its_devices_with_their_gauge_and_a_stop_without_end() -> (
    None
):
    finding = faulty(UPLOADS).findings[0]
    assert finding.count == 3
    assert [place.function for place in finding.symptom.chain] == [
        "listen",
        "Session.call_webhook",
        "Session.post",
    ]
    assert finding.symptom.waits_for == "an answer of hooks.internal"
    assert finding.also == (
        "the gauge active_connections reads 3 too high",
        "the service does not stop on SIGTERM while it waits",
    )


@pytest.mark.slow
@examples()
@pytest.mark.parametrize("module", ["app", *FIXED])
def test_in_all_cells_faults_are_found_and_corrected_forms_have_none(
    example: Example, module: str
) -> None:
    report = process.check(
        Service(target=f"{module}:{example.attribute}", **example.options()), seconds=3600
    )
    assert report.not_run == ()
    if module == "app":
        assert found(report) >= example.findings
    else:
        assert report.findings == ()
