"""The search of a whole process, in one in which there is nothing else."""

from bare_process import HERE, run_tests


def test_the_whole_process_is_searched() -> None:
    run_tests(sorted(path.name for path in HERE.glob("test_why_*.py")))
