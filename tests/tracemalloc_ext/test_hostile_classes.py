"""Classes whose own code must not run, and would lead astray: mocks, proxies, odd metaclasses."""

import asyncio
import functools
import sys
from unittest import mock

import pytest

from tracemalloc_ext import awaits, retained_bytes, why

MEBIBYTE = 2**20


class Item:
    pass


def chain(holder, target):
    return str(why(target, roots={"kept": holder}))


@pytest.mark.parametrize("make", [mock.Mock, mock.MagicMock, mock.AsyncMock])
def test_a_mock_is_measured_and_not_called(make):
    item, connection = Item(), make()
    connection.session = item
    assert retained_bytes([connection]) < 200_000
    assert chain([connection], item).endswith("-> Item")
    assert connection.mock_calls == []


class Cached(dict):
    def __sizeof__(self):
        return dict.__sizeof__(self) + sum(map(sys.getsizeof, self.values()))


class Rows(list):
    def __sizeof__(self):
        raise RuntimeError("detached")


class Buffer(bytearray):
    def __sizeof__(self):
        return 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cached(a=bytes(MEBIBYTE)),
        lambda: Rows([None] * (MEBIBYTE // 8)),
        lambda: Buffer(MEBIBYTE),
    ],
)
def test_the_size_of_a_subclass_is_that_of_its_class_in_c(make):
    assert MEBIBYTE < retained_bytes(make()) < MEBIBYTE + 1000


class Lazy(list):
    def __iter__(self):
        raise RuntimeError("detached")


class Reversed(list):
    def __iter__(self):
        return reversed(list(list.__iter__(self)))


@pytest.mark.parametrize("make", [Lazy, Reversed])
def test_a_list_is_read_past_what_its_class_iterates_over(make):
    item, holder = Item(), make()
    holder.extend([1, 2])
    holder.append(item)
    assert chain(holder, item) == f"kept -> {make.__name__}[2] -> Item"


class Equal(type):
    def __eq__(cls, other):
        raise RuntimeError("no comparison")


class Closed(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no attributes")


@pytest.mark.parametrize("metaclass", [Equal, Closed])
def test_a_metaclass_is_passed_by(metaclass):
    cls = metaclass("Odd", (), {})
    holder, item = object.__new__(cls), Item()
    object.__setattr__(holder, "item", item)
    assert retained_bytes(holder) > retained_bytes(item)
    assert chain([holder], item) == "kept -> list[0] -> Odd.item -> Item"


def test_a_class_to_exclude_is_not_asked_for_its_subclasses():
    class Asks(type):
        def __subclasscheck__(cls, other):
            raise RuntimeError("asked")

    holder = Asks("Holder", (), {})()
    holder.item = item = Item()
    assert not why(item, roots={"kept": [holder]}, exclude=[type(holder)])


class cell:  # noqa: N801 - as the interpreter's own
    def __init__(self, value):
        self.value = value


def test_a_class_with_the_name_of_a_wrapper_of_the_interpreter_is_shown():
    item = Item()
    assert chain([cell(item)], item) == "kept -> list[0] -> cell.value -> Item"


def test_a_released_memoryview_is_described():
    view = memoryview(b"abc")
    view.release()
    assert chain([view], view) == "kept -> list[0] -> memoryview, released"


def test_attributes_of_a_function_are_counted_and_found():
    def make():
        def view():
            pass

        return view

    view = make()
    view.cache = bytes(bytearray(MEBIBYTE))
    assert MEBIBYTE < retained_bytes(view) < MEBIBYTE + 2000
    assert chain(view, view.cache) == "kept -> function view.cache -> bytes, 1,048,576 B"

    @functools.wraps(view)
    def wrapper():
        pass

    assert chain(wrapper, view) == "kept -> function view.__wrapped__ -> function view"


def test_measuring_makes_no_namespace_for_a_function():
    def make():
        return lambda: None

    function = make()
    before = retained_bytes(function)
    assert not why(Item(), roots={"kept": function})
    assert retained_bytes(function) == before


def test_a_callback_that_is_a_proxy_is_not_asked(simulate):
    class Proxy:
        def __call__(self, _future):
            pass

        def __getattribute__(self, name):
            raise RuntimeError("bound to nothing")

    async def main():
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(Proxy())

        async def wait():
            await future

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert awaits(task).waits_for == "Future"
        future.set_result(None)
        await task

    simulate(main())
