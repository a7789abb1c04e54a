"""The package on the tasks of nest_asyncio, which are written in Python."""

import pytest
from bare_process import PURE_PYTHON, run_tests

OF_TASKS = ["test_awaits.py", "test_growth.py", "test_retained.py", "test_retained_common.py"]
OF_TASKS += ["test_watch.py", "test_why.py"]


@pytest.mark.slow
def test_the_package_works_on_the_pure_python_tasks_of_nest_asyncio() -> None:
    run_tests(OF_TASKS, first=PURE_PYTHON)
