"""The recorder, as it is and with a reader's fix, under ``ghosts check``."""

import importlib.util
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final

from prometheus_client import REGISTRY

from ghosts.check import in_test, process
from ghosts.check.check import Report
from ghosts.check.importing import import_service
from ghosts.check.plan import parse_cell
from ghosts.check.report.words import headline
from ghosts.check.service import Frame, Service
from ghosts.errors import GhostsError
from ghosts.exercises.catalogue.the_finding.in_fork import RunError, in_fork
from ghosts.exercises.catalogue.the_finding.script import run_script
from ghosts.exercises.catalogue.the_finding.storage import HOOKS
from ghosts.exercises.catalogue.the_finding.visits import Visits
from ghosts.exercises.guarded import frozen_heap
from ghosts.notebook import progress
from ghosts.paths import DATA

FOLDER: Final = DATA / "exercises" / "recorder"
GAUGE: Final = "recorder_connections"
STORAGE: Final = "storage.internal"
HEALTHY: Final = parse_cell("healthy,close")
CELLS: Final = (
    HEALTHY,
    parse_cell(f"{STORAGE}=never_answers,close"),
    parse_cell(f"{STORAGE}=trickles,close"),
    parse_cell(f"{STORAGE}=never_answers,stop"),
    parse_cell(f"{HOOKS}=never_answers,close"),
)
_SERVICE: Final = Service(
    target="app:app",
    app_dir=str(FOLDER),
    path="/ws",
    devices=3,
    stay=44.0,
    frames=(Frame(bytes(400), pause=10.0),),
    gauge=GAUGE,
    stubs={STORAGE: f"{__package__}.storage:storage", HOOKS: f"{__package__}.storage:webhook"},
)
_SECONDS: Final = 600.0
_IMPORT_SECONDS: Final = 10.0
"""Real seconds that the import of a file may take, in a process that has all that it imports."""
_MODULE: Final = "recorder_of_the_exercise"
_REPLACED: Final = "record"
_LOADED_LATE: Final = (
    "anyio._backends._asyncio",
    "httpcore",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What the recorder imports once it runs, which takes half of the time of a cell."""


class SourceError(GhostsError):
    """What was given as the source of a service is none."""


def source() -> str:
    """Return the source of the recorder."""
    return (FOLDER / "app.py").read_text("utf-8")


def finding_in_words(report: Report) -> str:
    """Return the first finding of a report: what is left behind, where, why, and the rule."""
    finding = report.findings[0]
    *chain, last = finding.symptom.chain
    lines = [f"{headline(finding)}", *(f"   {each}: {each.source}" for each in chain)]
    lines += [f"-> {last}: {last.source}", f"waits for {finding.symptom.waits_for}"]
    rule = finding.rule
    named = [] if rule is None else [f"rule {rule.number}, {rule.title}: {rule.page}"]
    others = ", ".join(cell.name for cell in finding.cells[1:])
    return "\n".join([*lines, *finding.also, *named, f"also in {others}"])


@cache
def original() -> Report:
    """Return the report on the recorder as it is; the second call returns the same one."""
    return _checked_module(_module())


def checked(fix: Callable[..., object] | str | Path) -> Report:
    """Return the report on the recorder with a fix.

    A function takes the place of ``record``; text, or a file, is the source of the whole service.

    Raises:
        GhostsError: the service cannot be imported, started or checked.
    """
    if callable(fix):
        with _recording(fix) as module:
            return _checked_module(module)
    text = _text(fix)
    with TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(text, "utf-8")
        service = replace(_SERVICE, app_dir=folder)
        _try_import(service, _module())
        return _checked_file(service)


def visited(fix: Callable[..., object] | str | Path) -> Visits:
    """Return what devices that leave in every way show of the recorder with a fix.

    Raises:
        GhostsError: the run did not come to its end.
    """
    if callable(fix):
        with _recording(fix) as module:
            return in_fork(lambda: run_script(_SERVICE, module.app, GAUGE), str(FOLDER))
    text, module = _text(fix), _module()
    with TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(text, "utf-8")
        return in_fork(lambda: _visited_file(module, folder), folder)


def _visited_file(module: ModuleType, folder: str) -> Visits:
    """Run the script on the service of a folder, in a process that has imported the recorder."""
    service = replace(_SERVICE, app_dir=folder)
    return run_script(service, _imported(service, module), GAUGE)


def _imported(service: Service, module: ModuleType) -> Any:
    """Return the application of a service, in a process that has imported the recorder."""
    REGISTRY.unregister(module.connections)
    sys.modules.pop("app", None)
    app, _ = import_service(service)
    return app


def _try_import(service: Service, module: ModuleType) -> None:
    """Import a service in a fork.

    Raises:
        GhostsError: that fails, or does not come to its end.
    """
    try:
        in_fork(lambda: bool(_imported(service, module)), service.app_dir, _IMPORT_SECONDS)
    except RunError as error:
        why = str(error).replace("blocks the event loop", "does not return")
        raise SourceError(
            f"the import of the file does not come to its end: {why}. Its module is only to define "
            "the application"
        ) from None


def _checked_module(module: ModuleType) -> Report:
    with progress("ghosts check", 1, after=1.0):
        service = replace(_SERVICE, target=module.app)
        with frozen_heap():  # what this process has by now is neither copied nor searched by forks
            return in_test.checked(service, only=CELLS, at_once=2, seconds=_SECONDS)


def _checked_file(service: Service) -> Report:
    with progress("ghosts check", len(CELLS)) as bar:
        return process.check(
            service, only=CELLS, seconds=_SECONDS, on_progress=lambda done, total, name: bar(done)
        )


def _text(given: str | Path) -> str:
    """Return the source that is given as text or as a file.

    Raises:
        SourceError: there is no such file, or it is no text.
    """
    if isinstance(given, str) and "\n" in given.strip():
        return textwrap.dedent(given).lstrip()
    path = Path(given)
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SourceError(f"fix: no file {str(given)!r}: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"fix: {str(given)!r} is no text in UTF-8") from None


@cache
def _module() -> ModuleType:
    """Import the recorder into this process: its forks run the reader's function in it."""
    for name in _LOADED_LATE:
        import_module(name)
    spec = importlib.util.spec_from_file_location(_MODULE, FOLDER / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _recording(fix: Callable[..., object]) -> Iterator[ModuleType]:
    """Put a function in the place of ``record`` for as long as the block runs."""
    module = _module()
    before = vars(module)[_REPLACED]
    setattr(module, _REPLACED, fix)
    try:
        yield module
    finally:
        setattr(module, _REPLACED, before)
