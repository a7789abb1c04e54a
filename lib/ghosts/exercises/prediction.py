"""Questions that a reader answers before a picture, and the answer beside what was measured."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from ghosts.errors import GhostsError
from ghosts.jupyter import boxes

Value: TypeAlias = bool | int | float | str
"""What is predicted, and what is measured."""


class PredictionError(GhostsError, ValueError):
    """There is no such question, or the answer is not one of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question before a picture. With ``choices`` one of them is the answer, without, a number.

    ``close`` is the relative error up to which a number counts as predicted.
    """

    id: str
    text: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    close: float = 0.1

    def accepted(self, answer: object) -> Value:
        """Return an answer if it is one of this question's.

        Raises:
            PredictionError: it is not. The error says what would be.
        """
        if self.choices:
            if answer not in self.choices:
                choices = ", ".join(map(repr, self.choices))
                raise PredictionError(f"{self.id}: answer with one of {choices}")
            return str(answer)
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            raise PredictionError(f"{self.id}: answer with a number{self._unit}, not {answer!r}")
        if not math.isfinite(answer):
            raise PredictionError(f"{self.id}: answer with a finite number{self._unit}")
        return answer

    @property
    def _unit(self) -> str:
        return f" ({self.unit})" if self.unit else ""

    def in_words(self, value: Value) -> str:
        """Return a value with its unit."""
        return f"{value:,} {self.unit}".rstrip() if not self.choices else str(value)

    def agrees(self, predicted: Value, measured: Value) -> bool:
        """Return whether a prediction agrees with what was measured."""
        if self.choices or isinstance(predicted, str) or isinstance(measured, str):
            return predicted == measured
        return math.isclose(predicted, measured, rel_tol=self.close)


@dataclass(frozen=True, slots=True, repr=False)
class Prediction:
    """A question with the reader's answer, None if there is none yet, and what was measured."""

    question: Question
    predicted: Value | None
    measured: Value | None = None

    def __repr__(self) -> str:
        rows = self._rows()
        return "\n".join(
            [boxes.plain(f"{self._title}: {self.question.text}"), *boxes.plain_table(rows)]
        )

    def _repr_html_(self) -> str:
        return boxes.box(
            boxes.BLUE,
            self._title,
            boxes.paragraph(self.question.text),
            boxes.table((), self._rows()),
        )

    @property
    def _title(self) -> str:
        if self.measured is None:
            return "Before you look" if self.predicted is None else "Your prediction"
        if self.predicted is None:
            return "Not predicted"
        agrees = self.question.agrees(self.predicted, self.measured)
        return "As predicted" if agrees else "Not as predicted"

    def _rows(self) -> list[tuple[str, str]]:
        question = self.question
        if self.predicted is None and self.measured is None:
            kind = f"a number{question._unit}" if not question.choices else ""
            return [("answer with", kind or " or ".join(map(repr, question.choices)))]
        rows = []
        if self.predicted is not None:
            rows.append(("predicted", question.in_words(self.predicted)))
        if self.measured is not None:
            rows.append(("measured", question.in_words(self.measured)))
        return rows
