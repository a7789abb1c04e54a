"""Calls in a process of their own: a lab patches asyncio for the whole of its process."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def fresh_processes() -> ProcessPoolExecutor:
    """An executor with one process at a time, and a fresh one for each call."""
    context = multiprocessing.get_context("forkserver")
    # The last is what anyio loads when a loop runs: once here, and not in each process.
    context.set_forkserver_preload(["ghosts.lab", "pytest", "anyio._backends._asyncio"])
    return ProcessPoolExecutor(1, context, max_tasks_per_child=1)


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns in a fresh process."""
    with fresh_processes() as processes:
        return processes.submit(function, *arguments).result()
