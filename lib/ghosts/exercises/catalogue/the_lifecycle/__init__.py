"""Exercise 4: write the lifecycle of a session, judged on real sockets and simulated time."""

from pathlib import Path
from typing import Final

from ghosts.exercises.catalogue.the_lifecycle.judge import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

EXERCISE: Final = Exercise(
    number=4,
    slug="the_lifecycle",
    title="Write the lifecycle",
    minutes=30,
    answer_name="my_lifecycle",
    checker=judge,
    hints=(
        "Which of the five tasks ends because the device has left, and which only end after it? "
        "Wait for the first kind without a limit, and for the others with one.",
        "asyncio.wait([receive]) returns at the departure; then session.signals.shutdown.set() "
        "tells the other loops to finish, and asyncio.wait(loops, timeout=30) bounds that. It "
        "cancels nothing and raises nothing: you cancel, and an exception of one loop does not end "
        "the wait for the others.",
        "Everything that must happen on every way out, also when the handler is cancelled, belongs "
        "in a `finally`: cancel what is left, await it with asyncio.gather(*tasks, "
        "return_exceptions=True), lower the gauge, close the connection. Catch no CancelledError.",
    ),
    solution_code=Path(__file__).with_name("solution.py").read_text(encoding="utf-8"),
    why="The only wait without a limit is the one for the device. What follows it is bounded by "
    "30 s, longer than a slow upload takes; what is left then is cancelled and awaited, so no task "
    "outlives the session. asyncio.wait raises no exception of a task, so that of one loop costs "
    "the others nothing. The `finally` runs on every way out, so each inc() has its dec(), and "
    "catches nothing, so a cancellation goes on.",
    questions=(
        Question(
            id="ended",
            text="Storage never answers. How long after its device does the last session end under "
            "the published fix?",
            unit="s",
        ),
    ),
    short_path=True,
)
