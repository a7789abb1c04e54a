"""Calls in a process of their own: a lab patches asyncio for the whole of its process."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def apart(function: Callable[[], list[Any]]) -> list[Any]:
    """Return what the function returns in a new process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ghosts.lab", "pytest", "anyio"])
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as processes:
        return processes.submit(function).result()
