"""A measurement in a process that has done nothing before."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor


def in_a_fresh_process(function: Callable[..., float], *arguments: object) -> float:
    """Return what ``function`` returns in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
