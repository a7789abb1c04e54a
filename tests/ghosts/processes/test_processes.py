"""Calls in other processes: their results, their progress, and the end of a call or a process."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Final

import psutil
import pytest

from ghosts.processes import ProcessDiedError, call_all, call_side_by_side, processes

REPORTS: Final = 3
WAITS: Final = """
import os, sys, time
from ghosts.processes import call_all, call_side_by_side, processes

def wait_long(*arguments):
    print(os.getpid(), flush=True)
    time.sleep(3600)

if __name__ == "__main__":
    if sys.argv[1] == "side by side":
        call_side_by_side(wait_long, [(), ()], at_once=2)
    else:
        with processes(2) as executor:
            call_all(executor, wait_long, [(), ()])
"""


@pytest.fixture
def no_process_is_left() -> Iterator[None]:
    """After the test there is no other child process than before it, but multiprocessing's own."""
    before = set(psutil.Process().children())
    yield
    left = set(psutil.Process().children()) - before
    assert [child for child in left if "resource_tracker" not in " ".join(child.cmdline())] == []


def counts_up(name: str, report: Callable[[float], object]) -> tuple[str, int]:
    for number in range(REPORTS):
        report(number)
    return name, os.getpid()


def reports_for_ever(report: Callable[[float], object]) -> None:
    while True:
        report(0)


def fails(report: Callable[[float], object]) -> None:
    raise ValueError("this call fails")


def returns_what_cannot_be_pickled(report: Callable[[float], object]) -> object:
    def _nobody() -> None: ...

    return _nobody


def raises_what_cannot_be_pickled(report: Callable[[float], object]) -> None:
    class _UnsentError(Exception): ...

    raise _UnsentError("why the call failed")


def is_killed(report: Callable[[float], object]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed_within_a_report(report: Callable[[float], object]) -> None:
    report(1.0)

    def send_half(pipe: Connection, message: bytes) -> None:
        os.write(pipe.fileno(), message[: len(message) // 2])
        is_killed(report)

    Connection._send = send_half  # type: ignore[attr-defined]
    report(2.0)


@pytest.mark.parametrize("at_once", [1, 3])
def test_calls_side_by_side_return_in_order_and_each_has_a_process_of_its_own(at_once: int) -> None:
    results = call_side_by_side(counts_up, [("a",), ("b",), ("c",)], at_once=at_once)

    assert [name for name, _ in results] == ["a", "b", "c"]
    assert len({process for _, process in results} | {os.getpid()}) == 4


def test_each_call_reports_its_progress_under_its_number() -> None:
    seen: dict[int, list[float]] = {0: [], 1: []}
    call_side_by_side(
        counts_up,
        [("a",), ("b",)],
        at_once=2,
        on_progress=lambda number, progress: seen[number].append(progress),
    )
    assert seen == {0: [*range(REPORTS)], 1: [*range(REPORTS)]}


@pytest.mark.usefixtures("no_process_is_left")
def test_an_exception_of_one_call_is_raised_and_ends_the_others() -> None:
    with pytest.raises(ValueError, match=r"this call fails") as raised:
        call_side_by_side(_either, [(fails,), (reports_for_ever,)], at_once=2)
    assert str(raised.value) == "this call fails"  # its note stands apart
    assert "in fails\n" in raised.value.__notes__[0]


def test_a_result_that_cannot_be_pickled_is_an_exception_of_its_call() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError), match=r"_nobody"):
        call_side_by_side(_either, [(returns_what_cannot_be_pickled,)], at_once=1)


def test_an_exception_that_cannot_be_pickled_is_told_in_the_note_of_the_one_that_says_so() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError), match=r"_UnsentError") as raised:
        call_side_by_side(_either, [(raises_what_cannot_be_pickled,)], at_once=1)
    assert "why the call failed" in raised.value.__notes__[0]


def test_no_call_at_once_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^at_once must be at least 1, not 0$"):
        call_side_by_side(counts_up, [("a",)], at_once=0)


@pytest.mark.usefixtures("no_process_is_left")
def test_an_exception_while_progress_is_shown_ends_the_calls(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def interrupted(number: int, progress: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call_side_by_side(_either, [(reports_for_ever,)] * 2, at_once=2, on_progress=interrupted)
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("no_process_is_left")
def test_a_process_that_is_killed_during_its_call_is_one_clear_line_and_ends_the_others() -> None:
    with pytest.raises(ProcessDiedError, match=r"^a process died .*; is there enough memory\?$"):
        call_side_by_side(_either, [(is_killed,), (reports_for_ever,)], at_once=2)


@pytest.mark.usefixtures("no_process_is_left")
def test_half_a_report_of_a_process_that_is_killed_holds_nobody_up() -> None:
    seen: list[tuple[int, float]] = []
    with pytest.raises(ProcessDiedError):
        call_side_by_side(
            _either,
            [(is_killed_within_a_report,), (reports_for_ever,)],
            at_once=2,
            on_progress=lambda number, progress: seen.append((number, progress)),
        )
    assert (0, 1.0) in seen
    assert (0, 2.0) not in seen


@pytest.mark.slow
@pytest.mark.parametrize("form", ["side by side", "executor"])
def test_the_processes_end_when_their_parent_is_killed(form: str, tmp_path: object) -> None:
    script = f"{tmp_path}/waits.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(WAITS)
    with subprocess.Popen([sys.executable, script, form], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def test_many_calls_on_an_executor_return_in_order_and_each_is_passed_on() -> None:
    came: list[int] = []
    with processes(1) as executor:
        assert call_all(executor, abs, [(-3,), (2,), (-1,)], on_result=came.append) == [3, 2, 1]
    assert sorted(came) == [1, 2, 3]


def _either(function: Callable[..., object], report: Callable[[float], object]) -> object:
    return function(report)
