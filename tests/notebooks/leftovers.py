"""A pytest plugin: when nbval has run a notebook, no thread, task, socket or process of it remains.

It adds one test behind the last cell of every notebook, in the kernel that ran the cells, and
compares with a kernel in which nothing has run.
"""

import functools
import json
import queue
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
from nbval.plugin import IPyNbFile

PROBE = Path(__file__).with_name("leftover_probe.py").read_text(encoding="utf-8")
TIMEOUT = 30
"""Seconds the kernel has to answer; a cell that blocks it for ever has failed before."""


class LeftoverError(Exception):
    """Something of the notebook is still there after its last cell."""


class Leftovers(pytest.Item):
    """Runs in the kernel of the notebook that is its parent."""

    parent: IPyNbFile

    def runtest(self) -> None:
        extra = count(self.parent.kernel) - baseline()
        if extra:
            raise LeftoverError(
                "after the last cell there remain: "
                + ", ".join(f"{number} {what}" for what, number in sorted(extra.items()))
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        return f"{self.parent.name}: {excinfo.value}"

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.parent.name}::{self.name}"


def count(kernel: RunningKernel) -> Counter[str]:
    """Return how many of each thing the kernel holds; raises RuntimeError if it cannot say."""
    if not kernel.is_alive():
        raise RuntimeError("the kernel is dead")
    request = kernel.execute_cell_input(PROBE, allow_stdin=False)
    try:
        kernel.await_reply(request, timeout=TIMEOUT)
        return Counter(json.loads("".join(_stdout(kernel, request))))
    except queue.Empty:
        raise RuntimeError(f"the kernel has not answered for {TIMEOUT} s") from None


def _stdout(kernel: RunningKernel, request: str) -> Iterator[str]:
    while True:
        message = kernel.get_message("iopub", timeout=TIMEOUT)
        content = message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            yield content["text"]
        elif message["msg_type"] == "error":
            raise RuntimeError(f"the probe failed: {content['ename']}: {content['evalue']}")
        elif content.get("execution_state") == "idle":
            return


@functools.cache
def baseline() -> Counter[str]:
    """Return what an idle kernel holds of its own, measured once in a test process."""
    kernel = RunningKernel(CURRENT_ENV_KERNEL_NAME)
    try:
        return count(kernel)
    finally:
        kernel.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put a test behind the last cell of every notebook."""
    for position in range(len(items) - 1, -1, -1):
        notebook = items[position].parent
        following = items[position + 1].parent if position + 1 < len(items) else None
        if isinstance(notebook, IPyNbFile) and following is not notebook:
            items.insert(position + 1, Leftovers.from_parent(notebook, name="Leftovers"))
