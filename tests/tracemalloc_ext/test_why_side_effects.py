"""Asking what keeps an object alive changes nothing: it keeps nothing alive, and no variable goes.

Run in a process of their own: see `test_whole_process.py`.
"""

import collections
import gc
import sys
import threading
import weakref

import pytest

from tracemalloc_ext import retained_bytes, why


class Item:
    pass


@pytest.fixture
def _no_collections():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collections")
@pytest.mark.parametrize("ask", [retained_bytes, why, lambda item: why(item, roots={"x": [item]})])
def test_asking_keeps_nothing_alive(ask):
    def caller():
        item, other = Item(), Item()
        ask(item)
        return weakref.ref(item), weakref.ref(other)

    assert [reference() for reference in caller()] == [None, None]


def test_a_frame_that_is_traced_keeps_its_variables():
    kept = []

    def tracer(frame, event, _argument):
        if frame.f_code.co_name != "traced":
            return None
        if event == "line":
            why(kept, roots={"x": [kept]})
            why(Item())
        return tracer

    def traced():
        first = 1
        second = 2
        return first + second

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        result = traced()
    finally:
        sys.settrace(before)
    assert result == 3


def test_a_queue_that_another_thread_changes_meanwhile_is_read():
    queue, stop = collections.deque(object() for _ in range(20_000)), threading.Event()
    queue.append(item := Item())

    def change():
        while not stop.is_set():
            queue.append(None)
            queue.pop()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(5):
            answer = str(why(item, roots={"queue": queue}))
            assert answer == "queue -> deque[20000] -> Item"
    finally:
        stop.set()
        thread.join()


def in_a_loop():
    answers = [why(one) for one in [Item()]]
    for one in [Item(), Item()]:
        answers.append(why(one))
    return answers


def in_a_with_block():
    class Session:
        def __init__(self):
            self.buffer = Item()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    with Session() as session:
        return [why(session.buffer)]


def in_a_function_that_closes_over_it():
    item = Item()

    def ask():
        return why(item)

    return [ask()]


@pytest.mark.parametrize("ask", [in_a_loop, in_a_with_block, in_a_function_that_closes_over_it])
def test_what_a_frame_refers_to_beside_its_variables_is_not_taken_for_c_code(ask):
    for answer in ask():
        assert str(answer).startswith("nothing found that keeps Item (")
