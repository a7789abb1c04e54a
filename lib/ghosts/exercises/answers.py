"""The kind of thing that an answer is: checks refuse each wrong kind with its own words."""

import ast
import inspect
import textwrap
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from ghosts.exercises.outcome import Incorrect

AsyncFunction: TypeAlias = Callable[..., Awaitable[Any]]


def is_unanswered(answer: object) -> bool:
    """Return whether an answer is ``...``, has ``...`` among its parts, or is a function of it."""
    if answer is ...:
        return True
    if isinstance(answer, dict):
        return any(part is ... for part in answer.values())
    if isinstance(answer, tuple | list | set):
        return any(part is ... for part in answer)
    return inspect.isfunction(answer) and _is_starter(answer)


def _is_starter(function: Callable[..., object]) -> bool:
    """Return whether a function's body is ``...``; `pass`, which compiles to the same, is not."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            *before, last = node.body
            return _constant(last) is ... and all(isinstance(_constant(n), str) for n in before)
    return False


def _constant(node: ast.stmt) -> object:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value
    return None


def kind_of(answer: object) -> str:
    """Return what kind of thing an answer is, in words: ``a number``, ``a plain function``."""
    if answer is None:
        return "None"
    if isinstance(answer, type):
        return f"the class {answer.__name__}"
    if inspect.iscoroutine(answer):
        return "a coroutine, which is an async function that was called already"
    if inspect.isasyncgenfunction(answer):
        return "an async generator function, because there is a yield in it"
    if inspect.iscoroutinefunction(answer):
        return "an async function"
    if inspect.isroutine(answer):
        return "a plain function"
    for kind, words in _KINDS.items():
        if isinstance(answer, kind):
            return words
    return f"an object of class {type(answer).__name__}"


_KINDS: dict[type | tuple[type, ...], str] = {
    bool: "True or False",
    (int, float): "a number",
    str: "a string",
    bytes: "bytes",
    dict: "a dict",
    list: "a list",
    tuple: "a tuple",
    set: "a set",
}


def as_async_function(answer: object, name: str, *arguments: str) -> AsyncFunction | Incorrect:
    """Return an answer if it is an async function that takes these arguments by position.

    A `functools.partial` of one, and an object whose ``__call__`` is one, are async functions too.
    ``name`` is the variable that has the answer.
    """
    called = answer
    while isinstance(called, partial):
        called = called.func
    if not isinstance(called, type) and not inspect.isroutine(called) and callable(called):
        called = called.__call__
    wanted = f"{name} should be an async function of {', '.join(arguments)}"
    if not inspect.iscoroutinefunction(called) or not callable(answer):
        is_plain = inspect.isfunction(called) and not inspect.isasyncgenfunction(called)
        plain = "; write `async def`" if is_plain else ""
        return Incorrect(f"{wanted}, and it is {kind_of(answer)}{plain}.")
    try:
        inspect.signature(answer).bind(*arguments)
    except TypeError as error:
        return Incorrect(f"{wanted}; it cannot be called with that: {error}.")
    return answer
