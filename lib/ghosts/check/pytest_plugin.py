"""A plugin of pytest: the fixture ``ghost_check``, which checks a WebSocket service in a test.

pytest imports this module in every run where the package is installed, so all that takes time to
import is imported by the first check.
"""

import warnings
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

import pytest

if TYPE_CHECKING:
    from ghosts.check.check import Report
    from ghosts.check.service import Frame


class GhostCheckWarning(UserWarning):
    """A check ran out of time: it says nothing of the cells that it did not run."""


class ServiceOptions(TypedDict, total=False):
    """How a service is served and talked to; see `ghosts.check.service.Service`."""

    app_dir: str
    headers: tuple[tuple[str, str], ...]
    subprotocols: tuple[str, ...]
    frames: "tuple[Frame, ...]"
    devices: int
    stay: float
    gauge: str | None
    stubs: dict[str, str]
    by_wall_clock: bool


class GhostCheck:
    """Checks services in one test; its ``reports`` are shown if the test fails."""

    def __init__(self, at_once: int) -> None:
        self.reports: list[Report] = []
        self._at_once = at_once

    def __call__(
        self,
        app: Any,
        *,
        path: str = "/",
        only: Sequence[str] = (),
        allow: Sequence[str] = (),
        seconds: float = 50.0,
        **options: Unpack[ServiceOptions],
    ) -> "Report":
        """Run a service unmodified on simulated time, break its dependencies, and report.

        Blocks until the check is over. ``app`` itself is never started: it runs in forks of this
        process.

        Args:
            app: An ASGI application, an aiohttp.web.Application, a handler of websockets or a
                coroutine function that serves; or ``"module:attribute"`` of one, which a new
                process imports from the folder ``app_dir``.
            path: The path of the WebSocket, with a query if it needs one.
            only: The cells to run, such as ``"storage.internal=never_answers,close"``; all by
                default.
            allow: Real servers on loopback that the service may reach, as HOST:PORT.
            seconds: Begin no further cell after this time.
            options: Fields of `ghosts.check.service.Service`.

        Raises:
            GhostsError: the service cannot be imported, started or checked, or an option is wrong.
        """
        __tracebackhide__ = True
        from ghosts.check.confinement.broker import allowed_server
        from ghosts.check.in_test import checked
        from ghosts.check.plan import parse_cell
        from ghosts.check.service import Service
        from ghosts.errors import GhostsError

        try:
            allowed = tuple(allowed_server(each) for each in allow)
            service = Service(target=app, path=path, allowed=allowed, **options)
            cells = [parse_cell(each) for each in only]
            report = checked(service, only=cells, at_once=self._at_once, seconds=seconds)
        except GhostsError as error:
            raise error.with_traceback(None) from None
        self.reports.append(report)
        if report.not_run:
            warnings.warn(
                f"ghost_check had no time for {len(report.not_run)} cells, from "
                f"{report.not_run[0].name} on: pass seconds=",
                GhostCheckWarning,
                stacklevel=2,
            )
        return report


_CHECK: Final = pytest.StashKey[GhostCheck]()


@pytest.fixture
def ghost_check(request: pytest.FixtureRequest) -> GhostCheck:
    """Find ghost connections in a WebSocket service: ``ghost_check(app, path="/ws")``."""
    from ghosts.processes import cores

    is_worker = hasattr(request.config, "workerinput")  # of xdist: others use the other cores
    check = GhostCheck(at_once=1 if is_worker else cores())
    request.node.stash[_CHECK] = check
    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was found to the report of a test that fails, in words."""
    report = yield
    shown: Any = report.longrepr
    if report.failed and _CHECK in item.stash and hasattr(shown, "addsection"):
        for each in item.stash[_CHECK].reports:
            shown.addsection("ghosts check", str(each))
    return report
