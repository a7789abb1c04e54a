"""Exercise 2: of the tasks of a session that does not end, find the one that never returns."""

from typing import Final

from ghosts.backends import Backend
from ghosts.exercises.answers import kind_of
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.outcome import Correct, Incorrect, Outcome
from ghosts.exercises.prediction import Question
from ghosts.lab import Lab
from tracemalloc_ext import Awaits, awaits

UID: Final = "device-000"
KEYS: Final = ("task", "backend", "line")
_TASK: Final = "transcripts"
_LOOPS: Final = ("audio_bytes", "private_cloud", "receive", "speaker_samples", "transcripts")
_CALLED_BY: Final = {
    "private_cloud": Backend.STORAGE,
    "speaker_samples": Backend.SPEAKER_SAMPLES,
    "audio_bytes": Backend.AUDIO_WEBHOOK,
}


def hung_pod() -> Lab:
    """Return a pod two of whose devices have left a moment ago, and whose sessions do not end.

    What fails there is for the reader to find out. To be closed when it is not needed any more.
    """
    lab = Lab("gather_all")
    lab.connect(4, transcript_every=60, speaker_sample_every=120)
    lab.advance(seconds=65)
    lab.fault(Backend.STORAGE, "slow", seconds=40)
    lab.fault(Backend.TRANSCRIPT_WEBHOOK, "trickles")
    lab.advance(minutes=6, seconds=58)
    lab.disconnect(2)
    lab.advance(seconds=18)
    return lab


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
        "4 minutes later": ", ".join(sorted(after)),
    }
    reason = _refusal(answer, before)
    if reason is not None:
        return Incorrect(reason, seen)
    return Correct(
        "the webhook answers at once, with one byte every 10 s, and its answer never ends. The "
        "client has a limit for the time between two bytes and none for the whole, so the loop "
        "never returns, and the handler waits for it. lab.waits shows 0 s: each byte wakes the "
        "task.",
        seen,
    )


def _refusal(answer: dict[str, str], tasks: dict[str, Awaits]) -> str | None:
    return (
        _wrong_device(answer["task"].strip())
        or _wrong_task(_name(answer["task"].strip()))
        or _wrong_backend(answer["backend"].strip().removeprefix("Backend.").lower())
        or _wrong_line(_spaced(answer["line"]), tasks)
    )


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


def _wrong_backend(backend: str) -> str | None:
    if backend == Backend.TRANSCRIPT_WEBHOOK:
        return None
    for loop, called in _CALLED_BY.items():
        if backend == called:
            return f"{backend} is called by {loop}, and not by the task that never returns."
    return (
        f"{backend!r} is not called in this chain. Which method of PusherClients is the task in? "
        f"The backends are {', '.join(each for each in Backend if each not in _OF_LISTEN)}."
    )


_OF_LISTEN: Final = (Backend.SPEECH_TO_TEXT, Backend.PEOPLE, Backend.APPS, Backend.USAGE)


def _wrong_line(line: str, tasks: dict[str, Awaits]) -> str | None:
    chain = tasks[_TASK]
    innermost = chain.innermost
    assert innermost is not None
    if line == _spaced(innermost.source):
        return None
    if line in {_spaced(frame.source) for frame in chain.frames}:
        own = [frame for frame in chain.frames if line == _spaced(frame.source)]
        if own[0].file.startswith("aiohttp"):
            return (
                "that line belongs to the HTTP library. Asked for is the innermost line of this "
                "project, which is where a limit can be set."
            )
        return (
            f"that line, in {own[0].function}, only waits for the next one of the chain. Follow "
            "the chain of awaits to its innermost line in this project."
        )
    for name, other in tasks.items():
        if line in {_spaced(frame.source) for frame in other.frames}:
            return f"that line is where the task {name} waits, and it is not the one that is stuck."
    if line and (line in _spaced(innermost.source) or _spaced(innermost.source) in line):
        return (
            "the line is the right one, with less or more around it. Copy all of it, and only it."
        )
    return "the task is suspended at no such line. Copy the line as it is in the source."


def _name(task: str) -> str:
    """Return the name of a loop without the session's; ``handler`` for the handler."""
    if task.startswith("Task-"):
        return "handler"
    return task.rpartition(":")[2].removesuffix("()")


def _spaced(line: str) -> str:
    return " ".join(line.split())


EXERCISE: Final = Exercise(
    number=2,
    slug="the_await",
    title="Find the await that never ends",
    minutes=10,
    answer_name="my_finding",
    checker=judge,
    hints=(
        "A task that waits for long need not be stuck, and one that is stuck need not wait for "
        "long. Look twice: lab.waits(uid), then lab.advance(minutes=4), then again.",
        "The handler waits for whatever does not end. Of the loops, which is still there after 4 "
        "minutes, when slow calls have returned and polls have ended?",
        "for task in lab.tasks(uid): print(awaits(task)). In the chain of the task that stays, the "
        "method of PusherClients names the backend, and the last line in ghosts/ is the line.",
    ),
    solution_code="""from ghosts.exercises.catalogue.the_await import UID, hung_pod
from tracemalloc_ext import awaits

with hung_pod() as lab:
    lab.advance(minutes=4)
    handler, stuck = lab.tasks(UID)
    line = awaits(stuck).innermost.source

my_finding = {"task": "transcripts", "backend": "transcript_webhook", "line": line}
""",
    why="What is left when everything slow has had its time is what never returns: the handler, "
    "which waits, and one loop. Its chain of awaits leads through PusherClients.send_transcript to "
    "the line that reads the body of the webhook's answer.",
    questions=(
        Question(
            id="suspect",
            text="18 s after its device has left, which of these tasks keeps the session?",
            choices=("handler", "private_cloud", "speaker_samples", "transcripts"),
        ),
        Question(id="ghosts", text="How many ghosts will there be in 4 minutes?", unit="ghosts"),
    ),
    short_path=True,
)
