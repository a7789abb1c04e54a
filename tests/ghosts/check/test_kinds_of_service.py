"""Each kind of target is served as it would be in production, and its handlers are seen."""

from typing import Final

import pytest
from checked import check, harms, is_at, result_of, said

from ghosts.check.result import Harm
from ghosts.check.service import ServiceError, kind_of

pytestmark = pytest.mark.usefixtures("quick")

STOP: Final = "healthy,stop"
TARGETS: Final = (
    "targets:fastapi_app",
    "targets:starlette_app",
    "targets:aiohttp_app",
    "targets:aiohttp_factory",
    "targets:websockets_handler",
    "targets:main_with_signal",
    "targets:main_forever",
    "targets:main_of_uvicorn",
    "targets:main_of_aiohttp",
    "quart_app:app",
    "channels_app:app",
)
QUICK: Final = (
    "targets:fastapi_app",
    "targets:aiohttp_app",
    "targets:main_with_signal",
    "quart_app:app",
)
AS_OTHERS: Final = ("targets:starlette_app", "targets:aiohttp_app", "targets:main_of_aiohttp")
WITHOUT_STARTUP: Final = ("targets:websockets_handler", "channels_app:app")


@pytest.mark.parametrize(
    "target",
    [pytest.param(each, marks=pytest.mark.slow if each in AS_OTHERS else ()) for each in TARGETS],
)
def test_a_sound_service_of_each_kind_is_served_started_and_stopped(target: str) -> None:
    report = check(target, "healthy,close", STOP, path="/ws")
    assert report.findings == ()
    assert report.notes == ()
    closed, stopped = result_of(report), result_of(report, STOP)
    assert (closed.devices, closed.sessions, closed.left) == (2, 2, 2)
    assert closed.clean_after is not None
    assert closed.clean_after < 1
    assert stopped.stopped_after is not None
    assert stopped.stopped_after < 10
    started = [] if target in WITHOUT_STARTUP else ["startup"]
    assert said(report) == started
    assert said(report, STOP) == (started and ["startup", "shutdown"])


@pytest.mark.parametrize(
    "target",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in TARGETS],
)
def test_a_ghost_of_each_kind_is_found_at_the_line_that_holds_it(target: str) -> None:
    report = check(target, path="/ws?hold")
    assert harms(report) == [(Harm.GHOST.name, 2)]
    assert is_at(report.findings[0].line, "saying.py", "HELD")
    assert result_of(report).clean_after is None


def test_a_factory_that_is_passed_as_an_object_is_to_be_called() -> None:
    with pytest.raises(ServiceError, match="make is a function without parameters: pass what it"):
        kind_of(make)


def make() -> None:
    """Return nothing: it is not called."""


def test_a_program_that_returns_or_a_lifespan_that_fails_is_said_with_its_reason() -> None:
    with pytest.raises(ServiceError, match="the service did not start: it returned at once"):
        check("targets:returns_at_once")
    with pytest.raises(ServiceError, match=r"did not start: .*no database"):
        check("targets:fails_to_start")
