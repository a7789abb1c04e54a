"""Tests of this folder in processes in which there is nothing else."""

from bare_process import HERE, PURE_PYTHON, run_tests

# Nothing in them depends on the kind of tasks. `tests/slow` has those that search all objects.
OF_ANY_TASKS = {
    "test_arrays.py",
    "test_bare_processes.py",
    "test_hostile_classes.py",
    "test_keys.py",
}


def test_the_whole_process_is_searched() -> None:
    run_tests(sorted(path.name for path in HERE.glob("test_why_*.py")))


def test_the_package_works_on_the_pure_python_tasks_of_nest_asyncio() -> None:
    names = {path.name for path in HERE.glob("test_*.py")} - OF_ANY_TASKS
    run_tests(sorted(name for name in names if "_why_" not in name), first=PURE_PYTHON)
