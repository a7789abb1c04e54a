"""The search of a whole process whose tasks are those of nest_asyncio, in pure Python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tracemalloc_ext"))

from bare_process import HERE, PURE_PYTHON, run_tests


def test_the_whole_process_is_searched_where_tasks_are_written_in_python() -> None:
    run_tests(sorted(path.name for path in HERE.glob("test_why_*.py")), first=PURE_PYTHON)
