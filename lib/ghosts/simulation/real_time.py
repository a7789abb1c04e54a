"""The real clock, also where the ``time`` module is made to show simulated time to a service."""

import time


def monotonic() -> float:
    """Return real seconds of a clock that never goes back."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def processor_time() -> float:
    """Return the seconds of processor time that this process has taken."""
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def thread_processor_time() -> float:
    """Return the seconds of processor time that this thread has taken."""
    return time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
