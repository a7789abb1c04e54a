"""The command `ghosts check`, driven as from a shell on small services."""

import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from ghosts.cli.check_progress import trying
from ghosts.cli.main import main

pytestmark = pytest.mark.usefixtures("quick")

SERVICES = str(Path(__file__).parents[1] / "check" / "services")
SMALL = ("--app-dir", SERVICES, "--devices", "2", "--stay", "5")
HELD = "storage.internal=never_answers,close"
LINE = 'await client.post("http://storage.internal/audio", content=text)'
# A process that a shell has started in its background ignores Ctrl-C, and so do those it starts.
_AS_INSTALLED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from ghosts.cli import main
sys.exit(main())
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _check(name, *options):
    return main(["check", f"reported:{name}", *SMALL, *options])


def test_a_ghost_is_reported_with_its_line_and_written_to_both_files(here, capsys):
    files = ("--json", "found.json", "--html", "found.html")
    assert _check("waits_for_storage", "--only", HELD, *files) == 1

    out, err = capsys.readouterr()
    assert not {"\x1b", "\r"} & set(out + err)  # no terminal: no colour, nothing drawn over
    assert "1. 2 ghosts: storage.internal never answers, devices close" in out
    assert re.search(rf"-> reported.py:\d+ in upload: {re.escape(LINE)}\n", out)
    assert f"alone: ghosts check reported:waits_for_storage --app-dir {SERVICES}" in out
    assert "Report: found.html\nJSON: found.json\n" in out
    assert err.splitlines()[-1] == "2 of 2 cells"
    found = json.loads((here / "found.json").read_text())
    (finding,) = found["findings"]
    assert (finding["harm"], finding["count"], finding["cell"]) == ("ghost", 2, HELD)
    assert finding["line"]["source"] == LINE
    (cell,) = found["cells"]
    assert (cell["ghosts"], cell["seconds_to_clean"]) == (2, None)
    assert cell["gauges"] == {"active": {"before": 0.0, "connected": 2.0, "at_end": 2.0}}
    page = (here / "found.html").read_text()
    assert "2 ghosts: storage.internal never answers" in page


def test_two_runs_write_the_same_json_apart_from_real_seconds(here):
    written = []
    for number in (1, 2):
        cells = ("--only", HELD, "--only", "storage.internal=refuses,stop")
        _check("waits_for_storage", *cells, "--json", f"{number}.json")
        written.append(json.loads((here / f"{number}.json").read_text()))
        del written[-1]["real_seconds"]

    assert written[0] == written[1]


def test_a_service_without_a_fault_exits_with_0_and_says_what_was_tried(capsys):
    assert _check("echoes") == 0

    out = capsys.readouterr().out
    assert "reported:echoes calls:\n  nothing\n" in out
    assert "Tried: nothing fails; departures: close, reset, vanish, silent, stop.\n" in out
    assert "Nothing found in 5 cells" in out


def test_devices_send_the_frames_of_a_file_with_its_pauses_again_and_again(here, capsys):
    frames = ["hello", {"json": {"type": "ü"}, "pause": 2}, {"base64": "AAE=", "pause": 0.5}]
    (here / "frames.json").write_text(json.dumps(frames), encoding="utf-8")
    options = ("--only", "healthy,close", "--stay", "9")

    assert _check("expects_frames", *options, "--send", "frames.json") == 0
    assert _check("expects_frames", *options) == 2  # it notices other frames
    assert "unexpected 'ping'" in capsys.readouterr().err


def test_devices_have_the_header_the_query_and_the_subprotocol_that_are_asked_for(capsys):
    asked_for = (
        ("--header", "Authorization: Bearer test"),
        ("--query", "version=2"),
        ("--subprotocol", "v1", "--subprotocol", "v2"),
    )
    cell = ("--only", "healthy,close")
    assert _check("expects_an_address", *cell, *chain(*asked_for)) == 0
    for without in asked_for:
        others = chain(*(each for each in asked_for if each != without))
        assert _check("expects_an_address", *cell, *others) == 2
        assert "no device is let in at /" in capsys.readouterr().err


def test_a_stub_answers_in_place_of_its_host(capsys):
    stub = ("--stub", "Storage.internal=reported:storage")
    assert _check("expects_a_stub", "--only", "healthy,close", *stub) == 0
    assert _check("expects_a_stub", "--only", "healthy,close") == 2
    assert "another storage" in capsys.readouterr().err


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        pytest.param("127.0.0.1", marks=pytest.mark.slow),
        pytest.param("LOCALHOST", marks=pytest.mark.slow),
    ],
)
def test_an_allowed_server_of_this_machine_answers_itself(capsys, host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answering = threading.Thread(target=_answer, args=(server,), daemon=True)
        answering.start()
        options = ("--path", f"/{port}", "--allow", f"{host}:{port}")
        code = _check("calls_a_real_server", "--only", "healthy,close", *options)
        server.shutdown(socket.SHUT_RDWR)
        answering.join()

    assert code == 0
    assert f"localhost:{port} (passed on)" in capsys.readouterr().out


def _answer(server):
    with suppress(OSError):  # the listener was shut down
        while True:
            link, _ = server.accept()
            with link:
                link.sendall(link.recv(9).upper())


def test_options_for_hosts_that_the_service_does_not_call_are_named(capsys):
    options = ("--stub", "storge.internal=reported:storage", "--allow", "localhost:6379")
    assert _check("echoes", "--only", "healthy,close", *options) == 0

    out = capsys.readouterr().out
    assert "  --stub storge.internal: the service does not call it\n" in out
    assert "  --allow localhost:6379: the service does not call it\n" in out


def test_headers_and_parameters_reach_the_service_and_no_file(here, capsys):
    options = ("--path", "live", "--query", "token=t0ken", "--query", "uid=7")
    options += ("--only", "healthy,close", "--json", "x.json", "--html", "x.html")
    assert _check("sees_header_and_path", *options, "--header", "X-Key: s3cret") == 0
    assert _check("sees_header_and_path", *options, "--header", "X-Key: other") == 2

    out, err = capsys.readouterr()
    assert "who are you" in err
    out += (here / "x.json").read_text() + (here / "x.html").read_text()
    assert not re.search("s3cret|t0ken", out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("app", "'app': write MODULE:ATTRIBUTE, such as app:app"),
        ("app:", "'app:': write MODULE:ATTRIBUTE"),
        ("reported:nothing", "no attribute 'nothing'"),
        ("reported:ACTIVE", "Gauge is no service: name an ASGI application"),
        ("reported:serves", "serves returns nothing: name the application that it serves"),
        ("reported:echoes --gauge activ", "no gauge 'activ'; did you mean 'active'?"),
        ("missing:app", "no module 'missing'"),
        ("a:b --devices 0", "--devices 0: write 1 to 500"),
        ("a:b --devices x", "--devices: invalid int value"),
        ("a:b --stay 0", "--stay 0: write seconds"),
        ("a:b --stay nan", "--stay nan: write seconds"),
        ("a:b --stay 5 --devices 100", "100 devices take 10 s to connect; write --stay 10"),
        ("a:b --seconds -1", "--seconds -1: write seconds"),
        ("a:b --header X", "--header 'X': write NAME:VALUE"),
        ("a:b --header X:ü", "--header 'X:ü': write one line of ASCII"),
        ("a:b --query X", "--query 'X': write NAME=VALUE"),
        ("a:b --path ws://host/ws", "write the path alone, such as /ws"),
        ("a:b --send nothing.json", "nothing.json: No such file"),
        ("a:b --send frames.json", "frames.json: entry 2: 7 is no frame; write"),
        ("a:b --stub storage", "--stub 'storage': write HOST=MODULE:APP"),
        ("a:b --stub storage=app", "--stub 'storage=app': write HOST=MODULE:APP"),
        ("a:b --stub s=a:b --stub s=a:c", "s is answered by a:b already"),
        ("reported:echoes --stub s=missing:a", "--stub s=missing:a: no module 'missing'"),
        ("reported:echoes --stub s=reported:echoes", "write an ASGI application, or a coroutine"),
        ("a:b --allow localhost", "--allow localhost: expected HOST:PORT"),
        ("a:b --allow localhost:0", "--allow localhost:0: expected HOST:PORT"),
        ("a:b --allow 10.0.0.1:5432", "10.0.0.1 is not on loopback"),
        ("a:b --only nothing", "'nothing' is no cell"),
        ("a:b --only healthy,leave", "no departure 'leave'"),
        ("a:b --json no/x.json", "cannot write no/x.json"),
        ("a:b --html .", "cannot write ."),
        ("a:b --html x --json x", "--html and --json name the same file"),
        ("reported:echoes --only s=refuses,close", "no dependency 's'"),
    ],
)
def test_wrong_use_gets_one_line_that_says_what_to_write(here, capsys, options, said):
    (here / "frames.json").write_text('["a", 7]')
    assert _exit_code(["check", "--app-dir", SERVICES, "--devices", "2", *options.split()]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert [path.name for path in here.iterdir()] == ["frames.json"]


@pytest.mark.parametrize(
    "closed",
    [
        ">/dev/full",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (">&-", "2>&-", "<&-", "| head -0")
        ),
    ],
)
def test_the_files_are_written_whatever_standard_streams_are_closed_or_full(here, closed):
    options = ("--only", "healthy,close", "--json", "found.json", "--html", "found.html")
    check = ("check", "reported:echoes", *SMALL, *options)
    command = shlex.join([sys.executable, "-c", _AS_INSTALLED, *check])
    ended = subprocess.run(f"{command} {closed}", shell=True, capture_output=True, text=True)
    assert sorted(path.name for path in here.iterdir()) == ["found.html", "found.json"]
    assert "Traceback" not in ended.stderr


def test_help_says_what_a_file_of_frames_holds(capsys):
    assert _exit_code(["check", "--help"]) == 0

    words = " ".join(capsys.readouterr().out.split())
    assert '"TEXT", {"text": "TEXT"}, {"json": VALUE} or {"base64": "BYTES"}' in words


def test_other_subcommands_work_without_what_only_a_check_needs():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('time_machine', 'trustme', 'uvicorn')))\n"
        "from ghosts.cli import main; sys.exit(main(['matrix', '--fault', 'x']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "no 'x'" in ended.stderr or "invalid choice" in ended.stderr


def test_a_check_says_what_is_to_be_installed(capsys, monkeypatch):
    monkeypatch.setattr("ghosts.cli.check.find_spec", lambda name: None)
    assert main(["check", "a:b"]) == 2
    assert "time_machine and trustme and uvicorn: install" in capsys.readouterr().err


def test_a_terminal_shows_how_many_cells_have_ended_and_the_last_one():
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=100)
    with trying(console, "app:app") as show:
        show(1, 1, "healthy,close")
        show(2, 4, "[::1]:80=refuses,close")

    assert "2 of 4 cells, last [::1]:80=refuses,close" in drawn.getvalue()


def test_elsewhere_a_few_lines_say_how_many_cells_have_ended():
    written = io.StringIO()
    with trying(Console(file=written), "app:app") as show:
        show(1, 1, "healthy,close")
        for done in range(2, 41):
            show(done, 40, "storage=refuses,close")

    assert written.getvalue() == "".join(f"{done} of 40 cells\n" for done in (10, 20, 30, 40))


@pytest.mark.parametrize("module", ["reported", "handles_sigterm"])
def test_ctrl_c_ends_everything_in_one_line(module):
    """A terminal sends it to the whole group, while cells run in forks. Alone it takes 50 s."""
    with _command("check", f"{module}:waits_for_storage", "--app-dir", SERVICES) as command:
        below = _forks_of(command)
        os.killpg(command.pid, signal.SIGINT)
        out, err = command.communicate(timeout=30)

    assert command.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "ghosts: interrupted"
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(below, timeout=60)
    assert not alive


def _forks_of(command):
    """Wait until cells run, and return every process below the command."""
    parent = psutil.Process(command.pid)
    while not any(child.children() for child in parent.children()):
        assert command.poll() is None
        time.sleep(0.05)
    return parent.children(recursive=True)


@contextmanager
def _command(*arguments):
    """The command in a process group of its own, as a shell starts it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_INSTALLED, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _exit_code(arguments):
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code
