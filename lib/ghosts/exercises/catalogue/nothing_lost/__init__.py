"""Exercise 5: a deadline and a spool, so that an outage neither leaks nor loses."""

from pathlib import Path
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.judge import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

EXERCISE: Final = Exercise(
    number=5,
    slug="nothing_lost",
    title="Lose nothing: deadline and spool",
    minutes=25,
    answer_name="my_version",
    checker=judge,
    hints=(
        "Three places can keep audio: the call, the memory of the process, the disk. A call needs "
        "an end, and it has to be longer than a slow upload, 20 s. Which place outlives a crash?",
        "keep: spool.append(key, started_at, audio). deliver: for each key of "
        "spool.conversations(), take spool.next_delivery(key), upload it, and only when that has "
        "returned call spool.delivered(delivery). On BackendError leave it where it is.",
        "Storage may have stored what it never confirmed. Batch(*key, delivery.started_at, "
        "delivery.audio, delivery.id) has the same id at each attempt, so storage keeps one copy.",
    ),
    solution_code=Path(__file__).with_name("solution.py").read_text(encoding="utf-8"),
    why="The deadline frees the worker, the spool keeps the audio until storage has confirmed it, "
    "and the id makes a repetition harmless. Each of the three is useless without the other two: a "
    "deadline alone loses, a spool alone waits for a call that never returns, and both together "
    "store audio twice.",
    questions=(
        Question(
            id="deadline_alone",
            text="Storage answers nothing for 30 minutes. What does a deadline alone change?",
            choices=("ghosts", "ghosts, and audio is lost", "nothing is lost any more"),
        ),
    ),
)
