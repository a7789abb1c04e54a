"""The process that imports a service ends with the check, whatever ends that."""

import multiprocessing
import signal
from typing import Final

import checked
import pytest

from ghosts.check import process
from ghosts.check.service import Service


class _InterruptsWhenItIsSent:
    """An argument of the new process: this one is interrupted in the middle of starting it."""

    def __reduce__(self) -> tuple[type[str], tuple[str, ...]]:
        signal.raise_signal(signal.SIGINT)
        return str, ("unused",)


_SERVICE: Final = Service(target="reported:app", app_dir=str(checked.SERVICES))


def test_an_interrupt_while_the_process_starts_ends_it_too() -> None:
    before = multiprocessing.active_children()
    with pytest.raises(KeyboardInterrupt):
        process.check(_SERVICE, only=[_InterruptsWhenItIsSent()])  # type: ignore[list-item]
    assert multiprocessing.active_children() == before
