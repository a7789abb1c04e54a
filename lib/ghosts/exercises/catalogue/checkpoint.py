"""The checkpoint: one question about each exercise."""

from dataclasses import dataclass
from typing import Final

from ghosts.exercises.answers import kind_of
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question with its right choice; each wrong choice has the reason why it is wrong."""

    text: str
    right: str
    wrong: dict[str, str]


QUESTIONS: Final = {
    "evidence": _Asked(
        text="Which two counts, side by side, show that a pod has ghosts?",
        right="gauge and TCP connections",
        wrong={
            "gauge and memory": "memory grows for many reasons, and it names none of them",
            "TCP connections and tasks": "neither of the two is what the service counts",
        },
    ),
    "await": _Asked(
        text="Which task of a ghost is the cause?",
        right="the loop whose call never returns",
        wrong={
            "the handler in gather()": "the handler waits for the loop: it is not the cause",
            "the one that has waited longest": "a task that never ends may just have been woken",
        },
    ),
    "holder": _Asked(
        text="Why can no allocator return the memory of a ghost?",
        right="it is reachable",
        wrong={
            "it is fragmented": "fragments are freed memory, and this was never freed",
            "it is in the kernel": "the kernel has no connection of a ghost any more",
        },
    ),
    "lifecycle": _Asked(
        text="Which wait of a lifecycle needs a bound?",
        right="the one after the device has left",
        wrong={
            "the one for the device": "a limit there cuts off healthy devices",
            "both": "a limit for the device cuts off healthy devices",
        },
    ),
    "spool": _Asked(
        text="An upload was not confirmed. What happens to its audio?",
        right="it stays on disk, and is sent again under the same id",
        wrong={
            "it is sent again under a new id": "storage may have it already, and then has it twice",
            "it is dropped after three retries": "an outage is longer than three retries",
        },
    ),
    "alert": _Asked(
        text="What should the alert compare?",
        right="the gauge with the TCP connections, for some minutes",
        wrong={
            "the gauge with a constant": "a pod with many devices is not a pod with ghosts",
            "memory with its limit": "it fires when the pod is about to be killed, hours later",
        },
    ),
    "finding": _Asked(
        text="A finding names a line of your service. What is there?",
        right="the call that has no bound, or the wait that trusts it",
        wrong={
            "the line that raised an exception": "nothing raised one: that is why it is silent",
            "the line that allocates most memory": "a finding says what waits, not what allocates",
        },
    ),
    "ticket": _Asked(
        text="24 pods are full. When do more pods help?",
        right="when devices fill them, and not ghosts",
        wrong={
            "always": "ghosts fill the new pods as they filled the old ones",
            "never": "pods that are full of devices are too few",
        },
    ),
}


def judge(answer: object) -> Outcome:
    """Return which of the questions are answered right, and why the first wrong one is not."""
    if not isinstance(answer, dict):
        return Incorrect(
            f"my_summary should be a dict with one of the choices for each question, and it is "
            f"{kind_of(answer)}."
        )
    reasons = {key: _wrong(key, answer) for key in QUESTIONS}
    table = tuple(
        Requirement(f"{key}: {QUESTIONS[key].text}", reason is None)
        for key, reason in reasons.items()
    )
    first = next((reason for reason in reasons.values() if reason is not None), None)
    if first is not None:
        return Incorrect(first, {}, table)
    return Correct("every question is answered right.", {}, table)


def _wrong(key: str, answer: dict[object, object]) -> str | None:
    if key not in answer:
        return f"{key}: there is no answer."
    question, given = QUESTIONS[key], answer[key]
    if given == question.right:
        return None
    if isinstance(given, str) and given in question.wrong:
        return f"{key}: {given!r}: {question.wrong[given]}."
    choices = ", ".join(map(repr, sorted([question.right, *question.wrong])))
    return f"{key}: {given!r} is none of the choices: {choices}."


def _solution() -> str:
    lines = (f'    "{key}": "{question.right}",' for key, question in QUESTIONS.items())
    return "\n".join(["my_summary = {", *lines, "}", ""])


EXERCISE: Final = Exercise(
    number=9,
    slug="checkpoint",
    title="Checkpoint",
    minutes=5,
    answer_name="my_summary",
    checker=judge,
    hints=(
        "Each question is about one exercise, in their order. Its notebook shows the answer.",
        "Where a choice blames what is seen first, ask what that waits for, or what fills it.",
    ),
    solution_code=_solution(),
    why="Each of them was measured in its exercise.",
)


def choices() -> str:
    """Return the questions with their choices, in the order of the alphabet, as text."""
    lines = []
    for key, question in QUESTIONS.items():
        lines += [f"{key}: {question.text}"]
        lines += [f"    {choice!r}" for choice in sorted([question.right, *question.wrong])]
    return "\n".join(lines)
