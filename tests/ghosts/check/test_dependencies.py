"""What a service calls is found, named, and answered: by a stand-in, a stub or a real server."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from checked import CLOSE, check, is_at, line_of, result_of, said

from ghosts.check.check import Report
from ghosts.check.confinement.broker import allowed_server
from ghosts.check.plan import Dependency, Phase, PlanError, Protocol
from ghosts.check.service import Frame

RECORDER: Final = Path(__file__).parents[3] / "data" / "exercises" / "recorder"
AUDIO: Final = Frame(bytes(160))

pytestmark = pytest.mark.usefixtures("quick")


def calls(report: Report) -> dict[str, Dependency]:
    return {each.name: each for each in report.dependencies}


def test_hosts_are_named_by_each_client_with_protocol_calls_and_place() -> None:
    report = check("dependencies:clients")
    found = calls(report)
    assert {name: each.protocol for name, each in found.items()} == {
        "httpx.internal": Protocol.HTTP,
        "aiohttp.internal": Protocol.HTTP,
        "urllib.internal": Protocol.HTTP,
        "fetch": Protocol.THREAD,
    }
    assert {each.calls for each in found.values()} == {2}
    places = {
        "httpx.internal": f":{line_of('dependencies.py', 'HTTPX')} in clients",
        "urllib.internal": f":{line_of('dependencies.py', 'URLLIB')} in fetch",
    }
    for name, place in places.items():
        assert found[name].place.endswith(f"dependencies.py{place}")
    assert found["fetch"].connects  # so its host's cells are tried, not a blocked thread
    assert report.findings == ()


def test_what_speaks_no_http_is_named_with_its_port_as_not_answered() -> None:
    report = check("dependencies:raw")
    found = calls(report)["dict.internal:2628"]
    assert (found.protocol, found.calls, found.phases) == (Protocol.UNKNOWN, 2, (Phase.CONNECT,))
    assert said(report) == ["no answer"]
    (note,) = report.notes
    assert note.text.startswith("dict.internal:2628 is not answered, for it speaks no HTTP")
    assert "--stub dict.internal:2628=MODULE:FUNCTION" in note.text
    assert "--allow dict.internal:2628" in note.text


def test_bytes_are_accepted_that_an_http_server_has_answered_without_an_error() -> None:
    failing = [f"storage.internal={mode},close" for mode in ("status_500", "trickles", "slow")]
    folder = str(RECORDER)
    report = check("app:app", CLOSE, *failing, app_dir=folder, path="/ws", frames=(AUDIO,))
    healthy, *broken, slow = (
        each.accepted
        for cell in (CLOSE, *failing)
        for each in result_of(report, cell).dependencies
        if each.name == "storage.internal"
    )
    assert healthy == slow > 0
    assert all(accepted < healthy for accepted in broken)
    assert healthy % len(AUDIO.data) == 0


def test_phases_are_when_a_dependency_is_called() -> None:
    found = calls(check("dependencies:phases"))
    expected = {f"{phase}.internal:8000": (phase,) for phase in Phase}
    # The last device sends on after the other has left.
    expected["session.internal:8000"] = (Phase.SESSION, Phase.DEPARTURE)
    assert {name: each.phases for name, each in found.items()} == expected
    numbers = [found[f"{phase}.internal:8000"].calls for phase in Phase]
    assert (numbers[0], numbers[1], numbers[3]) == (1, 2, 2)
    assert 0.5 < found["session.internal:8000"].longest_gap < 1.0


def test_a_cell_of_a_dependency_that_is_not_called_names_those_that_are() -> None:
    with pytest.raises(PlanError, match=r"no dependency 'conect\.internal:8000'; did you mean"):
        check("dependencies:phases", "conect.internal:8000=refuses,close")


def test_stubs_answer_over_http_and_by_lines_and_their_hosts_are_dependencies() -> None:
    stubs = {"names.internal": "dependencies:names", "dict.internal": "dependencies:dictionary"}
    report = check("dependencies:asks_stubs", stubs=stubs)
    assert said(report) == ["201 yes ['POST', '/ghost', 'a=1', 'body']", "b'GHOST\\n'"]
    found = calls(report)
    assert found["names.internal"].protocol is Protocol.HTTP
    assert found["dict.internal:2628"].protocol is Protocol.PASSED_ON
    assert report.findings == ()
    assert report.notes == ()


def test_a_websocket_is_named_as_one_and_a_ghost_says_that_no_message_has_come() -> None:
    report = check("dependencies:bridges")
    assert calls(report)["speech.internal"].protocol is Protocol.WEBSOCKET
    finding = report.findings[0]
    assert is_at(finding.line, "dependencies.py", "SPEECH")
    assert finding.symptom.detail.startswith(
        "the WebSocket /listen to speech.internal has had no message "
        "(its stand-in sends none: see --stub) for "
    )


def test_a_stub_talks_over_a_websocket_until_it_never_answers() -> None:
    stubs = {"speech.internal": "dependencies:speech"}
    broken = "speech.internal=never_answers,close"
    report = check("dependencies:bridges", CLOSE, broken, stubs=stubs)
    (finding,) = report.findings
    assert [cell.name for cell in finding.cells] == [broken]
    assert is_at(finding.line, "dependencies.py", "SPEECH")
    assert "has had no message for " in finding.symptom.detail


@pytest.fixture
def real_server() -> Iterator[int]:
    """The port of a server in this process, which answers each line with capitals."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        stops.append(asyncio.Event())
        ready.set()
        await stops[0].wait()
        server.close()

    ports: list[int] = []
    stops: list[asyncio.Event] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait()
    yield ports[0]
    loop.call_soon_threadsafe(stops[0].set)
    thread.join()
    loop.close()


def test_a_real_server_is_reached_if_it_is_allowed_and_only_then(real_server: int) -> None:
    target, path = "dependencies:asks_a_real_server", f"/{real_server}"
    allowed = (allowed_server(f"localhost:{real_server}"),)
    reached = check(target, path=path, allowed=allowed)
    assert said(reached) == ["b'HELLO\\n'"]
    assert calls(reached)[f"localhost:{real_server}"].protocol is Protocol.PASSED_ON
    alone = check(target, path=path)
    assert said(alone) == ["TimeoutError"]
    assert calls(alone)[f"localhost:{real_server}"].protocol is Protocol.UNKNOWN


def test_a_real_server_that_is_allowed_fails_as_a_cell_says(real_server: int) -> None:
    name = f"localhost:{real_server}"
    cells = [f"{name}=never_answers,close", f"{name}=refuses,close"]
    report = check(
        "dependencies:asks_a_real_server",
        *cells,
        path=f"/{real_server}",
        allowed=(allowed_server(name),),
    )
    assert said(report, cells[0]) == ["TimeoutError"]
    assert said(report, cells[1]) == ["ConnectionRefusedError"]
