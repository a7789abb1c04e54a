import asyncio
import math
import weakref

from tracemalloc_ext import Watch, settle


def test_simulated_waiting_time_is_known_to_within_the_sampling_interval(simulate):
    async def main():
        gate = asyncio.Event()

        async def work_then_hang():
            await asyncio.sleep(12)
            await gate.wait()

        watch = Watch()
        watch.sample()
        task = asyncio.create_task(work_then_hang(), name="ws:7:private_cloud")
        for _ in range(60):
            await asyncio.sleep(5)
            watch.sample()
        await asyncio.sleep(3)
        waiting = watch.waiting(task)
        assert (waiting.at_least, waiting.at_most) == (303 - 15, 303 - 10)
        assert waiting.at_least <= 303 - 12 <= waiting.at_most
        assert str(waiting) == (
            "task 'ws:7:private_cloud' has waited at least 288 s, at most 293 s"
        )
        gate.set()
        await task

    simulate(main())


def test_what_waited_before_the_first_sample_has_no_upper_bound(simulate):
    async def main():
        task = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(100)
        watch = Watch()
        watch.sample()
        await asyncio.sleep(10)
        waiting = watch.waiting(task)
        assert (waiting.at_least, waiting.at_most) == (10, math.inf)
        assert "at most" not in str(waiting)
        task.cancel()

    simulate(main())


def test_a_task_that_polls_is_not_stuck_though_it_is_always_at_the_same_line(simulate):
    async def main():
        async def poll():
            for _ in range(1000):
                await asyncio.sleep(1)

        async def hang():
            await asyncio.Event().wait()

        tasks = [asyncio.create_task(poll()), asyncio.create_task(hang())]
        watch = Watch()
        for _ in range(30):
            watch.sample()
            await asyncio.sleep(2.5)
        assert watch.waiting(tasks[0]).at_least <= 1
        assert watch.stuck(seconds=10) == [tasks[1]]
        for task in tasks:
            task.cancel()

    simulate(main())


def test_stuck_tasks_come_longest_first_then_by_name(simulate):
    async def main():
        watch = Watch()

        def hang(name):
            return asyncio.create_task(asyncio.Event().wait(), name=name)

        tasks = [hang("b"), hang("a")]
        await asyncio.sleep(1)
        watch.sample()
        await asyncio.sleep(1)
        tasks.append(hang("0"))
        await asyncio.sleep(1)
        watch.sample()
        await asyncio.sleep(1)
        assert [task.get_name() for task in watch.stuck(seconds=1)] == ["a", "b", "0"]
        assert [task.get_name() for task in watch.stuck(seconds=2)] == ["a", "b"]
        for task in tasks:
            task.cancel()

    simulate(main())


def test_a_task_that_does_not_wait_has_waited_0_s(simulate):
    async def main():
        watch = Watch()
        watch.sample()
        await asyncio.sleep(1)
        waiting = watch.waiting(asyncio.current_task())
        assert (waiting.at_least, waiting.at_most) == (0, 0)

    simulate(main())


def test_watching_keeps_neither_tasks_nor_futures_alive(simulate):
    async def main():
        task = asyncio.create_task(asyncio.sleep(10))
        await asyncio.sleep(1)
        watch = Watch()
        watch.sample()
        gone = [weakref.ref(task), weakref.ref(task._fut_waiter)]
        await task
        del task
        await settle()
        assert [ref() for ref in gone] == [None, None]
        assert watch.stuck(seconds=0) == []

    simulate(main())


def test_a_loop_can_be_watched_from_outside():
    loop = asyncio.new_event_loop()
    task = loop.create_task(asyncio.Event().wait())
    loop.run_until_complete(asyncio.sleep(0))
    watch = Watch(loop)
    watch.sample()
    assert watch.stuck(seconds=0) == [task]
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.close()
