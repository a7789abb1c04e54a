"""What pyleak, faults by hand, simloop and ``ghosts check`` find in the example services.

Each tool has a test file per service in ``comparison/``, with a test per fault that it can find.
A fault counts as found if its test fails with the faulty ``app.py`` and passes with the corrected
``fixed_standard_library.py``. ``docs/comparison.md`` shows the results.
"""

import datetime
import json
import os
import platform
import subprocess
import sys
import time
import tokenize
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

pytestmark = pytest.mark.timeout(0)  # the faults by hand alone take a quarter of an hour
_ROOT: Final = Path(__file__).parents[2]
_TESTS: Final = Path(__file__).with_name("comparison")
_TOOLS: Final = {
    "with_pyleak": 3,
    "by_hand": 1,  # most of it is waiting
    "with_simloop": 3,
    "with_ghosts": 1,  # most of it is a budget of time
}
"""By tool, how often each test file is run; the shortest time counts."""
_FAULTS: Final = {
    "fastapi_uploads": ("ghost", "stop", "cut_off", "orphan", "gauge"),
    "aiohttp_hub": ("orphan", "kept", "gauge", "vanish", "slow", "stop"),
    "websockets_redis": ("ghost", "orphan", "stop", "cut_off", "slow"),
}
_SHARED: Final = {"by_hand": "faults.py", "with_simloop": "simulated.py"}
_PACKAGES: Final = [
    "pyleak",
    "simloop",
    "pytest",
    "pytest-asyncio",
    "fastapi",
    "uvicorn",
    "httpx",
    "aiohttp",
    "websockets",
    "redis",
]


def _lines(path: Path) -> int:
    """Count the lines of code: without blank lines, comments and docstrings."""
    lines: set[int] = set()
    new = True
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            match token.type:
                case tokenize.ENCODING | tokenize.NL | tokenize.COMMENT | tokenize.ENDMARKER:
                    continue
                case tokenize.NEWLINE | tokenize.INDENT | tokenize.DEDENT:
                    new = True
                    continue
                case tokenize.STRING if new and token.string.startswith('"""'):
                    continue
            new = False
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines)


def _run(tool: str, service: str, form: str) -> tuple[float, dict[str, bool]]:
    """Return the seconds that pytest took, and by fault whether it was reported."""
    test = _TESTS / tool / f"{service}.py"
    with TemporaryDirectory() as folder:
        results, report = Path(folder) / "results.xml", Path(folder) / "report.json"
        options = f"-q --form {form} --junit-xml={results}".split()
        if tool == "with_ghosts":
            options.append(f"--report={report}")
        began = time.perf_counter()
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-c", _TESTS / "pytest.ini"),
                *("--rootdir", _TESTS, *options, test),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        seconds = time.perf_counter() - began
        if tool == "with_ghosts":
            return seconds, _faults_of(json.loads(report.read_text(encoding="utf-8")), service)
        failed: dict[str, bool] = {}
        for case in ElementTree.parse(results).iter("testcase"):
            fault = str(case.get("name")).removeprefix("test_")  # twice if its teardown failed, too
            failed[fault] = failed.get(fault, False) or case.find("failure") is not None
    assert failed, f"{test.relative_to(_TESTS)} has no tests"
    return seconds, failed


def _faults_of(report: dict[str, Any], service: str) -> dict[str, bool]:
    texts = [finding["harm"] for finding in report["findings"]]
    texts += [text for finding in report["findings"] for text in finding["also"]]
    texts += [note["text"] for note in report["notes"]]
    cells = {
        (finding["harm"], cell.rpartition(",")[2])
        for finding in report["findings"]
        for cell in finding["cells"]
    }
    is_redis = service == "websockets_redis"
    after_reset = {("ghost", "reset"), ("orphan task", "reset")}  # one cause, one finding
    named = {
        "ghost": "ghost" in texts,
        "stop": any("does not stop" in text for text in texts),
        "cut_off": any("are cut off" in text for text in texts),
        "orphan": bool(after_reset & cells) if is_redis else "orphan task" in texts,
        "gauge": "gauge error" in texts,
        "kept": "session still in memory" in texts,
        "vanish": "half-open session" in texts,
        "slow": ("half-open session" if is_redis else "device that gets nothing any more") in texts,
    }
    return {fault: named[fault] for fault in _FAULTS[service]}


def _measured(tool: str, service: str) -> dict[str, Any]:
    runs = [_run(tool, service, "app") for _ in range(_TOOLS[tool])]
    seconds_fixed, fixed = _run(tool, service, "fixed_standard_library")
    return {
        "tool": tool,
        "service": service,
        "lines": _lines(_TESTS / tool / f"{service}.py"),
        "found": [fault for fault, found in runs[0][1].items() if found and not fixed[fault]],
        "false_alarms": [fault for fault, found in fixed.items() if found],
        "seconds": round(min(seconds for seconds, _ in runs), 1),
        "seconds_fixed": round(seconds_fixed, 1),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def test_each_tool_finds_faults_of_each_service() -> None:
    tools = ["with_pyleak", "with_simloop", "with_ghosts"]
    if find_spec("simloop") is None:  # needs Python 3.12
        tools.remove("with_simloop")
    with ThreadPoolExecutor() as threads:  # faults by hand do hardly more than wait
        waiting = [threads.submit(_measured, "by_hand", service) for service in _FAULTS]
        records = [_measured(tool, service) for tool in tools for service in _FAULTS]
        records += [future.result() for future in waiting]
    document = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {package: _version(package) for package in _PACKAGES},
        "faults": _FAULTS,
        "shared_lines": {tool: _lines(_TESTS / tool / name) for tool, name in _SHARED.items()},
        "records": records,
    }
    path = _ROOT / "build" / "bench" / "comparison.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print()
    for record in records:
        print(record)
    assert all(record["found"] for record in records)
