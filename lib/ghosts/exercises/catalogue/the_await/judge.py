"""Judge which task never returns, which backend it calls, and at which line it is suspended."""

from typing import Final

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_await.line import wrong_line
from ghosts.exercises.catalogue.the_await.pod import UID, hung_pod
from ghosts.exercises.outcome import Correct, Incorrect, Outcome
from tracemalloc_ext import awaits

KEYS: Final = ("task", "backend", "line")
_TASK: Final = "transcripts"
_LOOPS: Final = ("audio_bytes", "private_cloud", "receive", "speaker_samples", "transcripts")
_CALLED_BY: Final = {
    "private_cloud": Backend.STORAGE,
    "speaker_samples": Backend.SPEAKER_SAMPLES,
    "audio_bytes": Backend.AUDIO_WEBHOOK,
}


def judge(answer: object) -> Outcome:
    """Return whether the answer names the task, the backend and the line, and why not."""
    if not isinstance(answer, dict) or set(answer) != set(KEYS):
        return Incorrect(
            f"my_finding should be a dict with the keys {', '.join(map(repr, KEYS))}, and it is "
            f"{kind_of(answer)}{' with other keys' if isinstance(answer, dict) else ''}."
        )
    for key, value in answer.items():
        if not isinstance(value, str):
            return Incorrect(f"{key} should be a string, and it is {kind_of(value)}.")
    with hung_pod() as lab:
        before = {_name(each.task): each for each in map(awaits, lab.tasks(UID))}
        counts = lab.advance(minutes=4)
        after = {_name(awaits(task).task) for task in lab.tasks(UID)}
    seen = {
        "gauge": counts.gauge,
        "TCP connections": counts.tcp,
        "ghosts": counts.ghosts,
        "18 s after the departure": ", ".join(sorted(before)),
    }
    reason = _not_that_task(answer["task"].strip())
    if reason is not None:
        return Incorrect(reason, seen)
    seen["4 minutes later"] = ", ".join(sorted(after))
    reason = _wrong_backend(answer["backend"].strip()) or wrong_line(answer["line"], _TASK, before)
    if reason is not None:
        return Incorrect(reason, seen)
    return Correct(
        "the webhook answers at once, with one byte every 10 s, and its answer never ends. The "
        "client has a limit for the time between two bytes and none for the whole, so the loop "
        "never returns, and the handler waits for it. lab.waits shows 0 s: each byte wakes the "
        "task.",
        seen,
    )


def _not_that_task(task: str) -> str | None:
    return _wrong_device(task) or _wrong_task(_name(task))


def _wrong_device(task: str) -> str | None:
    if ":" not in task or f":{UID}:" in f":{task}":
        return None
    return f"{task} is no task of {UID}, whose session is asked for."


def _wrong_task(task: str) -> str | None:
    match task:
        case "transcripts":
            return None
        case "handler":
            return (
                "the handler only waits: it is in gather() until all loops have ended, and "
                "one of them does not. Its 500 s only say since when it waits."
            )
        case "private_cloud":
            return (
                "the upload is slow, and it returns: private_cloud is in a call for 18 s at that "
                "moment, and 4 minutes later it has ended. Slow is not stuck."
            )
        case "speaker_samples":
            return (
                "speaker_samples is in no call: it sleeps until its next poll. It ends 2 minutes "
                "after its last sample was asked for, and 4 minutes later it has."
            )
        case "receive":
            return "receive has ended with the connection: it is not among the session's tasks."
        case "audio_bytes":
            return "audio_bytes is healthy: it had nothing to send, and has ended."
    return f"a session has no task {task!r}: there are the handler and {', '.join(_LOOPS)}."


def _wrong_backend(answer: str) -> str | None:
    backend = answer.rpartition(".")[2].lower().replace(" ", "_")
    if backend == Backend.TRANSCRIPT_WEBHOOK:
        return None
    if backend not in PUSHER_BACKENDS:
        return f"{answer!r} is no backend of this pod. It has {', '.join(PUSHER_BACKENDS)}."
    for loop, called in _CALLED_BY.items():
        if backend == called:
            return f"{backend} is called by {loop}, and not by the task that never returns."
    return f"{backend} is not called in this chain. Which method of PusherClients is the task in?"


def _name(task: str) -> str:
    """Return the name of a loop without the session's; ``handler`` for the handler."""
    if task.startswith("Task-"):
        return "handler"
    return task.rpartition(":")[2].removesuffix("()")
