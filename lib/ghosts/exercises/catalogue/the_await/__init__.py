"""Exercise 2: of the tasks of a session that does not end, find the one that never returns."""

from typing import Final

from ghosts.exercises.catalogue.the_await.judge import judge
from ghosts.exercises.catalogue.the_await.pod import UID, hung_pod, plot
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

__all__ = ["EXERCISE", "UID", "hung_pod", "plot"]

EXERCISE: Final = Exercise(
    number=2,
    slug="the_await",
    title="Find the await that never ends",
    minutes=12,
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
)
