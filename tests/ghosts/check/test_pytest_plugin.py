"""The fixture ``ghost_check`` in test runs of their own, with the plugins that others have."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import psutil
import pytest

INI: Final = """\
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
SERVICES: Final = """\
import asyncio
import threading
import time
import warnings

import httpx
from aiohttp import web

QUICK = {"devices": 2, "stay": 3.0, "only": ["healthy,close"]}


async def hold():
    await asyncio.Event().wait()  # the guilty line


def websockets_handler(leaks):
    async def handler(connection):
        async for message in connection:
            pass
        if leaks:
            await hold()

    return handler


def asgi_app(leaks):
    async def app(scope, receive, send):
        if scope["type"] != "websocket":
            raise NotImplementedError(scope["type"])  # no lifespan
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        if leaks:
            await hold()

    return app


def aiohttp_app(leaks):
    async def handler(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            pass
        if leaks:
            await hold()
        return socket

    app = web.Application()
    app.router.add_get("/ws", handler)
    return app


def program(leaks):
    async def main():
        runner = web.AppRunner(aiohttp_app(leaks))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 8765).start()
        await asyncio.Event().wait()

    return main


def uploading(timeout):
    async def handler(connection):
        async with httpx.AsyncClient(timeout=timeout) as client:
            async for message in connection:
                try:
                    await client.post("http://storage.internal/", content=message)
                except httpx.TimeoutException:
                    pass

    return handler


sound, leaking = websockets_handler(False), websockets_handler(True)
"""
LINE: Final = SERVICES.splitlines().index("    await asyncio.Event().wait()  # the guilty line") + 1
PLACE: Final = f"services.py:{LINE} in hold"
GUILTY: Final = f"{PLACE}: await asyncio.Event().wait()"
MAKERS: Final = ("websockets_handler", "asgi_app", "aiohttp_app", "program")


def pytest_command(*options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pytest",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:nbval",
        "-p",
        "no:looptime_plugin",  # it warns on Python 3.13, and warnings are errors here
        *options,
    ]


def environment() -> dict[str, str]:
    """Return the variables of a run that is not part of this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def write(folder: Path, tests: str) -> None:
    (folder / "pytest.ini").write_text(INI)
    (folder / "services.py").write_text(SERVICES)
    (folder / "test_services.py").write_text(f"import services\n{tests}")


def run(folder: Path, tests: str, *options: str) -> str:
    """Return the output of a test run; stdout is a pipe, which Python buffers."""
    write(folder, tests)
    ended = subprocess.run(
        pytest_command(*options),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    return ended.stdout


def outcomes(output: str) -> dict[str, str]:
    """Return the outcome of each test, from pytest's summary."""
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\S+)", output, re.MULTILINE)
    assert found, output
    return {name: outcome for outcome, name in found}


ASSERTIONS: Final = """
import pytest

@pytest.mark.parametrize("make", [
    services.websockets_handler, services.asgi_app, services.aiohttp_app, services.program,
])
@pytest.mark.parametrize("leaks", [False, True])
def test_object(ghost_check, make, leaks):
    report = ghost_check(make(leaks), path="/ws", **services.QUICK)
    assert not report.findings
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(tmp_path_factory.mktemp("objects"), ASSERTIONS)


@pytest.mark.parametrize("make", MAKERS)
def test_an_application_made_in_the_test_passes_if_sound_and_fails_if_leaking(
    make: str, objects: str
) -> None:
    assert outcomes(objects)[f"test_object[False-{make}]"] == "PASSED", objects
    assert outcomes(objects)[f"test_object[True-{make}]"] == "FAILED", objects


def test_the_failing_assert_says_in_words_what_was_found_and_at_which_line(objects: str) -> None:
    short = f"(<2 ghosts: nothing fails, devices close, at {PLACE}>,)"
    assert objects.count(f"E       assert not {short}\n") == len(MAKERS), objects
    assert objects.count("- ghosts check -") == len(MAKERS)
    assert objects.count(f"   -> {GUILTY}") == len(MAKERS)
    assert "Service(" not in objects  # nothing is shown as the code of an object


def test_a_service_named_by_its_module_is_checked_in_a_new_process(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
import sys

def test_sound(ghost_check):
    assert ghost_check("other:sound", app_dir="elsewhere", **services.QUICK).findings == ()
    assert "other" not in sys.modules

def test_leaking(ghost_check):
    assert ghost_check("services:leaking", **services.QUICK).findings == ()
""".replace("elsewhere", str(other_folder(tmp_path))),
    )
    assert outcomes(output) == {"test_sound": "PASSED", "test_leaking": "FAILED"}, output
    assert f"<2 ghosts: nothing fails, devices close, at {PLACE}>" in output, output
    alone = "ghosts check services:leaking --devices 2 --stay 3 --only healthy,close"
    assert f"alone: {alone}" in output


def other_folder(folder: Path) -> Path:
    other = folder / "elsewhere"
    other.mkdir()
    (other / "other.py").write_text(SERVICES)
    return other


def test_a_dependency_that_fails_is_named_with_the_line_that_calls_it(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
ONLY = ["storage.internal=never_answers,close"]

def test_bounded(ghost_check):
    assert not ghost_check(services.uploading(9), devices=2, stay=5.0, only=ONLY).findings

def test_unbounded(ghost_check):
    assert not ghost_check(services.uploading(None), devices=2, stay=5.0, only=ONLY).findings
""",
    )
    assert outcomes(output) == {"test_bounded": "PASSED", "test_unbounded": "FAILED"}, output
    assert "storage.internal never answers, devices close" in output
    assert 'await client.post("http://storage.internal/", content=message)' in output
    replay = 'only=["storage.internal=never_answers,close"]'
    assert f"alone: ghost_check(..., {replay})" in output


ASYNC: Final = """
import asyncio
import signal

import pytest

MARK

async def check(ghost_check, service):
    loop, handler = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    report = ghost_check(service, **services.QUICK)
    assert asyncio.get_running_loop() is loop
    assert signal.getsignal(signal.SIGINT) is handler
    await asyncio.wait_for(asyncio.to_thread(bool), 5)  # the loop can be woken by a thread
    assert not report.findings

async def test_sound(ghost_check):
    await check(ghost_check, services.sound)

async def test_leaking(ghost_check):
    await check(ghost_check, services.leaking)
"""


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        pytest.param(
            "pytestmark = pytest.mark.asyncio",
            ["--asyncio-mode=strict"],
            id="strict",
            marks=pytest.mark.slow,
        ),
        pytest.param("", ["--asyncio-mode=auto"], id="auto"),
        pytest.param(
            """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"
""",
            ["--asyncio-mode=strict"],
            id="anyio",
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.slow
def test_the_check_works_inside_a_running_event_loop_which_goes_on(
    mark: str, options: list[str], tmp_path: Path
) -> None:
    output = run(tmp_path, ASYNC.replace("MARK", mark), *options)
    assert outcomes(output) == {"test_sound": "PASSED", "test_leaking": "FAILED"}, output
    assert GUILTY in output


PLAIN: Final = """
def test_sound(ghost_check):
    assert not ghost_check(services.sound, **services.QUICK).findings

def test_leaking(ghost_check):
    assert not ghost_check(services.leaking, **services.QUICK).findings
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["-n", "2"], id="threads_of_xdist"),
        pytest.param(["-o", "faulthandler_timeout=50", "--timeout=50"], id="timers"),
        pytest.param(["--capture=sys"], id="capture_by_sys"),
    ],
)
def test_the_check_works_beside(options: list[str], tmp_path: Path) -> None:
    output = run(tmp_path, PLAIN, *options)
    assert outcomes(output) == {"test_sound": "PASSED", "test_leaking": "FAILED"}, output
    assert GUILTY in output


@pytest.mark.slow
def test_the_check_works_while_coverage_is_measured(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    measured = [sys.executable, "-m", "coverage", *pytest_command()[1:]]
    measured.insert(3, "run")
    ended = subprocess.run(
        measured, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=100
    )
    assert outcomes(ended.stdout) == {"test_sound": "PASSED", "test_leaking": "FAILED"}, ended
    assert (tmp_path / ".coverage").exists()


@pytest.mark.parametrize(
    "capture", ["--capture=no", pytest.param("--capture=fd", marks=pytest.mark.slow)]
)
def test_forks_write_nothing_to_the_output_of_the_run(capture: str, tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
import logging
import sys

async def loud(connection):
    print("printed by a fork")
    print("printed by a fork", file=sys.stderr)
    logging.getLogger("loud").error("logged by a fork")
    await services.sound(connection)

def test_loud(ghost_check):
    sys.stdout.write("buffered before the fork")
    ghost_check(loud, **services.QUICK)
    logging.getLogger("loud").error("logged after the check")
    print("and after it")
""",
        capture,
        "-o",
        "log_cli=true",
    )
    assert outcomes(output) == {"test_loud": "PASSED"}, output
    assert "by a fork" not in output, output
    assert output.count("buffered before the fork") == 1, output
    assert output.count("test session starts") == 1
    assert "logged after the check" in output


TOGETHER: Final = """
import asyncio
import os
import time
from time import monotonic

async def warns(connection):
    services.warnings.warn("an old call", FutureWarning)
    await services.sound(connection)

def test_warns(ghost_check):
    (result,) = ghost_check(warns, **services.QUICK).results
    assert not result.symptoms

async def times(connection):
    began = monotonic(), time.monotonic(), time.time()
    await asyncio.sleep(100)
    ended = monotonic(), time.monotonic(), time.time()
    assert [round(b - a) for a, b in zip(began, ended)] == [100, 100, 100]
    await services.hold()

def test_times(ghost_check):
    real_seconds = time.clock_gettime(time.CLOCK_MONOTONIC)
    began = monotonic(), time.time()
    report = ghost_check(times, **services.QUICK)
    real_seconds = time.clock_gettime(time.CLOCK_MONOTONIC) - real_seconds
    assert abs(monotonic() - began[0] - real_seconds) < 1
    assert abs(time.time() - began[1] - real_seconds) < 1
    assert report.findings[0].line.function == "hold"

async def makes_a_folder(connection):
    asyncio.get_running_loop().call_soon(os.mkdir, FOLDER)
    await services.sound(connection)

def test_places(ghost_check):
    (result,) = ghost_check(makes_a_folder, **services.QUICK).results
    assert {each.place for each in result.side_effects} == {None}
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of one run of tests that do not need one of their own."""
    folder = tmp_path_factory.mktemp("together")
    return run(folder, TOGETHER.replace("FOLDER", repr(str(folder / "made"))))


@pytest.mark.slow
def test_warnings_of_a_service_are_no_errors_in_its_forks(together: str) -> None:
    assert outcomes(together)["test_warns"] == "PASSED", together


def test_the_service_has_simulated_clocks_and_the_test_real_ones(together: str) -> None:
    assert outcomes(together)["test_times"] == "PASSED", together


def test_lines_of_the_test_are_not_taken_for_lines_of_the_service(together: str) -> None:
    assert outcomes(together)["test_places"] == "PASSED", together


@pytest.mark.slow
def test_cells_that_were_not_run_are_a_warning(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
import pytest
from ghosts.check.pytest_plugin import GhostCheckWarning

def test_warned(ghost_check):
    with pytest.warns(GhostCheckWarning, match="no time for [0-9]+ cells, from storage.internal="):
        ghost_check(services.uploading(5.0), devices=2, stay=3.0, seconds=0.01)

def test_an_error_if_warnings_are(ghost_check):
    ghost_check(services.uploading(5.0), devices=2, stay=3.0, seconds=0.01)
""",
    )
    expected = {"test_warned": "PASSED", "test_an_error_if_warnings_are": "FAILED"}
    assert outcomes(output) == expected, output


def test_wrong_use_is_one_line_at_the_line_of_the_test(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
def test_wrong_path(ghost_check):
    ghost_check(services.aiohttp_app(False), path="/wrong", **services.QUICK)

def test_nothing_that_serves(ghost_check):
    ghost_check(42)

def test_wrong_cell(ghost_check):
    ghost_check(services.sound, only=["healthy,closes"])
""",
    )
    assert set(outcomes(output).values()) == {"FAILED"}, output
    assert "ServiceError: no device is let in at /wrong: " in output
    assert "ServiceError: int is no service" in output
    assert "PlanError: no departure 'closes'" in output
    assert "pytest_plugin.py" not in output, output


@pytest.mark.parametrize(
    ("start", "service"),
    [
        pytest.param("def", "blocking", id="sync", marks=pytest.mark.slow),
        pytest.param("async def", "blocking", id="async"),
        pytest.param("def", "'test_services:blocking'", id="by_name", marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_ends_the_test_run_and_all_forks(
    start: str, service: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        f"""
async def blocking(connection):
    while True:  # on two lines: blocked at one, the cell would end by itself
        services.threading.Event().wait(0.3)
        services.threading.Event().wait(0.3)

{start} test_long(ghost_check):
    ghost_check({service}, **services.QUICK)
""",
    )
    # In a group of its own, to which the signal is sent, as a terminal does at Ctrl-C.
    with subprocess.Popen(
        pytest_command("--asyncio-mode=auto"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as running:
        try:
            forks = wait_for_forks(running.pid)
            os.killpg(running.pid, signal.SIGINT)
            output, _ = running.communicate(timeout=20)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "KeyboardInterrupt" in output
    assert "Process " not in output, output  # how multiprocessing begins a fork's traceback
    assert psutil.wait_procs(forks, timeout=5)[1] == []


def test_signals_that_forks_receive_do_not_reach_the_test(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
import asyncio
import os
import signal

async def interrupts_itself(connection):
    os.kill(os.getpid(), signal.SIGINT)
    await services.sound(connection)

async def test_signals(ghost_check):
    received = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, received.append, "a signal")
    assert not ghost_check(interrupts_itself, **services.QUICK).findings
    await asyncio.sleep(0.05)
    assert not received
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(0.05)
    assert received
""",
        "--asyncio-mode=auto",
    )
    assert outcomes(output) == {"test_signals": "PASSED"}, output


def wait_for_forks(pid: int) -> list[psutil.Process]:
    deadline = time.monotonic() + 30
    while not (found := psutil.Process(pid).children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_the_plugin_imports_nothing_before_the_first_check() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import ghosts.check.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["ghosts", "ghosts.check", "ghosts.check.pytest_plugin"]
