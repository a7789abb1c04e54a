"""The documents of a YAML file, and the objects of Kubernetes among them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from fleet.quantity import CapacityError, plain, prefixed

_DEEPEST: Final = 100
"""Levels of a document; far more than any object of Kubernetes has."""
_MOST: Final = 1_000_000
"""Lists and maps of a document in which aliases repeat some."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesObject:
    """An object as ``kubectl get -o yaml`` prints it."""

    kind: str
    content: Mapping[Any, Any]
    file: str
    """The name of the file that it is in."""


def read_documents(file: Path) -> list[Any]:
    """Return the documents of a file; those that are empty are left out.

    Raises:
        CapacityError: it is not YAML, is nested too deeply, or refers to itself; the message names
            the file.
        OSError: it cannot be read.
    """
    content = file.read_bytes()
    try:
        with prefixed(file.name):
            _check_nesting(content)
        return [each for each in yaml.load_all(content, Loader=_LOADER) if each is not None]
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = str(error.problem).splitlines()[0]
        raise CapacityError(f"{file.name}{line}: is not YAML: {problem}") from None
    except CapacityError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, OverflowError):
        # A date such as 2026-99-99, or a number of 5,000 digits: PyYAML raises what Python does.
        raise CapacityError(f"{file.name}: is not YAML") from None


def objects_in(documents: list[Any], file: str) -> list[KubernetesObject] | None:
    """Return the objects of Kubernetes in a file's documents, lists unrolled; None if it has none.

    Raises:
        CapacityError: only some of the documents are objects.
    """
    flat = [each for one in documents for each in (one if isinstance(one, list) else [one])]
    found = [isinstance(each, dict) and _is_object(each) for each in flat]
    if not any(found):
        return None
    if not all(found):
        raise CapacityError(f"{file}: has objects of Kubernetes and other documents: give one kind")
    return [each for one in flat for each in _unrolled(one, file)]


def _is_object(document: Mapping[Any, Any]) -> bool:
    """Charts have a ``kind`` among their values, too, and nothing of what is beside it here."""
    beside = document.keys() & {"apiVersion", "metadata", "items"}
    return isinstance(document.get("kind"), str) and bool(beside)


def _unrolled(one: Mapping[Any, Any], file: str) -> Iterator[KubernetesObject]:
    kind, items = one["kind"], one.get("items")
    if not kind.endswith("List"):
        yield KubernetesObject(kind=kind, content=one, file=file)
        return
    for each in items if isinstance(items, list) else ():
        if not isinstance(each, dict):
            raise CapacityError(f"{file}: items: should be objects")
        own = each.get("kind", kind.removesuffix("List"))  # left out in a NodeList
        if not isinstance(own, str):
            raise CapacityError(f"{file}: kind: should be a name; got {plain(own)}")
        yield from _unrolled({**each, "kind": own}, file)


def _check_nesting(content: bytes) -> None:
    """Check what the loader would not survive: libyaml's recursion is not Python's."""
    opened: list[str | None] = []
    # Collections within each that is open, and within each that is closed and has an anchor.
    sizes, anchored = [0], dict[str | None, int]()
    for event in yaml.parse(content, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(event.anchor)
            sizes.append(1)
            if len(opened) > _DEEPEST:
                raise CapacityError(f"is nested more than {_DEEPEST} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = opened.pop(), sizes.pop()
            sizes[-1] += size
            if anchor is not None:
                anchored[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in opened:
                raise CapacityError(f"refers to itself: *{plain(event.anchor)}")
            sizes[-1] += anchored.get(event.anchor, 1)
            if sizes[-1] > _MOST:
                raise CapacityError(f"has more than {_MOST:,} lists and maps, aliases included")
