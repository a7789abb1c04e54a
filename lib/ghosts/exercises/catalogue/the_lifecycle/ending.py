"""The reasons with which a lifecycle is refused that does not end a session as it has to."""

from ghosts.config import GHOST_AFTER
from ghosts.exercises.catalogue.the_lifecycle.found import (
    Finding,
    Runs,
    listed,
    name_of,
    seen_in,
    way_of,
)
from ghosts.exercises.catalogue.the_lifecycle.observed import Overdue, Run
from ghosts.exercises.catalogue.the_lifecycle.plans import (
    CRASHING,
    CRASHING_HANGING,
    STOP_AT,
    STOPPING,
)
from ghosts.exercises.lines import suspended_at


def unbounded(done: Runs) -> Finding | None:
    """Find that sessions had not ended 150 s after their device had left, or the pod stopped."""
    for run in done.values():
        if not run.overdue:
            continue
        one = run.overdue[0]
        what = "its device had left" if len(run.overdue) == 1 else "their devices had left"
        what = "the pod was stopped" if run.plan is STOPPING else what
        words = (
            f"{len(run.overdue)} of {len(run.sessions)} sessions had not ended {GHOST_AFTER:.0f} s "
            f"after {what}. The lifecycle still waited {suspended_at(one.handler)}"
        )
        seen = {**seen_in(run, at=_when(run, one)), "handler": suspended_at(one.handler)}
        open_calls = {name_of(each): suspended_at(each) for each in one.tasks if each.innermost}
        if open_calls:
            verb = "has" if len(open_calls) == 1 else "have"
            words += f", and {listed(open_calls)} {verb} not returned"
        return Finding(f"{words}. {_unbounded_because(run, one)}", {**seen, **open_calls}, run.plan)
    return None


def _when(run: Run, one: Overdue) -> float:
    return GHOST_AFTER + (STOP_AT if run.plan is STOPPING else run.left.get(one.uid, 0.0))


def _unbounded_because(run: Run, one: Overdue) -> str:
    ended = run.sessions[one.uid].ended
    if run.plan is STOPPING:
        return "A lifecycle that is cancelled has to end: do not go on after its CancelledError."
    if ended is not None:
        took = f"{ended - run.left[one.uid]:.1f}".removesuffix(".0")
        return (
            f"It ended after {took} s: all that it waits for after the departure has to be over "
            f"within {GHOST_AFTER:.0f} s."
        )
    if run.plan is CRASHING:
        return "A loop that has raised an exception never does what is waited for."
    if run.plan is CRASHING_HANGING:
        return "What follows the exception of a loop needs a bound as well; then cancel the rest."
    return "What follows a departure needs a bound; then cancel what is left."


def orphaned(done: Runs) -> Finding | None:
    """Find that tasks outlived their session."""
    for run in done.values():
        if not run.orphans:
            continue
        first = min(run.orphans)
        tasks = [task for uid in sorted(run.orphans) for task in run.orphans[uid]]
        count, names = len(tasks), sorted(set(map(name_of, tasks)))
        are = "task outlived its session" if count == 1 else "tasks outlived their session"
        return Finding(
            f"{count} {are}: {', '.join(names)}. The lifecycle ended {way_of(run, first)} and left "
            f"{'it' if count == 1 else 'them'} running; it has to cancel what is left, and to wait "
            "until that has ended.",
            {
                **seen_in(run, at=run.sessions[first].ended),
                "orphan tasks": count,
                name_of(tasks[0]): suspended_at(tasks[0]),
            },
            run.plan,
        )
    return None


def swallowed(done: Runs) -> Finding | None:
    """Find that a lifecycle which was cancelled ended as if it had not been."""
    run = done[STOPPING]
    others = [
        each for each in run.ended if each.how != "cancelled" and (each.ended or 0.0) >= STOP_AT
    ]
    if not others:
        return None
    alike = [each for each in others if each.how == others[0].how]
    late = (others[0].ended or 0.0) - STOP_AT
    how = (
        f"returned without an exception, after {late:.0f} s: the CancelledError was caught and not "
        "raised again. The caller that cancels a task can tell by it that the task has ended "
        "early. Clean up in a `finally`, which catches nothing."
    )
    if others[0].how == "raised":
        raised = next(each for each in run.raised if each.uid == others[0].uid)
        where = f", {raised.line}" if raised.line else ""
        how = (
            f"raised {raised.words} instead, after {late:.0f} s{where}. It replaced the "
            "CancelledError, by which the caller can tell that the task has ended early. Let no "
            "other exception leave the clean-up."
        )
    return Finding(
        f"the pod was stopped at {STOP_AT} s, which cancels each lifecycle, and {len(alike)} of "
        f"{len(run.sessions)} {how}",
        seen_in(run, "lifecycles that ended otherwise", len(others), at=STOP_AT),
        run.plan,
    )


def not_closed(done: Runs) -> Finding | None:
    """Find that sessions ended without session.close(), or before it had returned."""
    for run in done.values():
        missing = [each for each in run.ended if each.closed is None]
        if not missing:
            continue
        begun = [each for each in missing if each.closing is not None]
        seen = seen_in(run, "sessions that closed", len(run.ended) - len(missing))
        if begun:
            return Finding(
                f"{len(missing)} of {len(run.ended)} sessions ended before their close() had "
                "returned: await it, so that the connection is closed when the session ends.",
                seen,
                run.plan,
            )
        return Finding(
            f"{len(missing)} of {len(run.ended)} sessions ended {way_of(run, missing[0].uid)} "
            "without `await session.close()`. It closes the connection within 3 s, also if the "
            "device does not read.",
            seen,
            run.plan,
        )
    return None
