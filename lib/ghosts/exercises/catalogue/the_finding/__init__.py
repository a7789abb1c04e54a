"""Exercise 7: read a finding on a service and fix it."""

from multiprocessing import current_process
from typing import Final

from ghosts.errors import unknown
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_finding.fix import judged
from ghosts.exercises.catalogue.the_finding.reading import reading
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.outcome import Incorrect, NotAttempted, Outcome
from ghosts.exercises.prediction import Question

_READING: Final = ("line", "dependency", "rule")
_NO_GUARD: Final = (
    "A file is checked in a process of its own, which imports your script again: put the check "
    'below `if __name__ == "__main__":`, or run it in a notebook.'
)


def check(answer: object) -> Outcome:
    """Return whether a reader has read the finding, and fixed the service."""
    if getattr(current_process(), "_inheriting", False):  # it imports the script that checks
        return Incorrect(_NO_GUARD)
    parts = (*_READING, "fix")
    if not isinstance(answer, dict):
        return Incorrect(
            f"my_answer should be a dict with {', '.join(parts[:-1])} and {parts[-1]}, "
            f"and it is {kind_of(answer)}."
        )
    for part in answer:
        if part not in parts:
            return Incorrect(f"my_answer: {unknown('part', str(part), parts)}")
    for part in _READING:
        if part not in answer:
            return Incorrect(f"my_answer has no part {part!r}.")
    wrong = reading(answer)
    if wrong is not None:
        return wrong
    if "fix" not in answer:
        return NotAttempted(
            "The finding is read rightly: line, dependency and rule. What is left is the fix."
        )
    return judged(answer["fix"])


_SOLUTION: Final = """
import asyncio


async def my_record(session):
    session.gauge.inc()
    loops = [asyncio.create_task(session.upload()), asyncio.create_task(session.notify())]
    try:
        await session.receive()
        await asyncio.wait(loops, timeout=30)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        session.gauge.dec()


my_answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": my_record}
"""

EXERCISE: Final = Exercise(
    number=7,
    slug="the_finding",
    title="Read a finding on a service and fix it",
    minutes=15,
    answer_name="my_answer",
    checker=check,
    hints=(
        "Read the chain of the finding from the bottom: each line awaits the one below it. The "
        "last one has no deadline, and the first one waits for all.",
        "Await session.receive() alone. When it has returned the device has left: from then on the "
        "other two loops get a bounded time, enough for a last upload, and are cancelled after it.",
        "asyncio.wait(loops, timeout=30), then cancel() each, then await them all with "
        "asyncio.gather(*loops, return_exceptions=True), and lower the gauge in a finally.",
    ),
    solution_code=_SOLUTION,
    why=(
        "The device's end ends the session. The loops have 30 s for what is left, which a healthy "
        "storage does not need, and are then cancelled and awaited, so that the gauge is lowered "
        "in any case."
    ),
    questions=(
        Question(
            id="gauge",
            text="Storage never answers, and three devices close their connections. What does the "
            "gauge read five minutes later?",
            unit="connections",
            close=0.0,
        ),
    ),
)
