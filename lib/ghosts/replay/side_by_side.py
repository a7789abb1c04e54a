"""The same scenario under several lifecycles, each in a process of its own."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing.queues import SimpleQueue
from typing import Any

from ghosts.replay.recording import Recording
from ghosts.replay.run import replay
from ghosts.replay.scenario import Scenario

_LOOK_EVERY = 0.1
"""Seconds between two looks at the processes' progress."""

_progress: SimpleQueue[tuple[str, float]]


def replay_side_by_side(
    scenario: Scenario,
    *lifecycles: str,
    processes: int | None = None,
    on_progress: Callable[[str, float], object] = lambda lifecycle, second: None,
) -> list[Recording]:
    """Replay a scenario under each lifecycle, in as many processes at once as there are cores.

    Recordings come in the order of the lifecycles, and are those that `replay` would give.
    ``on_progress`` is called with a lifecycle and a simulated second. An interrupt ends the
    processes and is raised.

    Raises:
        ScenarioError: there is no lifecycle of one of the names.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    queue: SimpleQueue[tuple[str, float]] = context.SimpleQueue()
    pool = ProcessPoolExecutor(
        min(processes or os.cpu_count() or 1, len(lifecycles)), context, _set_up, (queue,)
    )
    try:
        runs = [pool.submit(_replay, scenario, lifecycle) for lifecycle in lifecycles]
        _follow(runs, queue, on_progress)
        return [run.result() for run in runs]
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        queue.close()


def _set_up(queue: SimpleQueue[tuple[str, float]]) -> None:
    global _progress
    _progress = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends this one


def _replay(scenario: Scenario, lifecycle: str) -> Recording:
    return replay(
        scenario, lifecycle, on_progress=lambda second: _progress.put((lifecycle, second))
    )


def _follow(
    runs: list[Future[Any]],
    queue: SimpleQueue[tuple[str, float]],
    on_progress: Callable[[str, float], object],
) -> None:
    pending = set(runs)
    while pending or not queue.empty():
        while not queue.empty():
            on_progress(*queue.get())
        pending = wait(pending, timeout=_LOOK_EVERY).not_done if pending else pending
