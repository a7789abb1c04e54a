"""Each mode fails as its name says, and each departure is what its name says."""

import pytest
from checked import check, result_of, said

from ghosts.check.check import Report
from ghosts.check.plan import CONNECTION_MODES, HTTP_MODES, Departure
from ghosts.records.fault import FaultMode

pytestmark = pytest.mark.usefixtures("quick")

HTTP: dict[FaultMode, str] = {
    FaultMode.NEVER_ANSWERS: "ReadTimeout after 30 s",
    FaultMode.TRICKLES: "TimeoutError after 50 s",  # no single read takes 30 s
    FaultMode.SLOW: "{} after 20 s",
    FaultMode.RESETS: "ReadError after 0 s",
    FaultMode.REFUSES: "ConnectError after 0 s",
    FaultMode.STATUS_500: "500 after 0 s",
    FaultMode.GARBAGE: "JSONDecodeError after 0 s",
}
LINES: dict[FaultMode, str] = {
    FaultMode.NEVER_ANSWERS: "TimeoutError after 30 s",
    FaultMode.TRICKLES: r"b'ABC\n' after 12 s",
    FaultMode.SLOW: r"b'ABC\n' after 20 s",
    FaultMode.RESETS: "ConnectionResetError after 0 s",
    FaultMode.REFUSES: "ConnectionRefusedError after 0 s",
}
STUBS = {"dict.internal": "failing:dictionary"}


@pytest.fixture(scope="module")
def over_http(quick: None) -> Report:
    return check("failing:over_http", *(f"storage.internal={mode},close" for mode in HTTP_MODES))


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_service_over_http_fails_by_its_mode_from_the_fault_on(
    over_http: Report, mode: FaultMode
) -> None:
    words = said(over_http, f"storage.internal={mode},close")
    assert words == ["{} after 0 s", HTTP[mode]]


@pytest.fixture(scope="module")
def by_lines(quick: None) -> Report:
    cells = (f"dict.internal:2628={mode},close" for mode in CONNECTION_MODES)
    return check("failing:by_lines", *cells, stubs=STUBS)


@pytest.mark.parametrize("mode", CONNECTION_MODES)
def test_a_connection_that_is_passed_on_fails_by_its_mode_from_the_fault_on(
    by_lines: Report, mode: FaultMode
) -> None:
    words = said(by_lines, f"dict.internal:2628={mode},close")
    assert words == [r"b'ABC\n' after 0 s", LINES[mode]]


@pytest.fixture(scope="module")
def departures(quick: None) -> Report:
    return check("failing:departures", *(f"healthy,{each}" for each in Departure))


@pytest.mark.parametrize(
    ("departure", "words", "connected"),
    [
        (Departure.CLOSE, ["1000 "], 0),
        (Departure.RESET, ["1006 "], 0),
        (Departure.VANISH, ["1006 "], 0),
        (Departure.SILENT, [], 2),
        (Departure.STOP, ["1001 "], 0),
    ],
)
def test_a_service_sees_its_devices_leave_as_the_departure_says(
    departures: Report, departure: Departure, words: list[str], connected: int
) -> None:
    cell = f"healthy,{departure}"
    result = result_of(departures, cell)
    assert said(departures, cell) == words
    assert result.left == (0 if departure is Departure.STOP else 2)
    if departure is not Departure.VANISH:  # such a device does not know
        assert result.connected == connected
    assert result.symptoms == []
    if departure in (Departure.CLOSE, Departure.RESET):
        assert result.clean_after < 1
    if departure is Departure.VANISH:  # a ping every 20 s, 20 s for its answer, 10 s for a close
        assert 20 < result.clean_after < 51
