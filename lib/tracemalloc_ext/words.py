"""How objects, places and sizes are put into words: short, stable, free of machine paths."""

import linecache
import re
import sys
import types
from pathlib import PurePath

from tracemalloc_ext.futures import is_task, task_name

_CELL = re.compile(r"ipykernel_\d+|^<ipython-input-")


def short_path(filename: str) -> str:
    """Return a file's path below its entry of `sys.path`, as in `package/module.py`.

    A notebook cell is `<cell>`, since its file name changes with the process; a name such as
    `<string>` stays as it is; any other file is its last component.
    """
    if _CELL.search(filename):
        return "<cell>"
    path = PurePath(filename)
    above = [PurePath(entry) for entry in sys.path if entry and path.is_relative_to(entry)]
    if not above:
        return path.name
    return path.relative_to(max(above, key=lambda entry: len(entry.parts))).as_posix()


def source_line(filename: str, line: int) -> str:
    """Return the stripped source line, or an empty string where there is none."""
    return linecache.getline(filename, line).strip()


def place(code: types.CodeType, line: int | None) -> str:
    """Return a function and where in it, as in `Session.run (package/session.py:88)`."""
    return f"{function_name(code.co_qualname)} ({short_path(code.co_filename)}:{line})"


def function_name(qualname: str) -> str:
    """Return a qualified name without the functions it is nested in."""
    return qualname.rpartition("<locals>.")[2]


def byte_count(size: int) -> str:
    """Return a size in words, as in `96,000 B`."""
    return f"{size:,} B"


def describe(item: object) -> str:
    """Return what an object is, as in `bytes, 96,000 B`; for a buffer, the length it shows."""
    if isinstance(item, (bytes, bytearray)):
        return f"{type(item).__name__}, {byte_count(len(item))}"
    if isinstance(item, memoryview):
        return f"memoryview, {byte_count(item.nbytes)}"
    if isinstance(item, types.FunctionType):
        return f"function {function_name(item.__qualname__)}"
    if isinstance(item, types.ModuleType):
        return f"module global {item.__name__}"
    if isinstance(item, type):
        return f"class {item.__name__}"
    return f"task {task_name(item)!r}" if is_task(item) else type(item).__name__
