"""The simulated clock skips idle time, never overtakes a byte in flight, and patches nothing."""

import asyncio
import threading
import time
import warnings

import pytest

from ghosts.simulation.clock import simulate


def test_an_hour_of_sleep_takes_a_fraction_of_it_and_ends_on_the_hour() -> None:
    async def sleeper() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    assert simulate(sleeper) == 3600.0
    assert time.perf_counter() - began < 3600 / 10


async def _echoes_before_a_short_timeout(rounds: int) -> int:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
        writer.close()

    answered = 0
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(rounds):
            async with asyncio.timeout(0.001):
                writer.write(b"x" * 16_000)
                await reader.readexactly(16_000)
            answered += 1
        writer.close()
        await writer.wait_closed()
    return answered


def test_a_byte_in_flight_is_never_overtaken_by_a_timer() -> None:
    assert simulate(lambda: _echoes_before_a_short_timeout(2_000)) == 2_000


async def _order_of_one_moment(others: int) -> list[int]:
    loop, ran = asyncio.get_running_loop(), list[int]()
    for number in range(50):
        loop.call_at(60.0, ran.append, number)
        if number < others:
            loop.call_at(60.0 - number, int)
    await asyncio.sleep(61)
    return ran


@pytest.mark.parametrize("others", [0, 1, 7, 50])
def test_timers_of_one_moment_run_in_the_order_in_which_they_were_set_whatever_others_there_are(
    others: int,
) -> None:
    assert simulate(lambda: _order_of_one_moment(others)) == list(range(50))


def test_inside_a_running_loop_the_simulation_has_a_thread_and_a_loop_of_its_own() -> None:
    async def simulated() -> tuple[str, float]:
        await asyncio.sleep(60)
        return threading.current_thread().name, asyncio.get_running_loop().time()

    async def kernel() -> tuple[str, float]:
        return simulate(simulated)

    assert asyncio.run(kernel()) == ("simulation", 60.0)
    assert "simulation" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("inside_a_loop", [False, True])
def test_an_exception_of_the_simulation_is_raised_to_its_caller(inside_a_loop: bool) -> None:
    async def failing() -> None:
        raise LookupError("as it is")

    async def kernel() -> None:
        simulate(failing)

    with pytest.raises(LookupError, match="as it is"):
        asyncio.run(kernel()) if inside_a_loop else simulate(failing)


def test_simulations_leave_asyncio_as_it_is() -> None:
    before = (asyncio.Task, asyncio.Future, asyncio.get_event_loop_policy())

    async def nothing() -> None:
        await asyncio.sleep(1)

    simulate(nothing)
    assert (asyncio.Task, asyncio.Future, asyncio.get_event_loop_policy()) == before


def test_a_thread_that_ends_late_is_waited_for_in_real_time_when_the_loop_is_closed() -> None:
    ended = threading.Event()

    def work() -> None:
        time.sleep(0.2)
        ended.set()

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate(main)
    assert ended.is_set()
