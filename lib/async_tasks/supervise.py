"""Wait until a session has to end, and say why."""

from collections.abc import Collection, Iterable, Set

from async_tasks.metrics import METRICS, Metrics
from async_tasks.supervision import AnyTask, Role, Supervision
from async_tasks.supervisor_exit import SupervisorExit


async def supervise_tasks(
    *,
    receive_task: AnyTask,
    bg_tasks: Iterable[AnyTask],
    finite_tasks: Collection[AnyTask] | None = None,
    label: str,
    metrics: Metrics = METRICS,
) -> SupervisorExit:
    """Return when the first of the tasks ends whose end is the end of the session.

    The reasons, by precedence when several tasks are found ended: ``disconnect`` (the receive task
    returned, or any task raised that the peer has gone), ``crash`` (any task raised), ``cancelled``
    (the receive task or a lifetime task was cancelled), ``lifetime_done`` (a background task
    returned that is not in ``finite_tasks``). That a finite task returns or is cancelled ends
    nothing.

    There is no time limit. No task is cancelled, neither on return nor when the supervision itself
    is cancelled. Every exit is counted under ``label``, its cancellation as ``cancelled``; the
    deciding crash is logged with its traceback. The cost is one callback per task.
    Raises ValueError when a finite task is not among the supervised.
    """
    supervision = Supervision(label, metrics)
    _watch(supervision, receive_task, bg_tasks, frozenset(finite_tasks or ()))
    return await supervision.first_end()


def _watch(
    supervision: Supervision, receive: AnyTask, bg_tasks: Iterable[AnyTask], finite: Set[AnyTask]
) -> None:
    background = dict.fromkeys(bg_tasks)
    background.pop(receive, None)
    if stray := finite - background.keys() - {receive}:
        names = sorted(task.get_name() for task in stray)
        raise ValueError(f"finite_tasks must be among bg_tasks, but these are not: {names}")
    supervision.watch(receive, Role.RECEIVE)
    for task in background:
        supervision.watch(task, Role.FINITE if task in finite else Role.LIFETIME)
