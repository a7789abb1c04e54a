"""The package is copied out, alone, into an environment that has prometheus_client only."""

import importlib.metadata
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ["prometheus_client"]
TEST_TOOLS = [
    "hypothesis",
    "iniconfig",
    "looptime",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "sortedcontainers",
    "websockets",
]


class Alone:
    """A virtual environment without pip, and a folder with the package and its tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self._python = folder / "venv" / "bin" / "python"
        paths = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
        self._site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        shutil.copytree(ROOT / "lib" / "async_tasks", folder / "async_tasks")
        shutil.copytree(ROOT / "tests" / "async_tasks", folder / "tests")

    def install(self, distributions: list[str]) -> None:
        """Link what is installed here; nothing is downloaded."""
        for name in distributions:
            distribution = importlib.metadata.distribution(name)
            tops = {file.parts[0] for file in distribution.files or () if ".." not in file.parts}
            for top in tops - {"__pycache__"}:
                (self._site / top).symlink_to(Path(str(distribution.locate_file(top))))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))
        }
        return subprocess.run(
            [self._python, *arguments],
            cwd=self._folder,
            env=environment | {"PYTHONPATH": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    alone = Alone(tmp_path_factory.mktemp("alone"))
    alone.install(NEEDED)
    return alone


def test_the_package_needs_nothing_but_prometheus_client(alone: Alone) -> None:
    run = alone.run("-c", "import async_tasks; print(async_tasks.__file__)")
    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()).parts[-3].startswith("alone")
    assert "ModuleNotFoundError" in alone.run("-c", "import ghosts").stderr


def test_its_tests_pass_where_nothing_else_is_installed(alone: Alone) -> None:
    alone.install(TEST_TOOLS)
    options = ("-p", "no:cacheprovider", "-p", "no:looptime_plugin", "-W", "error", "-q")
    run = alone.run("-m", "pytest", *options, "tests")
    assert run.returncode == 0, run.stdout[-5000:]
    assert " passed" in run.stdout
    assert " skipped" not in run.stdout
