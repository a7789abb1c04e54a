"""The steps of CONTRIBUTING.md to add a fault mode, a variant and a scenario are all it takes.

Each is followed on a copy of `lib/` and of the data files, in a process of its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of what the package consists of, and the files that were changed in it."""

    root: Path
    touched: set[str]

    def write(self, path: str, text: str) -> None:
        self.touched.add(path)
        (self.root / path).write_text(text, encoding="utf-8")

    def insert(self, path: str, line: str, *, after: str) -> None:
        """Insert a line after the only one that begins with ``after``."""
        before = (self.root / path).read_text(encoding="utf-8")
        anchor = re.compile(rf"^ *{re.escape(after)}.*\n", re.MULTILINE)
        assert len(anchor.findall(before)) == 1, (path, after)
        self.write(path, anchor.sub(lambda found: f"{found[0]}{line}\n", before))

    def run(self, code: str) -> Any:
        """Run code on the copy; return the JSON that it prints."""
        return json.loads(self.python("-c", f"import json\n{code}"))

    def python(self, *arguments: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(self.root / "lib")}
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for folder in ("async_tasks", "tracemalloc_ext", "ghosts", "fleet"):
        shutil.copytree(ROOT / "lib" / folder, tmp_path / "lib" / folder)
    for folder in ("scenarios", "faults", "mechanisms"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    return Checkout(tmp_path, set())


SCENARIO: Final = """
summary = "Storage fails in the new way"
seed = 1
duration = 200

[[devices]]
name = "device"
count = 1
stay = [100, 100]

[[faults]]
backend = "storage"
mode = "status_503"
"""

MODE: Final = '''
"""The backend answers 503 at once."""

from aiohttp import web

from ghosts.simulation.faults.behaviour import FaultBehaviour


async def _fail(request: web.BaseRequest, seconds: float) -> web.StreamResponse | None:
    return web.Response(status=503)


BEHAVIOUR = FaultBehaviour(instead_of_work=_fail)
'''

REPLAY_MODE: Final = """
import logging
from ghosts.replay import load_scenario, replay

class Messages(logging.Handler):
    lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())

logging.getLogger("ghosts").addHandler(Messages())
recording = replay(load_scenario("new_mode.toml"), "gather_all", measure_memory=False)
print(json.dumps([recording.audio.stored, recording.audio.lost > 0, " ".join(Messages.lines)]))
"""


def test_a_fault_mode_is_a_line_a_file_and_an_entry(checkout: Checkout) -> None:
    checkout.insert(
        "lib/ghosts/records/fault.py",
        '    STATUS_503 = "status_503"\n    """Answers 503 at once."""',
        after='"""Answers 500 at once."""',
    )
    checkout.write("lib/ghosts/simulation/faults/status_503.py", MODE)
    registry = "lib/ghosts/simulation/faults/__init__.py"
    checkout.insert(registry, "    status_503,", after="status_500,")
    entry = "        FaultMode.STATUS_503: status_503.BEHAVIOUR,"
    checkout.insert(registry, entry, after="FaultMode.STATUS_500:")
    assert len(checkout.touched) == 3

    (checkout.root / "new_mode.toml").write_text(SCENARIO, encoding="utf-8")
    stored, lost, log = checkout.run(REPLAY_MODE)
    assert (stored, lost) == (0, True)
    assert "storage: status 503" in log


LIFECYCLE: Final = '''
"""A lifecycle that ends the session with its device."""

from ghosts.pusher import PusherSession


async def impatient(session: PusherSession) -> None:
    """Receive until the device leaves; drop whatever is queued."""
    session.gauge.inc()
    try:
        await session.receive()
    finally:
        session.gauge.dec()
        await session.close()
'''

ENTRY: Final = """IMPATIENT: Final = INCIDENT.with_lifecycle(impatient.impatient, name="impatient")
"""

REPLAY_VARIANT: Final = """
from ghosts.matrix import run_cell
from ghosts.variants import VARIANTS

cell = run_cell("impatient", "storage_hangs_at_departure")
print(json.dumps([list(VARIANTS)[-1], cell.variant, cell.ghosts, cell.lost_bytes > 0]))
"""


def test_a_variant_with_a_new_lifecycle_is_a_file_and_an_entry(checkout: Checkout) -> None:
    checkout.write("lib/ghosts/variants/impatient.py", LIFECYCLE)
    registry = "lib/ghosts/variants/registry.py"
    text = (checkout.root / registry).read_text(encoding="utf-8")
    text = text.replace("import fix_steps, ", "import fix_steps, impatient, ")
    text = text.replace("\nVARIANTS: Final", f"\n{ENTRY}\nVARIANTS: Final")
    text = text.replace(
        "(INCIDENT, *FIX_STEPS, FIX, SHIPPED)", "(INCIDENT, *FIX_STEPS, FIX, SHIPPED, IMPATIENT)"
    )
    checkout.write(registry, text)
    assert len(checkout.touched) == 2  # and, to be stored, its rows in data/faults/matrix.csv

    assert checkout.run(REPLAY_VARIANT) == ["impatient", "impatient", 0, True]


COMMAND: Final = "import sys; from ghosts.cli import main; sys.exit(main())"


@pytest.mark.parametrize("folder", ["scenarios", "faults"])
def test_a_scenario_is_one_file(checkout: Checkout, folder: str) -> None:
    text = SCENARIO.replace("status_503", "status_500")
    checkout.write(f"data/{folder}/a_new_one.toml", text)
    assert len(checkout.touched) == 1

    loaded = checkout.run(
        "from ghosts.records.scenario import load_scenario\n"
        "print(json.dumps([load_scenario('a_new_one').name, load_scenario('a_new_one').duration]))"
    )
    assert loaded == ["a_new_one", 200]
    if folder == "scenarios":
        help_text = checkout.python("-c", COMMAND, "replay", "--help")
        assert "a_new_one" in help_text
