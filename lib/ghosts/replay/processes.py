"""Processes for replays: a few side by side, or many calls on an executor."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Any, Final, TypeVar

from ghosts.errors import GhostsError
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay

T = TypeVar("T")
_SPAWN: Final = multiprocessing.get_context("spawn")
_STOP_SECONDS: Final = 1.0
"""Real seconds that a process has to end before it is killed."""


class ReplayDiedError(GhostsError):
    """A process ended without a recording, for instance because memory ran out."""


@dataclass(frozen=True, slots=True)
class TimedRecording:
    """A recording, and how many real seconds the replay took."""

    recording: Recording
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class _Child:
    variant: str
    process: SpawnProcess
    pipe: connection.Connection

    def receive(self) -> float | TimedRecording:
        """Return the simulated second that the replay has reached, or its recording at the end."""
        try:
            message: float | TimedRecording = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            hint = "; is there enough memory?" if code == -signal.SIGKILL else ""
            raise ReplayDiedError(
                f"the replay under {self.variant} ended early, with code {code}{hint}"
            ) from None
        return message

    def stop(self) -> None:
        """End the process, whether or not it has finished."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(_STOP_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        self.process.close()


def replay_side_by_side(
    scenario: Scenario,
    variants: Sequence[str],
    *,
    at_once: int,
    on_progress: Callable[[str, float], object] = lambda variant, second: None,
) -> list[TimedRecording]:
    """Replay a scenario under each variant, at most ``at_once`` of them at the same time.

    ``on_progress`` is called with the variant and the simulated second of every sample. An
    interrupt, like any exception, ends the processes before it is raised; should this process be
    killed, they end at their next sample.

    Raises:
        ReplayDiedError: a replay ended without a recording; the others are stopped.
    """
    waiting = list(variants)
    running: dict[connection.Connection, _Child] = {}
    done: dict[str, TimedRecording] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                child = _start(scenario, waiting.pop(0))
                running[child.pipe] = child
            ready = connection.wait(list(running))
            for child in [child for pipe, child in running.items() if pipe in ready]:
                message = child.receive()
                if isinstance(message, TimedRecording):
                    done[child.variant] = message
                    running.pop(child.pipe).stop()
                else:
                    on_progress(child.variant, message)
    finally:
        for child in running.values():
            child.stop()
    return [done[variant] for variant in variants]


def _start(scenario: Scenario, variant: str) -> _Child:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(
        target=_replay, args=(scenario, variant, theirs), name=f"replay-{variant}", daemon=True
    )
    with interrupts_held():
        process.start()
    theirs.close()
    return _Child(variant, process, ours)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Block Ctrl-C in this block, and permanently in processes that are started in it.

    A terminal sends Ctrl-C to every process of the command. Only this process reacts and stops the
    others; each of them would print a traceback.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _replay(scenario: Scenario, variant: str, pipe: connection.Connection) -> None:
    begun = time.perf_counter()
    try:
        recording = replay(scenario, variant, on_progress=pipe.send)
        pipe.send(TimedRecording(recording, time.perf_counter() - begun))
    except BrokenPipeError:
        return  # the parent process has stopped this replay


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Yield an executor with ``count`` new processes; end them on the way out.

    Only this process receives an interrupt (Ctrl-C): calls that have not started are cancelled, and
    those that have are waited for.

    Raises:
        ReplayDiedError: a process ended while it started.
    """
    executor = ProcessPoolExecutor(count, _SPAWN, initializer=_ignore_interrupts)
    try:
        with interrupts_held():
            starting = [executor.submit(os.getpid) for _ in range(count)]
            wait(starting)
        if any(isinstance(each.exception(), BrokenExecutor) for each in starting):
            raise ReplayDiedError("a process ended while it started; is there memory enough?")
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def call_all(
    executor: Executor,
    function: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    *,
    on_result: Callable[[T], object] = lambda result: None,
) -> list[T]:
    """Call ``function`` with each tuple of arguments on an executor; return the results in order.

    The executor is one of `concurrent.futures`, or has the same methods, such as Dask's. Calls are
    submitted in the order of ``calls``. Use processes: threads are not faster, and count each
    other's connections. ``on_result`` is called with each result when it is done. The first
    exception is raised, and calls that have not started are cancelled.

    Raises:
        ReplayDiedError: the executor lost a process.
    """
    running: list[Future[T]] = []
    try:
        running = [executor.submit(function, *arguments) for arguments in calls]
        for done in as_completed(running):
            on_result(done.result())
        return [each.result() for each in running]
    except BrokenExecutor:
        raise ReplayDiedError("a process that replayed died; is there enough memory?") from None
    finally:
        for each in running:
            each.cancel()
