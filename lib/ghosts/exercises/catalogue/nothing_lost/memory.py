"""What a new process does not have: the variables of the one before it.

An answer is a class of the reader's notebook. Its variables, and the global ones that its functions
use, would outlive every simulated process, because all of them run in the kernel's.
"""

import copy
import inspect
import itertools
import operator
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CellType, CodeType, FunctionType
from typing import Any, Final, TypeAlias

from ghosts.exercises.lines import is_readers

_DATA: Final = (
    *(int, float, str, bytes, bytearray, type(None)),
    *(list, tuple, dict, set, frozenset, deque, itertools.count),
)

Variable: TypeAlias = tuple[Callable[[Any], object], Any]
"""Sets a variable, and what it was before the first process."""


@contextmanager
def new_process(answer: type, number: int) -> Iterator[None]:
    """Let the code of an answer run as in a process of its own: variables and hashes are new."""
    environment = dict(os.environ)
    try:
        with _own_variables(answer), _own_hashes(answer, number):
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)


@contextmanager
def _own_variables(answer: type) -> Iterator[None]:
    """Give the code of an answer its variables as they are now, and undo what it did to them."""
    variables = list(_variables(answer))
    for put, value in variables:
        put(_copied(value))
    try:
        with _no_new_names(answer):
            yield
    finally:
        for put, value in variables:
            put(value)


@contextmanager
def _no_new_names(answer: type) -> Iterator[None]:
    """Delete the global names and class attributes that the code of an answer adds."""
    functions, classes, _ = _code_of(answer)
    absent = [
        (function.__globals__, name)
        for function in functions
        for name in _names(function.__code__) - function.__globals__.keys()
    ]
    attributes = [(kind, set(vars(kind))) for kind in classes]
    try:
        yield
    finally:
        for space, name in absent:
            space.pop(name, None)
        for kind, had in attributes:
            for name in vars(kind).keys() - had:
                delattr(kind, name)


def global_names(answer: type) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the global names that the code of an answer uses, each with its namespace."""
    for function in _code_of(answer)[0]:
        for name in _names(function.__code__) & function.__globals__.keys():
            yield function.__globals__, name


@contextmanager
def _own_hashes(answer: type, process: int) -> Iterator[None]:
    """Let ``hash`` of text differ in each process, for the code of an answer, as Python does."""

    def salted(value: object) -> int:
        return hash(value) if _is_numeric(value) else hash((process, value))

    spaces = [
        function.__globals__
        for function in _code_of(answer)[0]
        if "hash" in _names(function.__code__) and "hash" not in function.__globals__
    ]
    for space in spaces:
        space["hash"] = salted
    try:
        yield
    finally:
        for space in spaces:
            space.pop("hash", None)


def _is_numeric(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_numeric, value))
    return value is None or isinstance(value, int | float)


def _variables(answer: type) -> Iterator[Variable]:
    functions, classes, caches = _code_of(answer)
    for cache in caches:
        yield partial(_clear, cache), None
    for space, name in global_names(answer):
        if isinstance(space[name], _DATA):
            yield partial(operator.setitem, space, name), space[name]
    for kind in classes:
        for name, value in vars(kind).items():
            if isinstance(value, _DATA) and not name.startswith("__"):
                yield partial(setattr, kind, name), value
    for function in functions:
        yield from _variables_of(function)


def _clear(cache: Any, value: None) -> None:
    cache.cache_clear()


def _variables_of(function: FunctionType) -> Iterator[Variable]:
    """Yield what a function keeps from one call to the next."""
    defaults = function.__defaults__
    if defaults and all(isinstance(each, _DATA) for each in defaults):
        yield partial(setattr, function, "__defaults__"), defaults
    keywords = function.__kwdefaults__
    if keywords and all(isinstance(each, _DATA) for each in keywords.values()):
        yield partial(setattr, function, "__kwdefaults__"), keywords
    for cell in _cells(function):
        if isinstance(cell.cell_contents, _DATA):
            yield partial(setattr, cell, "cell_contents"), cell.cell_contents
    attributes = {name: each for name, each in vars(function).items() if isinstance(each, _DATA)}
    for name, value in attributes.items():
        yield partial(setattr, function, name), value


def _cells(function: FunctionType) -> list[CellType]:
    """Return the variables of the functions around it that it uses, and that have a value."""
    return [cell for cell in function.__closure__ or () if cell != CellType()]


def _copied(value: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.14 does not copy a count any more
        try:
            return copy.deepcopy(value)
        except Exception:  # of an object in it, which may be anything
            return value


def _code_of(answer: type) -> tuple[list[FunctionType], list[type], list[Any]]:
    """Return the reader's functions and classes that an answer leads to, and their caches."""
    found: dict[int, Any] = {}
    todo: list[Any] = [answer]
    caches: list[Any] = []
    while todo:
        each = todo.pop()
        each = getattr(each, "__func__", each)  # of a static method or a class method
        if hasattr(each, "cache_clear") and is_readers(_file_of(each)):
            caches.append(each)
        each = inspect.unwrap(each) if callable(each) else each
        if id(each) in found:
            continue
        if isinstance(each, FunctionType) and is_readers(each.__code__.co_filename):
            found[id(each)] = each
            todo += [each.__globals__.get(name) for name in _names(each.__code__)]
            todo += [cell.cell_contents for cell in _cells(each)]
        elif isinstance(each, type) and _is_of_reader(each):
            found[id(each)] = each
            todo += [*vars(each).values(), *each.__bases__]
    functions = [each for each in found.values() if isinstance(each, FunctionType)]
    return functions, [each for each in found.values() if isinstance(each, type)], caches


def _file_of(function: Any) -> str:
    return getattr(getattr(inspect.unwrap(function), "__code__", None), "co_filename", "<frozen")


def _is_of_reader(kind: type) -> bool:
    methods = (getattr(each, "__func__", each) for each in vars(kind).values())
    files = [each.__code__.co_filename for each in methods if isinstance(each, FunctionType)]
    return not files or any(map(is_readers, files))


def _names(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
