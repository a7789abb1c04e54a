"""The line at which a service enters a session in what keeps it: a hub's set, a list, a room."""

import ast
import builtins
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ghosts.check.own import is_own
from ghosts.check.result import Place
from tracemalloc_ext.words import short_path, source_line

_ENTERS: Final = frozenset(
    {"add", "append", "appendleft", "insert", "put_nowait", "setdefault", "update", "extend", "put"}
)
_METHOD: Final = re.compile(r"^method (?:\w+\.)*(\w+)\.__self__")
"""What a timer calls, which the line that sets the timer names."""
_TIMERS: Final = frozenset({"call_later", "call_at"})
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


def registered_at(steps: Sequence[str]) -> Place | None:
    """Return the line that enters a session in the container that keeps it.

    ``steps`` are the references from a root to the session, in words. The names in them are looked
    up in the service's source, the innermost first: where something is added to a container of
    that name. None if there is no such line, or no name.
    """
    names = [name for step in reversed(steps) for name in reversed(_NAME.findall(step))]
    lines = list(_entering_lines())
    if any("._scheduled" in step for step in steps):
        names = [found[1] for step in reversed(steps) if (found := _METHOD.search(step))] + names
    for name in dict.fromkeys(names):
        for place, containers in lines:
            if name in containers:
                return place
    return None


def own_globals() -> dict[str, object]:
    """Return the global variables of the service's modules, by name."""
    return {
        f"module global {module.__name__}.{name}": value
        for module in _own_modules()
        for name, value in list(vars(module).items())
        if not name.startswith("__") and not isinstance(value, ModuleType)
    }


def _own_modules() -> list[ModuleType]:
    return [
        module
        for module in list(sys.modules.values())
        if isinstance(module, ModuleType)
        and (getattr(module, "__file__", None) or "").endswith(".py")
        and is_own(str(module.__file__))
    ]


def _entering_lines() -> Iterator[tuple[Place, set[str]]]:
    for module in _own_modules():
        file = str(module.__file__)
        try:
            tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        yield from _in_tree(tree, file, "")


def _in_tree(tree: Any, file: str, function: str) -> Iterator[tuple[Place, set[str]]]:
    for node in ast.iter_child_nodes(tree):
        name = function
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{function}.{node.name}" if function else node.name
        target = _container(node)
        if target is not None:
            place = Place(
                function or "<module>",
                short_path(file),
                node.lineno,  # type: ignore[attr-defined]
                source_line(file, node.lineno),  # type: ignore[attr-defined]
            )
            yield place, _names_in(target)
        yield from _in_tree(node, file, name)


def _container(node: ast.AST) -> ast.AST | None:
    """Return what a statement or call enters something in: a container, an attribute, a timer."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _TIMERS and len(node.args) > 1:
            return node.args[1]
        return node.func.value if node.func.attr in _ENTERS else None
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                return target.value
            if isinstance(target, ast.Attribute) and _uses_a_variable(node.value):
                return target
    return None


def _uses_a_variable(value: ast.AST) -> bool:
    """Return whether a value may hold a session: ``Peer(ws)`` may, ``defaultdict(list)`` not."""
    called = {each.func for each in ast.walk(value) if isinstance(each, ast.Call)}
    names = [each for each in ast.walk(value) if isinstance(each, ast.Name)]
    return any(each not in called and not hasattr(builtins, each.id) for each in names)


def _names_in(node: ast.AST) -> set[str]:
    return {
        each.id if isinstance(each, ast.Name) else each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Name | ast.Attribute)
    }
