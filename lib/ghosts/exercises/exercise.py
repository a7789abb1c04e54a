"""An exercise: check an answer, show hints one by one and a solution, ask before a picture."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ghosts.errors import GhostsError, unknown
from ghosts.exercises import progress
from ghosts.exercises.answers import is_unanswered
from ghosts.exercises.outcome import Incorrect, NotAttempted, Outcome
from ghosts.exercises.prediction import Prediction, PredictionError, Question, Value
from ghosts.jupyter import boxes

MAX_HINTS = 3


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A hint or a solution, as a notebook shows it."""

    title: str
    words: str
    code: str = ""

    def __repr__(self) -> str:
        parts = [boxes.plain(f"{self.title}: {self.words}" if self.words else self.title)]
        return "\n\n".join([*parts, self.code.strip()] if self.code else parts)

    def _repr_html_(self) -> str:
        body = [boxes.paragraph(self.words) if self.words else ""]
        return boxes.box(boxes.BLUE, self.title, *body, boxes.code(self.code) if self.code else "")


@dataclass(slots=True, kw_only=True)
class Exercise:
    """One exercise. Its notebook and its checks share nothing but this object.

    Args:
        number: Its place in the order, from 1.
        slug: The name under which `ghosts.exercises` has it, and of its notebook.
        title: A sentence or question of a few words.
        minutes: How long it takes somebody new to it.
        answer_name: The variable of the notebook that is passed to ``check``.
        checker: Judges an answer that is not ``...``.
        hints: At most three, each more explicit than the one before.
        solution_code: Source text which assigns ``answer_name``.
        why: Why that is right.
        questions: What the reader predicts before a picture.
        short_path: Whether it belongs to the onboarding of 45 minutes (data/paths/paths.toml).
    """

    number: int
    slug: str
    title: str
    minutes: int
    answer_name: str
    checker: Callable[[object], Outcome]
    hints: tuple[str, ...]
    solution_code: str
    why: str
    questions: tuple[Question, ...] = ()
    short_path: bool = False
    _hints_given: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.hints) <= MAX_HINTS:
            raise ValueError(f"{self.slug}: {len(self.hints)} hints, should be 1 to {MAX_HINTS}")

    def __repr__(self) -> str:
        return f"<Exercise {self.number}: {self.title}>"

    def check(self, answer: object = ...) -> Outcome:
        """Return whether an answer is correct, incorrect with the reason, or not there yet.

        A checked answer counts in the reader's progress. No answer raises an exception.
        """
        if is_unanswered(answer):
            return NotAttempted(
                f"replace the ... in {self.answer_name} by your answer, run its cell, and then "
                "this one again. exercise.hint() helps."
            )
        try:
            outcome = self.checker(answer)
        except Exception as error:  # of the answer's code, which may raise anything
            outcome = Incorrect(f"the answer raised an exception: {in_one_line(error)}")
        if not isinstance(outcome, NotAttempted):
            correct = not isinstance(outcome, Incorrect)
            progress.change(self.slug, lambda record: record.checked(correct=correct))
        return outcome

    def hint(self) -> Shown:
        """Return the next hint; after the last one, all of them."""
        if self._hints_given == len(self.hints):
            every = "\n".join(f"{number}. {hint}" for number, hint in enumerate(self.hints, 1))
            return Shown("No more hints", f"exercise.solution() shows a solution.\n{every}")
        self._hints_given += 1
        given = self._hints_given
        progress.change(self.slug, lambda record: replace(record, hints=max(record.hints, given)))
        return Shown(f"Hint {given} of {len(self.hints)}", self.hints[given - 1])

    def solution(self) -> Shown:
        """Return a solution, which passes ``check``, and why it is right."""
        progress.change(self.slug, lambda record: replace(record, solution_seen=True))
        return Shown("A solution", self.why, self.solution_code)

    def predict(self, question: str, answer: object = ...) -> Prediction:
        """Return a question with the reader's answer, which is kept; ``...`` is no answer.

        Raises:
            PredictionError: there is no such question, or the answer is not one of its kind.
        """
        asked = self._question(question)
        if is_unanswered(answer):
            return Prediction(asked, self._predicted(asked))
        value = asked.accepted(answer)
        progress.change(self.slug, lambda record: record.predicted(question, value))
        return Prediction(asked, value)

    def measured(self, question: str, value: Value) -> Prediction:
        """Return a question with the reader's prediction beside what was measured.

        Raises:
            PredictionError: there is no such question, or the value is not one of its kind.
        """
        asked = self._question(question)
        return Prediction(asked, self._predicted(asked), asked.accepted(value))

    def _predicted(self, question: Question) -> Value | None:
        kept = progress.record_of(self.slug).predictions or {}
        try:
            return question.accepted(kept[question.id])
        except (KeyError, PredictionError):  # the question may have changed since
            return None

    def _question(self, name: str) -> Question:
        for question in self.questions:
            if question.id == name:
                return question
        raise PredictionError(unknown("question", str(name), [each.id for each in self.questions]))


def in_one_line(error: BaseException) -> str:
    """Return an exception in one line that is the same on every run."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    if isinstance(error, GhostsError):
        return text
    return re.sub(r" at 0x[0-9a-fA-F]+", "", f"{name}: {text}" if text else name)
