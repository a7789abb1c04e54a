import asyncio
import gc
import logging
import weakref

from workload import fail, forever

from async_tasks import create_named_task


async def wait_for_nobody():
    await asyncio.get_running_loop().create_future()


def test_a_pending_task_without_other_references_is_not_garbage_collected(simulation):
    async def survives(create):
        task = weakref.ref(create(wait_for_nobody()))
        await asyncio.sleep(1)
        gc.collect()
        await asyncio.sleep(1)
        return task() is not None

    assert not simulation.run(survives(asyncio.create_task))
    assert simulation.complaints == ["Task was destroyed but it is pending!"]
    simulation.complaints.clear()
    assert simulation.run(survives(lambda coro: create_named_task(coro, name="held")))
    assert not simulation.complaints


def test_a_task_that_is_done_is_released(simulation):
    async def scenario():
        task = weakref.ref(create_named_task(asyncio.sleep(1), name="short"))
        await asyncio.sleep(2)
        gc.collect()
        assert task() is None

    simulation.run(scenario())


def test_a_pending_task_of_a_closed_loop_is_released_when_another_loop_runs():
    async def start():
        return create_named_task(forever(), name="abandoned")

    async def other():
        await create_named_task(asyncio.sleep(0), name="other")

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(start())
    task._log_destroy_pending = False
    abandoned = weakref.ref(task)
    loop.close()
    del loop, task
    asyncio.run(other())
    gc.collect()
    assert abandoned() is None


def test_the_task_is_named_and_in_its_set_until_it_is_done(simulation):
    async def scenario():
        tasks = set()
        task = create_named_task(asyncio.sleep(1, "value"), name="ws:u1:loop", task_set=tasks)
        assert (task.get_name(), tasks) == ("ws:u1:loop", {task})
        assert await task == "value"
        await asyncio.sleep(0)
        assert tasks == set()

    simulation.run(scenario())


def test_a_crash_is_logged_with_its_traceback_and_a_cancellation_is_not(simulation, caplog):
    async def scenario():
        create_named_task(fail(ValueError("crash")), name="crashing")
        create_named_task(forever(), name="cancelled").cancel()
        create_named_task(fail(ConnectionResetError()), name="hung-up")
        await asyncio.sleep(1)

    simulation.run(scenario())
    assert not simulation.complaints
    (record,) = (r for r in caplog.records if r.levelno >= logging.WARNING)
    assert "crashing" in record.message
    assert str(record.exc_info[1]) == "crash"
