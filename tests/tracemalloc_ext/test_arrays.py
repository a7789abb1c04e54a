"""Sizes and holders where numpy hides what an array refers to, and pandas counts it twice."""

import ctypes
import sys

import pytest

from tracemalloc_ext import retained_by, retained_bytes, why

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")

MEBIBYTE = 2**20


def ones(count):
    return numpy.ones(count // 8)


@pytest.mark.parametrize(
    "wrap",
    [
        pandas.Series,
        lambda values: pandas.Series(values).rename("again"),
        lambda values: pandas.DataFrame({"a": values}, copy=False),
        lambda values: pandas.Index(values),
        lambda values: pandas.Series(values).to_frame(),
        lambda values: {"one": values, "two": values[:]},
        lambda values: [values, memoryview(values), values.reshape(2, -1).T],
    ],
)
def test_values_are_counted_once_however_they_are_wrapped(wrap):
    size = retained_bytes(wrap(ones(MEBIBYTE)))
    assert MEBIBYTE < size < 1.02 * MEBIBYTE


@pytest.mark.parametrize(
    "view",
    [
        lambda base: base[:50],
        lambda base: base[:50][:10].reshape(2, 5),
        lambda base: base.view("uint8")[:1],
        lambda base: memoryview(base)[:3],
        lambda base: pandas.Series(base[:50], copy=False),
    ],
)
def test_a_view_counts_what_it_keeps_alive(view):
    size = retained_bytes([view(ones(MEBIBYTE)) for _ in range(5)])
    assert 5 * MEBIBYTE < size < 5.1 * MEBIBYTE


@pytest.mark.parametrize(
    "make", [lambda size: bytes(bytearray(size)), bytearray, lambda size: memoryview(bytes(size))]
)
def test_an_array_over_the_buffer_of_another_object_counts_the_buffer(make):
    array = numpy.frombuffer(make(MEBIBYTE), dtype="uint8")
    assert MEBIBYTE < retained_bytes(array) < MEBIBYTE + 1000


def test_a_buffer_that_two_owners_view_is_shared_and_counted_once():
    base = ones(MEBIBYTE)
    sizes = retained_by({"a": base[:10], "b": base[10:20]})
    assert sizes.shared == sys.getsizeof(base)
    assert max(sizes.own.values()) < 300


def arrays_of_objects(item):
    flat = numpy.empty(4, dtype=object)
    flat[3] = item
    square = numpy.empty((2, 2), dtype=object)
    square[1, 1] = item
    record = numpy.zeros(2, dtype=[("n", "i4"), ("chunk", "O")])
    record["chunk"][1] = item
    return {
        "ndarray[3]": flat,
        "ndarray[3] ": square,
        "ndarray['chunk'][1]": record,
        "ndarray.base -> ndarray[3]": flat[:2],
    }


def test_an_array_of_objects_keeps_and_counts_its_objects():
    chunk = bytes(bytearray(MEBIBYTE))
    for words, array in arrays_of_objects(chunk).items():
        assert MEBIBYTE < retained_bytes(array) < MEBIBYTE + 2000, words
        answer = str(why(chunk, roots={"kept": [array]}))
        assert answer == f"kept -> list[0] -> {words.strip()} -> bytes, 1,048,576 B"


def test_a_column_of_objects_is_seen_through_pandas():
    chunk = bytes(bytearray(MEBIBYTE))
    table = pandas.DataFrame({"n": [1, 2], "chunk": pandas.Series([b"", chunk], dtype=object)})
    assert MEBIBYTE < retained_bytes(table) < MEBIBYTE + 20_000
    assert str(why(chunk, roots={"table": table})).endswith("ndarray[1] -> bytes, 1,048,576 B")


STRUCTURE = [("n", "i8"), ("rest", "u1", MEBIBYTE - 8)]


@pytest.mark.parametrize(
    "part",
    [
        lambda: numpy.zeros(1, STRUCTURE)[0],
        lambda: numpy.zeros(1, STRUCTURE).view(numpy.recarray)[0],
        lambda: ones(MEBIBYTE).flat,
        lambda: numpy.broadcast(ones(MEBIBYTE), 1),
        lambda: numpy.nditer(ones(MEBIBYTE)),
    ],
)
def test_a_scalar_or_an_iterator_counts_the_array_that_it_keeps(part):
    assert MEBIBYTE < retained_bytes(part()) < 2.1 * MEBIBYTE


def test_the_buffer_of_ctypes_is_counted_once():
    buffer = ctypes.create_string_buffer(MEBIBYTE)
    assert MEBIBYTE < retained_bytes(buffer) < MEBIBYTE + 1000
    view = numpy.ctypeslib.as_array(buffer)
    assert MEBIBYTE < retained_bytes(view, buffer) < MEBIBYTE + 2000


def test_a_size_written_in_python_is_not_asked():
    class Report:
        def __init__(self):
            self.rows = bytes(bytearray(1000))

        def __sizeof__(self):
            raise RuntimeError("counts its rows again")

    assert 1000 < retained_bytes(Report()) < 1500
