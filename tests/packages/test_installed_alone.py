"""Each utility package is built as a wheel and used where nothing else is installed. Offline."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["async_tasks", "tracemalloc_ext"]
OF_THE_SUITE = [
    "aiohttp",
    "ghosts",
    "matplotlib",
    "pandas",
    "prometheus_client",
    "psutil",
    "pydantic",
    "websockets",
]

SESSION = """
import asyncio
from async_tasks import (
    IdleLimit, Metrics, SessionScope, check_cardinality, create_named_task, drain_tasks,
    gather_chunked, gather_with_logging, poll, supervise_tasks,
)

class Gauge:
    value = 0
    def inc(self): self.value += 1
    def dec(self): self.value -= 1

async def work(shutdown, flushed):
    async for one in poll(shutdown, 0.01):
        if one.last:
            flushed.append("last")

async def receive():
    async with IdleLimit(5) as limit:
        for _ in range(3):
            await asyncio.sleep(0.01)
            limit.touch()

async def fail():
    raise ValueError("refused")

async def main():
    gauge, flushed = Gauge(), []
    async with SessionScope("ws:1", label="session", gauge=gauge) as scope:
        scope.receive(receive())
        scope.lifetime(work(scope.shutdown, flushed), name="work")
        ended = await scope.supervise()
    assert (ended.reason, flushed, gauge.value) == ("disconnect", ["last"], 0), (ended, flushed)

    one = create_named_task(asyncio.sleep(0), name="receive")
    ended = await supervise_tasks(receive_task=one, bg_tasks=[], label="session")
    assert ended.task_name == "receive"

    stuck = create_named_task(asyncio.sleep(60), name="stuck")
    assert (await drain_tasks([stuck], timeout=1)).cancelled == ("stuck",)

    outcomes = await gather_with_logging(asyncio.sleep(0, 1), fail(), label="items")
    assert [outcome.ok for outcome in outcomes] == [True, False]
    assert len(await gather_chunked([asyncio.sleep(0)], label="items")) == 1

asyncio.run(main())
check_cardinality()
Metrics()
"""

COUNTED = """
from prometheus_client import REGISTRY
def value(name, **labels): return REGISTRY.get_sample_value(name, labels)
assert value("async_supervisor_exit_total", label="session", reason="disconnect") == 2
assert value("async_gather_failures_total", label="items") == 1
assert value("async_drain_duration_seconds_count", label="drain") == 1
"""

IN_A_TEST = """
import asyncio
from async_tasks.testing import no_task_left, run

async def leave_a_task():
    async with no_task_left(within=3600):
        asyncio.create_task(asyncio.sleep(7200), name="left")

try:
    run(leave_a_task)
except AssertionError as error:
    assert "left, created in leave_a_task" in str(error), error
else:
    raise AssertionError("no task was reported")
"""

MEMORY = """
import asyncio
from tracemalloc_ext import Watch, awaits, growth, retained_bytes, settle, snapshot, why

async def hold(gate):
    chunk = bytearray(96_000)
    await gate.wait()
    del chunk

async def main():
    gate, owners = asyncio.Event(), {"a": []}
    task = asyncio.create_task(hold(gate), name="ws:1")
    watch, before = Watch(), snapshot(owners)
    await settle()
    watch.sample()
    assert retained_bytes(task) > 96_000
    assert awaits(task).waits_for == "asyncio.Event.wait"
    part = bytes(bytearray(500))
    owners["a"].append(part)
    assert growth(before, snapshot(owners)).owners[0].owner == "a"
    assert str(why(part, roots=owners)) == "a -> list[0] -> bytes, 500 B"
    assert watch.stuck(seconds=0) == [task]
    gate.set()
    await task

asyncio.run(main())
"""

FOREIGN = """
import json, sys
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


class Environment:
    """A virtual environment without pip, into which the wheels are installed."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self._folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        self._python = folder / "bin" / "python"
        paths = {"base": str(folder), "platbase": str(folder)}
        self.site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        _uv("pip", "install", "--no-deps", f"--target={self.site}", *map(str, wheels))

    def link(self, name: str) -> None:
        """Install what the suite's environment has; nothing is downloaded."""
        distribution = importlib.metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or () if ".." not in file.parts}
        for top in tops - {"__pycache__"}:
            (self.site / top).symlink_to(Path(str(distribution.locate_file(top))))

    def run(self, code: str) -> str:
        result = _run(self._python, "-W", "error", "-c", code, cwd=self._folder)
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    result = _run(uv, *arguments, "--offline", "--no-index", "--quiet", cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    for package in PACKAGES:
        source = str(ROOT / "packages" / package)
        _uv("build", "--wheel", "--no-build-isolation", f"--out-dir={folder}", source)
    return {
        package: next(folder.glob(f"ghost_connections_{package}-*.whl")) for package in PACKAGES
    }


@pytest.fixture(scope="module")
def bare(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("bare"), list(wheels.values()))


def test_async_tasks_runs_a_session_without_any_other_distribution(bare: Environment) -> None:
    bare.run(SESSION)


def test_tracemalloc_ext_measures_a_task_without_any_other_distribution(bare: Environment) -> None:
    bare.run(MEMORY)


def test_only_the_standard_library_is_imported_and_nothing_of_the_checkout(
    bare: Environment,
) -> None:
    loaded = json.loads(bare.run("import async_tasks, tracemalloc_ext" + FOREIGN))
    assert set(PACKAGES) <= set(loaded)
    assert not set(loaded) & set(OF_THE_SUITE)
    bare.run(f"import async_tasks as a; assert a.__file__.startswith({str(bare.site)!r}), a")


def test_metrics_are_counted_where_prometheus_client_is_installed(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = Environment(tmp_path, [wheels["async_tasks"]])
    environment.link("prometheus_client")
    environment.run(SESSION + COUNTED)


def test_handlers_are_tested_on_simulated_time_where_looptime_is_installed(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = Environment(tmp_path, [wheels["async_tasks"]])
    environment.link("looptime")
    environment.run(IN_A_TEST)


def test_nothing_but_prometheus_client_is_imported_though_all_is_installed() -> None:
    code = "import async_tasks, tracemalloc_ext" + FOREIGN
    result = _run(sys.executable, "-c", code, cwd=ROOT)
    assert set(json.loads(result.stdout)) & set(OF_THE_SUITE) == {"prometheus_client"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_has_every_module_its_type_marker_and_the_license(
    wheels: dict[str, Path], package: str
) -> None:
    files = {
        name for name in zipfile.ZipFile(wheels[package]).namelist() if "dist-info" not in name
    }
    sources = {f"{package}/{path.name}" for path in (ROOT / "lib" / package).glob("*.py")}
    assert files == {
        *sources,
        *(f"{package}/{name}" for name in ("README.md", "LICENSE", "py.typed")),
    }
