"""Which form of an example service a test gets: a user would import his own instead."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ghosts.check.check import Report
from ghosts.check.pytest_plugin import GhostCheck
from ghosts.check.report.as_json import write_json

SERVICES = Path(__file__).resolve().parents[3] / "data" / "services"
sys.path += [str(Path(__file__).parent), str(SERVICES / "websockets_redis")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--form", default="app", help="app (default) or fixed_standard_library")
    parser.addoption("--report", type=Path, help="write what ghosts check reports as JSON")


@pytest.fixture
def form(request: pytest.FixtureRequest) -> str:
    """The name of the module: a test file is called as its service."""
    return str(request.config.getoption("--form"))


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    return SERVICES / request.path.stem


@pytest.fixture
def app(load: Callable[[], ModuleType]) -> ModuleType:
    """The service's module, fresh for each test."""
    return load()


@pytest.fixture
def load(form: str, folder: Path) -> Callable[[], ModuleType]:
    """Imports the service's module anew."""
    return lambda: _imported(folder / f"{form}.py")


def _imported(path: Path) -> ModuleType:
    for collector in list(REGISTRY._collector_to_names):
        REGISTRY.unregister(collector)
    spec = importlib.util.spec_from_file_location("service", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ghost_check(ghost_check: GhostCheck, request: pytest.FixtureRequest) -> Callable[..., Report]:
    """The fixture itself; it keeps the report, too."""

    def check(*arguments: Any, **options: Any) -> Report:
        report = ghost_check(*arguments, **options)
        if path := request.config.getoption("--report"):
            write_json(report, path)
        return report

    return check
