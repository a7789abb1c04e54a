"""Replays side by side: one process each, so that neither shares its core or its memory."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Final

from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay

_SPAWN: Final = multiprocessing.get_context("spawn")
_STOP_SECONDS: Final = 1.0
"""Real seconds that a process is given to end before it is killed."""


class ReplayDiedError(RuntimeError):
    """A process that ended without a recording, for instance for want of memory."""


@dataclass(frozen=True, slots=True)
class TimedRecording:
    """A recording, and how many real seconds the replay took."""

    recording: Recording
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class _Child:
    lifecycle: str
    process: SpawnProcess
    pipe: connection.Connection

    def receive(self) -> float | TimedRecording:
        """Return the next simulated second that the replay has reached, or what came of it."""
        try:
            message: float | TimedRecording = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            hint = "; is there memory enough?" if code == -signal.SIGKILL else ""
            raise ReplayDiedError(
                f"the replay under {self.lifecycle} ended early, with code {code}{hint}"
            ) from None
        return message

    def stop(self) -> None:
        """End the process, finished or not."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(_STOP_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        self.process.close()


def replay_side_by_side(
    scenario: Scenario,
    lifecycles: Sequence[str],
    *,
    at_once: int,
    on_progress: Callable[[str, float], object] = lambda lifecycle, second: None,
) -> list[TimedRecording]:
    """Replay a scenario under each lifecycle, at most ``at_once`` of them at the same time.

    ``on_progress`` is called with the lifecycle and the simulated second of every sample. An
    interrupt, like any exception, ends the processes before it is raised; should this process be
    killed, they end at their next sample.

    Raises:
        ReplayDiedError: a replay ended without a recording; the others are stopped.
    """
    waiting = list(lifecycles)
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
                    done[child.lifecycle] = message
                    running.pop(child.pipe).stop()
                else:
                    on_progress(child.lifecycle, message)
    finally:
        for child in running.values():
            child.stop()
    return [done[lifecycle] for lifecycle in lifecycles]


def _start(scenario: Scenario, lifecycle: str) -> _Child:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(
        target=_replay, args=(scenario, lifecycle, theirs), name=f"replay-{lifecycle}", daemon=True
    )
    with interrupts_held():
        process.start()
    theirs.close()
    return _Child(lifecycle, process, ours)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back, here for a moment and for good in a process that is started meanwhile.

    A terminal sends Ctrl-C to every process of the command. Only this one is to act on it: it
    stops the others, which would answer with a traceback each.
    """
    resource_tracker.ensure_running()  # Its start would let interrupts through again.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _replay(scenario: Scenario, lifecycle: str, pipe: connection.Connection) -> None:
    begun = time.perf_counter()
    try:
        recording = replay(scenario, lifecycle, on_progress=pipe.send)
        pipe.send(TimedRecording(recording, time.perf_counter() - begun))
    except BrokenPipeError:
        return  # Nobody listens any more.
