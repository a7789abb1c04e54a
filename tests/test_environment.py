"""pyproject.toml, requirements.lock, environment.yml and what is installed agree."""

import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import write_environment
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

ASKED_FOR = {"jupyter", "matplotlib", "nbval", "nest-asyncio", "pytest", "websockets"}


def locked() -> dict[str, Requirement]:
    """The lock's entries with their markers, by text; each must have a hash."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.partition("\n\n")[0], flags=re.IGNORECASE)
    pins = [entry for entry in entries if not entry.startswith("#")]
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    heads = [pin.partition("\\")[0].strip() for pin in pins]
    return {head: Requirement(head) for head in heads}


def conda() -> dict[str, Any]:
    environment = yaml.safe_load(ENVIRONMENT)
    assert isinstance(environment, dict)
    return environment


def pip_section() -> list[str]:
    [section] = [entry["pip"] for entry in conda()["dependencies"] if isinstance(entry, dict)]
    return list(section)


def direct() -> list[Requirement]:
    """What pyproject.toml asks for, in its extras and to build it as well."""
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for group in groups for text in group] + [
        Requirement(text) for text in PROJECT["build-system"]["requires"]
    ]


def test_every_locked_distribution_is_pinned_to_one_version() -> None:
    versions = [[spec.operator for spec in pin.specifier] for pin in locked().values()]
    assert len(versions) > 100
    assert all(operators == ["=="] for operators in versions)


@pytest.mark.parametrize("wanted", direct(), ids=str)
def test_every_direct_dependency_is_locked(wanted: Requirement) -> None:
    name = canonicalize_name(wanted.name)
    pins = [pin for pin in locked().values() if canonicalize_name(pin.name) == name]
    assert pins
    for pin in pins:
        [version] = pin.specifier
        assert wanted.specifier.contains(version.version, prereleases=True)


def test_conda_installs_what_the_lock_pins_and_the_project_itself() -> None:
    *pins, project = pip_section()
    assert project == "-e ."
    assert pins == list(locked())


def test_the_environment_file_is_as_make_lock_writes_it() -> None:
    assert write_environment.environment(LOCK) == ENVIRONMENT


def test_conda_takes_a_python_that_the_project_supports() -> None:
    environment = conda()
    assert environment["name"] == PROJECT["project"]["name"]
    assert environment["channels"] == ["conda-forge"]
    python, pip = (entry for entry in environment["dependencies"] if isinstance(entry, str))
    assert pip == "pip"
    version = python.removeprefix("python=")
    assert version in SpecifierSet(PROJECT["project"]["requires-python"])
    assert version in SpecifierSet(">=3.11,<3.14")


def test_what_was_asked_for_is_there_and_tracemalloc_ext_is_our_own() -> None:
    assert {pin.name for pin in locked().values()} >= ASKED_FOR
    assert re.search(r"^# tracemalloc-ext .*\n.*lib/tracemalloc_ext", ENVIRONMENT, re.MULTILINE)
    found = importlib.util.find_spec("tracemalloc_ext")
    assert found is not None
    assert found.origin == str(ROOT / "lib" / "tracemalloc_ext" / "__init__.py")


def test_what_is_installed_is_what_is_locked() -> None:
    here = [pin for pin in locked().values() if pin.marker is None or pin.marker.evaluate()]
    installed = {pin.name: importlib.metadata.version(pin.name) for pin in here}
    assert [pin for pin in here if not pin.specifier.contains(installed[pin.name])] == []


def test_no_registry_is_named_in_what_is_committed() -> None:
    addresses = re.compile(r"https?://|--(?:extra-)?index-url|--find-links")
    for text in (LOCK, ENVIRONMENT):
        assert addresses.search(text) is None
