"""What is loaded to draw a saved recording: no service, no client, no statistics."""

import json
import subprocess
import sys

import pytest

RUNTIME = {
    f"ghosts.{name}"
    for name in (
        "protocol",
        "ws_server",
        "clients",
        "pusher",
        "listen",
        "variants",
        "simulation",
        "observation",
        "replay",
        "matrix",
        "mechanisms",
        "lab",
        "report",
        "cli",
    )
}
HEAVY = {
    *("aiohttp", "websockets", "prometheus_client", "looptime"),
    *("scipy", "pandas", "httpx"),
}
DRAW = """
from ghosts.paths import DATA
from ghosts.records.recording import Recording

recording = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
ghosts.plots.gauge_against_tcp(recording)._repr_png_()
"""


def loaded_by(code: str) -> set[str]:
    """Return the modules and packages that a fresh process has loaded after this code."""
    report = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.check_output([sys.executable, "-c", report], text=True)
    names = [name.split(".") for name in json.loads(out)]
    return {".".join(parts[:depth]) for parts in names for depth in (1, 2)}


@pytest.mark.parametrize(
    "code",
    ["import fleet, fleet.day", f"import ghosts.plots\n{DRAW}"],
    ids=["the fleet", "all pictures, one of them of a saved recording"],
)
def test_no_service_and_no_library_of_theirs_is_loaded(code: str) -> None:
    loaded = loaded_by(code)
    assert {"ghosts", "fleet"} <= loaded
    assert not loaded & (RUNTIME | HEAVY)
