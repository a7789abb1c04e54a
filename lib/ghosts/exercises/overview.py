"""The table of exercises with the reader's progress, and a certificate of it."""

from dataclasses import dataclass

from ghosts.exercises.exercise import Exercise
from ghosts.exercises.progress import Record, records
from ghosts.exercises.registry import exercises
from ghosts.jupyter import boxes

_HEAD = ("exercise", "minutes", "state", "hints", "solution", "solved")


@dataclass(frozen=True, slots=True, repr=False)
class Overview:
    """The exercises with the record of each."""

    rows: tuple[tuple[Exercise, Record], ...]

    def __repr__(self) -> str:
        lines = [_HEAD, *(_cells(exercise, record) for exercise, record in self.rows)]
        return "\n".join([self._title, *boxes.plain_table(lines)])

    def _repr_html_(self) -> str:
        cells = [_cells(exercise, record) for exercise, record in self.rows]
        return boxes.box(boxes.BLUE, self._title, boxes.table(_HEAD, cells))

    @property
    def _title(self) -> str:
        solved = sum(record.state == "solved" for _, record in self.rows)
        return f"{solved} of {len(self.rows)} solved"


def overview() -> Overview:
    """Return the exercises, in order, with the reader's progress."""
    kept = records()
    return Overview(tuple((each, kept.get(each.slug, Record())) for each in exercises()))


def certificate(name: str = "") -> None:
    """Print what has been solved, as text to be pasted."""
    rows = overview().rows
    solved = [(each, record) for each, record in rows if record.state == "solved"]
    print(
        f"Ghost connections: {name or 'somebody'} has solved {len(solved)} of {len(rows)} exercises"
    )
    for each, record in solved:
        helped = "with the solution" if record.solution_seen else _hints(record.hints)
        print(f"  {record.solved_at:%Y-%m-%d}  {each.number}. {each.title} ({helped})")


def _hints(count: int) -> str:
    return {0: "without a hint", 1: "with 1 hint"}.get(count, f"with {count} hints")


def _cells(exercise: Exercise, record: Record) -> tuple[str, ...]:
    return (
        f"{exercise.number}. {exercise.title}",
        f"{exercise.minutes}{' *' if exercise.short_path else ''}",
        record.state,
        f"{record.hints} of {len(exercise.hints)}",
        "seen" if record.solution_seen else "",
        f"{record.solved_at:%Y-%m-%d}" if record.solved_at else "",
    )
