"""The check of a file starts a process, which imports the script that checks."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from ghosts.exercises.catalogue.the_finding import EXERCISE, recorder

answer = {"line": 61, "dependency": "storage.internal", "rule": 3, "fix": recorder.source()}
print(EXERCISE.checker(answer).reason, flush=True)
"""


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_so_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "my_script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    of_the_import, of_the_check = run.stdout.splitlines()
    assert 'below `if __name__ == "__main__":`' in of_the_import
    assert of_the_check.startswith("3 ghosts")
    assert "Traceback" not in run.stderr
