"""Each import rule of the layout is found when it is broken; `make lint` checks that they hold."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
BREAKS = {
    "production": ("ghosts/pusher/metrics.py", "import ghosts.simulation.clock"),
    "services": ("ghosts/listen/usage.py", "import ghosts.pusher.spool"),
    "data": ("ghosts/plots/style.py", "import ghosts.simulation.podcast"),
    "records": ("ghosts/records/waits.py", "import ghosts.evidence"),
    "fleet": ("fleet/probes.py", "import async_tasks"),
    "fleet_layers": ("fleet/pods.py", "import fleet.manifests"),
    "utilities": ("async_tasks/metrics.py", "import ghosts.paths"),
    "alone": ("tracemalloc_ext/words.py", "import async_tasks"),
    "layers": ("ghosts/clients/settings.py", "import ghosts.ws_server"),
}
"""An import that breaks each contract, and the file that it is put into."""


def verdicts(folder: Path) -> dict[str, str]:
    """Return KEPT or BROKEN by the name of the contract, for the packages below ``folder``/lib."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)$", run.stdout, re.MULTILINE))
    assert (run.returncode != 0) == ("BROKEN" in found.values()), run.stdout + run.stderr
    return found


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / "lib", folder / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, line in BREAKS.values():
        path = folder / "lib" / file
        path.write_text(f"{path.read_text()}\n\n{line}\n")
    return verdicts(folder)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_an_import_that_breaks_a_rule_is_found(
    contract: dict[str, str], broken: dict[str, str]
) -> None:
    assert BREAKS[contract["id"]]
    assert broken[contract["name"]] == "BROKEN"
