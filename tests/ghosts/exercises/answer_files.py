"""Answers as files: ``answers/<slug>/right/*.py`` and ``answers/<slug>/wrong/*.py``.

Each defines the variable that its exercise checks. The docstring of a wrong one is a part of the
reason with which it is to be refused. Those in a folder ``slow`` below are for `make test-all`.
"""

import ast
import linecache
from pathlib import Path

import pytest

from ghosts.exercises import Exercise

ANSWERS = Path(__file__).parent / "answers"
SLOW = "slow"
_KEPT: list[dict[str, object]] = []
"""The variables of the last answer: a lab that nobody refers to would be closed."""


def answer_files(slug: str, kind: str) -> list[Path]:
    """The files of one exercise; ``kind`` is ``right`` or ``wrong``."""
    return sorted((ANSWERS / slug / kind).rglob("*.py"))


def marks(path: Path) -> tuple[pytest.MarkDecorator, ...]:
    """The marks of a test of an answer: those in a folder ``slow`` are for `make test-all`."""
    return (pytest.mark.slow,) if path.parent.name == SLOW else ()


def answer_in(source: str, exercise: Exercise, name: str = "<answer>") -> object:
    """The answer that this source text assigns, with its lines, as a notebook's cell has them."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    _KEPT[:] = [namespace]
    return namespace[exercise.answer_name]


def forget() -> None:
    """Let go of the last answer, and close what it has opened."""
    _KEPT.clear()


def answer_of(path: Path, exercise: Exercise) -> object:
    return answer_in(path.read_text(encoding="utf-8"), exercise, str(path))


def expected_reason(path: Path) -> str:
    """The part of the reason that the docstring of a wrong answer names."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert words, f"{path}: its docstring should be a part of the reason"
    return " ".join(words.split())
