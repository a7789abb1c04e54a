"""Checks whose processes start quickly."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from ghosts.check import process


@contextmanager
def quick_checks() -> Iterator[None]:
    """Start the process of a check as a fork of one that has imported what checks need.

    This saves the second that the imports of a new process take. Contexts of TLS that libraries
    make when they are imported do not trust the certificates of a check then.
    """
    context: Any = multiprocessing.get_context("forkserver")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        context.set_forkserver_preload(["warm"])
        forkserver.ensure_running()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "SPAWN", context)
        yield
