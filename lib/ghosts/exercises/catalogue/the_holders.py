"""Exercise 3: find what holds a ghost's memory, and how much that is."""

import asyncio
import gc
import math
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import psutil

from ghosts.clients.upload_pool import UploadPool
from ghosts.exercises.answers import kind_of
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Seen
from ghosts.exercises.prediction import Question
from ghosts.lab import Lab
from ghosts.pusher import Pusher, PusherSession
from ghosts.pusher.private_cloud import Chunk, PrivateCloud
from ghosts.ws_server.stop_signals import StopSignals
from tracemalloc_ext import retained_bytes

MIB: Final = 2**20
_CLOSE: Final = 0.1
"""The relative error that an amount may have."""
_IDLE_MIB: Final = 0.05


def pod_with_a_ghost() -> Lab:
    """Return a pod with three sessions, of which that of ``device-000`` is a ghost.

    To be closed when it is not needed any more.
    """
    lab = Lab("gather_all")
    lab.connect(3)
    lab.advance(minutes=1)
    lab.fault("storage", "never_answers")
    lab.advance(minutes=16)
    lab.disconnect(1)
    lab.advance(minutes=4)
    return lab


def judge(answer: object) -> Outcome:
    """Return whether the answer is the holder and its MiB, and why not."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        return Incorrect(
            "my_answer should be a tuple of two: the object that holds the memory, and the MiB "
            f"that it keeps alive. It is {kind_of(answer)}."
        )
    holder, mib = answer
    reason = _wrong_holder(holder) or _wrong_amount(holder, mib)
    if reason is not None:
        return Incorrect(reason, _seen(holder))
    return Correct(
        "the queue holds a minute of audio in each chunk, and it is reachable: from the loop that "
        "is stuck in its upload, through its local variable self. At production's scale, with ten "
        "times the bytes, it is the 15 MiB of the record.",
        _seen(holder),
    )


def _seen(holder: object) -> Seen:
    with pod_with_a_ghost() as lab:
        counts = lab.counts()
        ghost = lab.session("device-000").private_cloud
        assert isinstance(ghost, PrivateCloud)
        chunks = len(ghost.queue)
    return {
        "gauge": counts.gauge,
        "TCP connections": counts.tcp,
        "ghosts": counts.ghosts,
        "retained by the ghost": f"{counts.retained_bytes / MIB:.1f} MiB",
        "chunks in its queue": chunks,
        "your object": f"{_class(holder)}",
    }


def _wrong_holder(holder: object) -> str | None:
    if isinstance(holder, deque):
        return _wrong_queue(holder)
    if isinstance(holder, PusherSession):
        return (
            "the session is what is kept, with all that it refers to. Which of its parts has the "
            "bytes? Measure them with retained_bytes()."
        )
    if isinstance(holder, PrivateCloud):
        return (
            "nearly: PrivateCloud has a buffer, a queue and pending batches. Which has the bytes?"
        )
    if isinstance(holder, asyncio.Future):
        return (
            "a task keeps the frames alive that it is suspended in. Follow why() from there: which "
            "object, behind their local variables, has the bytes?"
        )
    if isinstance(holder, Chunk | bytes | bytearray):
        return "that is one minute of the audio. What has all of its minutes?"
    if isinstance(holder, UploadPool):
        return (
            "the upload pool belongs to the pod, and has the payload of the calls that hang: a "
            "minute of each session. The rest of a ghost's audio has not got that far."
        )
    if isinstance(holder, StopSignals):
        return "the signals of a session are a few flags: retained_bytes() of them shows it."
    if isinstance(holder, Lab | Pusher):
        return "that is the whole pod. Asked for is what holds the memory of the one ghost."
    return _other_holder(holder)


def _part_of_session(holder: object) -> str | None:
    """Return the reason if it is an attribute of a session, of its parts, or an item of one."""
    sessions = [each for each in _objects(PusherSession) if each.private_cloud.queue]
    for session in sorted(sessions, key=lambda each: not each.closed):
        for path, part in _parts(session, "session", depth=3):
            if part is holder:
                return _of_session(session, path, holder)
    return None


def _of_session(session: PusherSession, path: str, part: object) -> str:
    if not session.closed:
        return f"{path} is of {session.uid}, which is connected. Asked for is a part of the ghost."
    cloud = session.private_cloud
    assert isinstance(cloud, PrivateCloud)
    own, queue = retained_bytes(part) / MIB, retained_bytes(cloud.queue) / MIB
    if own > queue:
        return (
            f"{path} refers to much more than the audio of the ghost: it keeps {own:.2f} MiB "
            "alive. Measure its parts: which of them has the audio?"
        )
    return (
        f"{path} keeps {own:.2f} MiB alive, and one attribute of private_cloud has {queue:.2f} "
        "MiB. Measure the others as well: which of them has a chunk for each minute?"
    )


def _parts(whole: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Yield what an object of this project refers to, with its path: attributes, and items."""
    if isinstance(whole, dict):
        parts = {f"{path}[{key!r}]": value for key, value in whole.items()}
    elif type(whole).__module__.startswith("ghosts."):
        own = getattr(whole, "__dict__", {})
        yield f"vars({path})", own
        names = [*own, *getattr(type(whole), "__slots__", ())]
        parts = {f"{path}.{name}": getattr(whole, name, None) for name in names}
    else:
        return
    for name, part in parts.items():
        if not isinstance(part, str | int | float | None):
            yield name, part
            if depth:
                yield from _parts(part, name, depth - 1)


def _other_holder(holder: object) -> str:
    name = _class(holder).lower()
    if "connection" in name or "transport" in name or "socket" in name:
        return (
            "the connection is gone: the kernel has neither a socket nor a buffer for it. What it "
            "has delivered is in the process."
        )
    if "gauge" in name or "metric" in name:
        return "a gauge is a number: it counts a connection, and keeps nothing of it alive."
    reason = _part_of_session(holder)
    if reason is not None:
        return reason
    if isinstance(holder, list | dict | set | tuple):
        return (
            f"that {name} belongs to no session: it keeps alive what was put into it. Asked for is "
            "an object of the session; gc.get_objects() does not help, because it does not list "
            "bytes."
        )
    if isinstance(holder, str | int | float):
        return f"name the object itself, and not {kind_of(holder)}: lab.session(uid) has it."
    return (
        f"an object of class {_class(holder)} is no part of the session, whatever it refers to: it "
        f"keeps {retained_bytes(holder) / MIB:.2f} MiB alive. Asked for is the attribute that has "
        "the audio."
    )


def _wrong_queue(queue: deque[Any]) -> str | None:
    owner = next((one for one in _clouds() if one.queue is queue), None)
    if owner is None:
        return "that deque belongs to no session: is it a copy, or a queue of something else?"
    session = next((one for one in _objects(PusherSession) if one.private_cloud is owner), None)
    if not queue:
        return "that queue is empty: its lab was closed, or nothing hung in it."
    if session is not None and not session.closed:
        return (
            f"that is the queue of {session.uid}, which is connected. It holds audio as well, and "
            "it is not that of the ghost."
        )
    return None


def _wrong_amount(holder: object, mib: object) -> str | None:
    if isinstance(mib, bool) or not isinstance(mib, int | float):
        return f"the amount should be a number of MiB, and it is {kind_of(mib)}."
    if not (mib >= 0 and math.isfinite(mib)):
        return f"the amount should be a finite number, not below 0, and it is {mib}."
    truth = retained_bytes(holder) / MIB
    if abs(mib - truth) <= _CLOSE * truth:
        return None
    if mib > 10_000:
        return f"{mib:,.0f} is a number of bytes. A MiB is 2**20 of them."
    if abs(mib - 1024 * truth) <= _CLOSE * 1024 * truth:
        return f"{mib:,.0f} is a number of KiB. A MiB is 1024 of them."
    if mib < _IDLE_MIB:
        return (
            f"{mib:.3f} MiB are the containers without what is in them. sys.getsizeof() and "
            "gc.get_objects() do not see the bytes that a deque refers to; retained_bytes() does."
        )
    if abs(mib - 10 * truth) <= _CLOSE * 10 * truth or abs(mib - 15) < 0.5:
        return "that is the amount at production's scale. In the lab, devices send a tenth of it."
    process = psutil.Process().memory_info().rss / MIB
    if mib > 30:
        return (
            f"that is memory of the process ({process:,.0f} MiB resident), with Python, libraries "
            "and everything else. Resident memory names no holder."
        )
    if mib > 1.5 * truth:
        return "that is the audio of more than this queue: other sessions have some as well."
    return "that is less than the queue keeps alive. Did you measure one chunk, or another object?"


def _clouds() -> list[PrivateCloud]:
    return _objects(PrivateCloud)


def _objects(kind: type[Any]) -> list[Any]:
    return [each for each in gc.get_objects() if type(each) is kind]


def _class(holder: object) -> str:
    return type(holder).__name__


EXERCISE: Final = Exercise(
    number=3,
    slug="the_holders",
    title="Who holds the 15 MiB?",
    minutes=10,
    answer_name="my_answer",
    checker=judge,
    hints=(
        "retained_bytes(x) is what x keeps alive, bytes included. Start with the session, then "
        "measure its parts: vars(session).",
        "The audio that was received and not uploaded is in session.private_cloud. Which of its "
        "attributes grows by a chunk a minute while storage hangs?",
        "holder = lab.session('device-000').private_cloud.queue, and the amount is "
        "retained_bytes(holder) / 2**20. why(holder, roots={'': task}) shows the chain to it.",
    ),
    solution_code="""from ghosts.exercises.catalogue.the_holders import pod_with_a_ghost
from tracemalloc_ext import retained_bytes

lab = pod_with_a_ghost()
queue = lab.session("device-000").private_cloud.queue
my_answer = (queue, retained_bytes(queue) / 2**20)
""",
    why="The receive loop put a chunk of each minute into the queue, for an upload loop that was "
    "stuck in a call. That loop never ends, so its frame, its self, the queue and every chunk stay "
    "reachable. No collector and no allocator can free what is reachable.",
    questions=(
        Question(
            id="holder",
            text="Where is the memory of a ghost?",
            choices=(
                "in the kernel's socket buffer",
                "in the upload pool",
                "in the session's queue",
                "freed, and not returned by the allocator",
            ),
        ),
        Question(
            id="mib", text="How much does one ghost retain in this lab?", unit="MiB", close=0.5
        ),
    ),
)
