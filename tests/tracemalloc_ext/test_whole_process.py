"""The search of a whole process and its resident memory, in one in which there is nothing else."""

import pytest
from bare_process import HERE, run_tests

pytestmark = pytest.mark.slow


def test_the_whole_process_is_searched_and_its_resident_memory_explained() -> None:
    searches = sorted(path.name for path in HERE.glob("test_why_*.py"))
    run_tests(["test_resident_memory.py", *searches])
