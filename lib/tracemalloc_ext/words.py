"""Descriptions of objects, places and sizes: short, stable, without machine paths."""

import contextvars
import linecache
import re
import sys
import types
import weakref
from pathlib import PurePath
from typing import Final

from tracemalloc_ext.classes import attributes, class_name, is_a
from tracemalloc_ext.futures import is_task, task_name

_CELL: Final = re.compile(r"ipykernel_\d+|^<ipython-input-")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]{6,}\b")


def short_path(filename: str) -> str:
    """Return a file's path below its entry of `sys.path`, as in `package/module.py`.

    A notebook cell is `<cell>`, since its file name changes with the process. A name such as
    `<string>` is returned unchanged. For a file outside `sys.path` it is the last component.
    """
    if _CELL.search(filename):
        return "<cell>"
    path = PurePath(filename)
    above = [PurePath(entry) for entry in sys.path if entry and path.is_relative_to(entry)]
    if not above:
        return path.name
    return path.relative_to(max(above, key=lambda entry: len(entry.parts))).as_posix()


def source_line(filename: str, line: int) -> str:
    """Return a line of the source, stripped; an empty string when it is not available."""
    return linecache.getline(filename, line).strip()


def place(code: types.CodeType, line: int | None) -> str:
    """Return a function and a line of it, as in `Session.run (package/session.py:88)`."""
    return f"{function_name(code.co_qualname)} ({short_path(code.co_filename)}:{line})"


def function_name(qualname: str) -> str:
    """Return a qualified name without the functions it is nested in."""
    return qualname.rpartition("<locals>.")[2]


def byte_count(size: int) -> str:
    """Return a size with its unit, as in `96,000 B`."""
    return f"{size:,} B"


def describe(item: object) -> str:
    """Return a description of an object, as in `bytes, 96,000 B`; for a buffer with its length."""
    if is_a(item, bytes, bytearray):
        return f"{class_name(type(item))}, {byte_count(type(item).__len__(item))}"
    if type(item) is memoryview:
        try:
            return f"memoryview, {byte_count(item.nbytes)}"
        except ValueError:
            return "memoryview, released"
    if type(item) is types.FunctionType:
        return f"function {function_name(item.__qualname__)}"
    if is_a(item, types.ModuleType):
        return f"module global {attributes(item).get('__name__')}"
    if is_a(item, type):
        return f"class {class_name(item)}"
    if is_a(item, contextvars.ContextVar):
        return f"context variable {item.name!r}"
    if is_a(item, weakref.ReferenceType):
        return "weak reference"
    if type(item) is contextvars.Context:
        return "context"
    return f"task {task_name(item)!r}" if is_task(item) else class_name(type(item))


def without_addresses(text: str) -> str:
    """Return the text without addresses such as a task's name may contain."""
    return _ADDRESS.sub("", text)
