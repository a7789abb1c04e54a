"""How a service accepts, reads and ends sessions: what is its fault there, and what its habit."""

import pytest
from checked import check, harms, is_at, line_of, result_of, said

from ghosts.check.service import ServiceError

pytestmark = pytest.mark.usefixtures("quick")


def test_a_handler_that_is_held_before_it_accepts_is_a_ghost_once_its_device_has_given_up() -> None:
    report = check("accepting:takes_a_permit", devices=3)
    (ghosts, refused) = report.findings
    assert harms(report) == [("GHOST", 2), ("REFUSED", 3)]  # with the one that comes last
    assert is_at(ghosts.line, "accepting.py", "PERMIT")
    assert ghosts.symptom.waits_for == "asyncio.Semaphore.acquire"
    assert is_at(refused.line, "accepting.py", "PERMIT")
    assert check("accepting:returns_its_permit", devices=3).findings == ()


def test_a_service_that_reads_nothing_gets_nothing_to_read() -> None:
    report = check("accepting:never_reads")
    assert report.findings == ()
    (note,) = report.notes
    assert note.text.startswith("the devices send nothing: the service does not read")
    assert report.service.frames == ()


def test_a_sender_that_never_pauses_is_named_with_its_own_line() -> None:
    with pytest.raises(ServiceError) as caught:
        check("accepting:never_pauses")
    assert f"accepting.py:{line_of('accepting.py', 'ENDLESS')}" in str(caught.value)


def test_no_time_passes_while_the_first_call_into_a_thread_of_anyio_computes() -> None:
    report = check("accepting:computes_first")
    assert set(said(report)) == {"0.0"}
    assert report.findings == ()


def test_an_exception_in_the_background_is_noted_though_nothing_fails() -> None:
    report = check("accepting:fails_in_the_background")
    assert report.findings == ()
    (note,) = report.notes
    assert note.text.startswith("unhandled: AttributeError: ")


def test_a_session_that_the_service_ends_by_itself_is_noted() -> None:
    report = check("accepting:ends_after_20_messages")
    assert report.findings == ()
    (note,) = report.notes
    assert note.text == "the service ends sessions of devices that stay: the handler returned"


def test_a_session_that_ends_because_others_leave_is_a_finding() -> None:
    assert harms(check("accepting:ends_with_the_others")) == [("CUT_OFF", 1)]


def test_a_service_that_ends_every_session_is_refused_and_said_to_do_so_by_itself() -> None:
    with pytest.raises(ServiceError, match=r"^the service itself ends the session of every device"):
        check("accepting:ends_after_20_messages", stay=30)


def test_what_makes_an_application_of_a_parameter_is_said_to_be_no_handler() -> None:
    with pytest.raises(ServiceError, match=r"as a handler of websockets, and returned Application"):
        check("accepting:makes_an_application")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_old_server_of_websockets_is_watched_too() -> None:
    assert check("legacy:main").findings == ()
    assert harms(check("legacy:main", path="/?hold")) == [("GHOST", 2)]
    assert result_of(check("legacy:main")).sessions == 2
