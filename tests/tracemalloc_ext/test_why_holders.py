"""Holders outside the program's own objects: the interpreter, other loops, and C code."""

import asyncio
import atexit
import contextvars
import ctypes
import enum
import functools
import gc
import signal
import threading
import weakref

import pytest

from tracemalloc_ext import why

OUTSIDE = "alive, and the holder is outside what Python can see"
KEPT = []


class Client:
    def __init__(self):
        self.pool = bytearray(1000)

    def close(self, *_):
        pass


@pytest.fixture
def client():
    """A client to which nothing of the test refers: only a weak reference is given out."""
    return weakref.ref(Client())


@pytest.fixture
def kept_by():
    """Let something keep a client that the test itself does not refer to; return what keeps it."""
    undo = []

    def keep(register, unregister=None):
        client = Client()
        register(client)
        if unregister is not None:
            undo.append(functools.partial(unregister, weakref.ref(client)))
        gc.collect()
        reference = weakref.ref(client)
        del client
        target = reference()
        assert target is not None
        return str(why(target))

    yield keep
    for one in undo:
        one()
    KEPT.clear()


def test_a_function_registered_with_atexit(kept_by):
    answer = kept_by(
        lambda client: atexit.register(client.close),
        lambda client: atexit.unregister(client().close),
    )
    assert answer == f"{OUTSIDE} -> method Client.close.__self__ -> Client"


def test_an_argument_of_a_function_of_atexit_has_a_holder_outside(kept_by):
    def at_exit(client):
        pass

    answer = kept_by(
        lambda client: atexit.register(at_exit, client), lambda _: atexit.unregister(at_exit)
    )
    assert answer == f"{OUTSIDE} -> tuple[0] -> Client"


def test_a_signal_handler(kept_by):
    before = signal.getsignal(signal.SIGUSR1)
    answer = kept_by(
        lambda client: signal.signal(signal.SIGUSR1, client.close),
        lambda _: signal.signal(signal.SIGUSR1, before),
    )
    assert answer == "handler of SIGUSR1 -> method Client.close.__self__ -> Client"


def test_the_callback_of_a_weak_reference(kept_by):
    watched = Client()
    answer = kept_by(lambda client: KEPT.append(weakref.ref(watched, client.close)))
    assert answer == (
        f"module global {__name__}.KEPT -> list[0] -> weak reference.__callback__ -> "
        "method Client.close.__self__ -> Client"
    )


def test_a_finalizer(kept_by):
    watched = Client()
    finalizers = []
    answer = kept_by(
        lambda client: finalizers.append(weakref.finalize(watched, client.close)),
        lambda _: finalizers.pop().detach(),
    )
    assert "class finalize._registry -> dict[finalize(...)] -> _Info.func" in answer


def test_a_context_variable_of_the_thread_that_asks(kept_by):
    variable = contextvars.ContextVar("request")
    answer = kept_by(variable.set, lambda _: variable.set(None))
    assert answer == "context, variable 'request' -> Client"


def a_property(client):
    class Owner:
        value = property(lambda self: client)

    KEPT.append(Owner)


def a_static_method(client):
    class Owner:
        make = staticmethod(functools.lru_cache(lambda: client))

    Owner.make()
    KEPT.append(Owner)


def a_member_of_an_enum(client):
    class Kind(enum.Enum):
        ONE = 1

    Kind.ONE.client = client
    KEPT.append(Kind)


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (a_property, "class Owner.value -> property.fget -> function "),
        (a_static_method, "class Owner.make -> staticmethod.__func__ -> _lru_cache_wrapper -> "),
        (a_member_of_an_enum, "-> Kind.client -> Client"),
    ],
)
def test_what_is_written_in_a_class(kept_by, register, words):
    assert words in kept_by(register)


def test_the_default_of_a_context_variable(kept_by):
    answer = kept_by(lambda client: KEPT.append(contextvars.ContextVar("request", default=client)))
    assert answer == (
        f"module global {__name__}.KEPT -> list[0] -> context variable 'request' -> Client"
    )


def test_a_context_variable_of_a_suspended_task(simulate):
    async def main():
        variable, gate = contextvars.ContextVar("request"), asyncio.Event()

        async def handle():
            variable.set(Client())
            KEPT.append(weakref.ref(variable.get()))
            await gate.wait()

        task = asyncio.create_task(handle(), name="handler")
        await asyncio.sleep(1)
        answer = str(why(KEPT.pop()()))
        gate.set()
        await task
        assert answer == "task 'handler' -> context, variable 'request' -> Client"

    simulate(main())


def test_a_timer_of_a_loop_that_does_not_run(kept_by):
    loop = asyncio.new_event_loop()
    try:
        answer = kept_by(lambda client: loop.call_later(100, client.close))
    finally:
        loop.close()
    assert answer.startswith("another event loop -> ")
    assert answer.endswith("TimerHandle._callback -> method Client.close.__self__ -> Client")


def test_a_task_of_another_loop():
    loop = asyncio.new_event_loop()
    gate = asyncio.Event()

    async def handle():
        client = Client()
        KEPT.append(weakref.ref(client))
        await gate.wait()

    task = loop.create_task(handle(), name="elsewhere")
    loop.run_until_complete(asyncio.sleep(0))
    answer = str(why(KEPT.pop()()))
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.close()
    assert "suspended in handle (test_why_holders.py:" in answer
    assert answer.endswith("local 'client' -> Client")


def test_a_task_that_another_task_awaits(simulate):
    async def main():
        async def outer(inner):
            await inner

        inner = asyncio.create_task(asyncio.sleep(100), name="inner")
        waiting = asyncio.create_task(outer(inner), name="outer")
        await asyncio.sleep(1)
        answer = str(why(inner, roots={"": waiting}))
        inner.cancel()
        await asyncio.wait([waiting])
        assert answer == "task 'outer', waiting -> task 'inner'"

    simulate(main())


def increment(item):
    """Refer to an object as C code does: by its reference count alone."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))


def decrement(reference):
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(reference()))


def test_an_object_that_c_code_keeps_has_a_holder_outside(kept_by):
    answer = kept_by(increment, decrement)
    assert answer.startswith(f"Client is {OUTSIDE} (")


def test_the_chain_from_what_c_code_keeps_as_from_a_transport_of_uvloop(kept_by):
    class Transport:
        def __init__(self, protocol):
            self.protocol = protocol
            protocol.transport = self  # a cycle, as between a transport and its protocol

    transports = []

    def connect(client):
        transport = Transport(client)
        increment(transport)
        transports.append(weakref.ref(transport))

    answer = kept_by(connect, lambda _: decrement(transports[0]))
    assert answer == f"{OUTSIDE} -> Transport.protocol -> Client"


def test_a_protocol_that_a_transport_of_uvloop_keeps():
    uvloop = pytest.importorskip("uvloop")
    connected = None

    class Protocol(asyncio.Protocol):
        def connection_made(self, _transport):
            connected.set_result(weakref.ref(self))

    async def main():
        nonlocal connected
        loop = asyncio.get_running_loop()
        connected = loop.create_future()
        server = await loop.create_server(Protocol, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answer = str(why((await connected)()))
        writer.close()
        server.close()
        return answer

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == f"{OUTSIDE} -> TCPTransport -> Protocol"


def test_the_value_of_a_thread_local(kept_by):
    local, ready, release = threading.local(), threading.Event(), threading.Event()

    def keep(client):
        box = [client]

        def run():
            local.client = box.pop()
            ready.set()
            release.wait()

        threading.Thread(target=run, daemon=True).start()
        ready.wait()

    answer = kept_by(keep, lambda _: release.set())
    assert "local 'local' -> _local -> " in answer
    assert answer.endswith("-> dict['client'] -> Client")


def in_a_list(chunk):
    return why(chunk), [chunk]


def in_a_closure(chunk):
    def later():
        return chunk

    return why(chunk), later


def in_an_object(chunk):
    holder = Client()
    holder.pool = [{"chunk": chunk}]
    return why(chunk), holder


async def in_a_coroutine(chunk):
    async def inner(part):
        return why(part)

    return await inner(chunk), chunk


def in_a_generator(chunk):
    def parts(part):
        yield why(part)

    return next(parts(chunk)), chunk


@pytest.mark.parametrize("ask", [in_a_list, in_a_closure, in_an_object, in_a_generator])
def test_what_asks_is_not_taken_for_a_holder_outside(ask):
    answer, _kept = ask(bytes(bytearray(500)))
    assert str(answer).startswith("nothing found that keeps bytes, 500 B (")


def test_a_coroutine_that_asks_is_not_taken_for_a_holder_outside(simulate):
    answer, _kept = simulate(in_a_coroutine(bytes(bytearray(500))))
    assert str(answer).startswith("nothing found that keeps bytes, 500 B (")


def test_a_dead_weak_reference_is_not_searched_for(client):
    gc.collect()
    assert not why(client())
    assert str(why(client())) == "nothing found that keeps None (0 objects looked at)"


def test_words_contain_no_address():
    chunk = bytes(bytearray(500))

    async def main():
        async def keep(part):
            await asyncio.sleep(100)
            return part

        owner = object()
        task = asyncio.create_task(keep(chunk), name=f"upload of {owner}")
        await asyncio.sleep(0)
        answer = why(chunk)
        task.cancel()
        return answer

    answer = str(asyncio.run(main()))
    assert answer.startswith("task 'upload of <object object>' -> suspended in keep (")


def test_the_search_upwards_gives_up_where_very_much_refers_to_the_target():
    target = Client()
    holders = [[target] for _ in range(10_000)]
    increment(holders)
    try:
        assert str(why(target)).startswith("nothing found that keeps Client (")
    finally:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(holders))
